"""The cases ``tools`` and ``parallel``: calls come as they were made, results go back where they belong."""

from __future__ import annotations

import json
import shlex

from korproxy_conformance.arrivals.story import Happening
from korproxy_conformance.cases.samples import STORED, TOOLS
from korproxy_conformance.cases.step import STREAMED, Step
from korproxy_conformance.cell import Cell, in_order
from korproxy_conformance.names import CHAT, GEMINI, MESSAGES, PARALLEL, RESPONSES
from korproxy_conformance.names import TOOLS as TOOLS_CASE
from korproxy_conformance.said import Answer
from korproxy_conformance.wrong import Words, Wrong, same

_ENDS = {CHAT: "tool_calls", RESPONSES: "completed", MESSAGES: "tool_use", GEMINI: "STOP"}
_CALLS = (("get_weather", {"city": "Köln"}), ("get_time", {"zone": "CET"}), ("get_weather", {"city": 'Paris "日本"'}))


def calling(name: str, arguments: object) -> str:
    """Return the directives that make the mock call a tool."""
    return f"tool={name} args={shlex.quote(json.dumps(arguments, ensure_ascii=False))}"


def called(answer: Answer, cell: Cell, *expected: tuple[str, object]) -> None:
    """Check that the answer calls just these."""
    in_order([(each.name, each.arguments) for each in answer.calls], expected, "the answer's calls")
    same(answer.finish, _ENDS[cell.client.name], "the answer's finish reason")


def round_trip(cell: Cell, streamed: bool) -> None:
    """A tool is called with exact arguments, its result goes back in a paired history, and the answer comes."""
    prompt = f"{{{{mock: {calling('store', STORED)} split=7}}}}{{{{then: text=Stored.}}}}"
    turns = cell.user(prompt)
    first = cell.say(turns, streamed=streamed, tools=TOOLS)
    called(first, cell, ("store", STORED))
    same(first.text, "", "the answer's text")
    told = [*turns, *first.back, *cell.results(first.calls, ["rain, 12 °C"])]
    second = cell.say(told, streamed=streamed, tools=TOOLS)
    same(second.text, "Stored.", "the second answer's text")
    same(second.calls, (), "the second answer's calls")
    arrival = cell.arrival()
    expected: list[Happening] = [
        ("user", "text", prompt),
        ("model", "call", "store", STORED),
        ("user", "result", 0, "rain, 12 °C"),
    ]
    in_order(arrival.spoken, expected, "what the provider was told")
    same(list(arrival.tools), [each.name for each in TOOLS], "the tools that the provider was offered")


def result_is_heard(cell: Cell, streamed: bool) -> None:
    """What the tool said reaches the model, with text before the call."""
    prompt = f"{{{{mock: text='I look.' {calling('get_weather', {'city': 'Köln'})}}}}}"
    turns = cell.user(prompt)
    first = cell.say(turns, streamed=streamed, tools=TOOLS)
    called(first, cell, ("get_weather", {"city": "Köln"}))
    same(first.text, "I look.", "the answer's text")
    second = cell.say([*turns, *first.back, *cell.results(first.calls, ["größer\n日本"])], streamed=streamed, tools=TOOLS)
    same(second.text, "The tool said: größer\n日本", "the second answer's text")


def no_arguments(cell: Cell, streamed: bool) -> None:
    """A tool without arguments is called with an empty object."""
    turns = cell.user("{{mock: tool=now}}{{then: text=Noon.}}")
    first = cell.say(turns, streamed=streamed, tools=TOOLS)
    called(first, cell, ("now", {}))
    second = cell.say([*turns, *first.back, *cell.results(first.calls, ["12:00"])], streamed=streamed, tools=TOOLS)
    same(second.text, "Noon.", "the second answer's text")
    in_order(cell.arrival().spoken[1:], [("model", "call", "now", {}), ("user", "result", 0, "12:00")], "what came back")


def at_once(cell: Cell, streamed: bool) -> None:
    """Calls at once, two of one tool, have ids of their own; all results go back, in the order of the calls."""
    prompt = f"{{{{mock: text='I look.' {' '.join(calling(*each) for each in _CALLS)}}}}}"
    turns = cell.user(prompt)
    first = cell.say(turns, streamed=streamed, tools=TOOLS)
    called(first, cell, *_CALLS)
    same(first.text, "I look.", "the answer's text")
    _distinct(first)
    texts = [f"of {number}" for number in range(3)]
    second = cell.say([*turns, *first.back, *cell.results(first.calls, texts)], streamed=streamed, tools=TOOLS)
    same(second.text, "The tool said: of 0; of 1; of 2", "the second answer's text")
    expected: list[Happening] = [
        ("user", "text", prompt),
        ("model", "text", "I look."),
        *(("model", "call", *each) for each in _CALLS),
        *(("user", "result", number, text) for number, text in enumerate(texts)),
    ]
    in_order(cell.arrival().spoken, expected, "what the provider was told")


def _distinct(answer: Answer) -> None:
    ids = [each.id for each in answer.calls if each.id]
    if len(set(ids)) < len(ids):
        raise Wrong(Words("an id of its own for each call"), ids, "the answer's calls")


def three_rounds(cell: Cell, streamed: bool) -> None:
    """Round after round, the history stays paired and ids never repeat."""
    cities = ("Köln", "Paris", "日本")
    script = [calling("get_weather", {"city": each}) for each in cities]
    turns = cell.user(f"{{{{mock: {script[0]}}}}}{{{{then: {script[1]}}}}}{{{{then: {script[2]}}}}}{{{{then: text=Done.}}}}")
    ids: list[str] = []
    for city in cities:
        answer = cell.say(turns, streamed=streamed, tools=TOOLS)
        called(answer, cell, ("get_weather", {"city": city}))
        ids += [each.id for each in answer.calls if each.id]
        turns = [*turns, *answer.back, *cell.results(answer.calls, [f"rain in {city}"])]
    same(cell.say(turns, streamed=streamed, tools=TOOLS).text, "Done.", "the last answer's text")
    if len(set(ids)) < len(ids):
        raise Wrong(Words("an id of its own for each call of a conversation"), ids, "the answers' calls")
    told = cell.arrival().spoken[1:]
    expected = [
        happening
        for number, city in enumerate(cities)
        for happening in (
            ("model", "call", "get_weather", {"city": city}),
            ("user", "result", number, f"rain in {city}"),
        )
    ]
    in_order(told, expected, "what the provider was told")


def one_in_another(cell: Cell, streamed: bool) -> None:
    """Where a format lets a provider send two calls in turn, fragment by fragment, each gets its own fragments."""
    prompt = f"{{{{mock: {' '.join(calling(*each) for each in _CALLS[:2])} quirk=interleaved split=every-byte}}}}"
    answer = cell.say(cell.user(prompt), streamed=streamed, tools=TOOLS)
    called(answer, cell, *_CALLS[:2])
    _distinct(answer)


STEPS = (
    Step(case=TOOLS_CASE, name="call, result, answer", play=round_trip),
    Step(case=TOOLS_CASE, name="what the tool said", play=result_is_heard),
    Step(case=TOOLS_CASE, name="no arguments", play=no_arguments),
    Step(case=TOOLS_CASE, name="three rounds", play=three_rounds),
    Step(case=PARALLEL, name="three calls, three results", play=at_once),
    Step(case=PARALLEL, name="fragments of two calls in turn", play=one_in_another, streamed=STREAMED),
)
