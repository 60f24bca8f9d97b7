"""The case ``reasoning``: thoughts are seen in the client's own place, and their seal comes back to the model that made it."""

from __future__ import annotations

from korproxy_conformance.cases.calling import called, calling
from korproxy_conformance.cases.samples import TOOLS
from korproxy_conformance.cases.step import Step
from korproxy_conformance.cell import Cell, in_order
from korproxy_conformance.names import CHAT, REASONING
from korproxy_conformance.wrong import Words, Wrong, same

THOUGHT = "Köln is far: 日本"
# What Google documents to be sent where a signature is lost: it says that the gateway lost one.
_STAND_INS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")


def seen(cell: Cell, streamed: bool) -> None:
    """Thoughts are told as thoughts, and apart from the text."""
    answer = cell.say(cell.user(f'{{{{mock: thinking="{THOUGHT}" text=Rain.}}}}'), streamed=streamed, thinks=True)
    same(answer.thoughts, THOUGHT, "the answer's reasoning")
    same(answer.text, "Rain.", "the answer's text")


def sealed(cell: Cell, streamed: bool) -> None:
    """The seal of a thought before a call comes back with the call's result; the mock refuses forged ones, as vendors do."""
    call = calling("get_weather", {"city": "Köln"})
    prompt = f'{{{{mock: thinking="{THOUGHT}" {call}}}}}{{{{then: thinking=so text=Done.}}}}'
    turns = cell.user(prompt)
    first = cell.say(turns, streamed=streamed, thinks=True, tools=TOOLS)
    same(first.thoughts, THOUGHT, "the answer's reasoning")
    called(first, cell, ("get_weather", {"city": "Köln"}))
    told = [*turns, *first.back, *cell.results(first.calls, ["rain"])]
    second = cell.say(told, streamed=streamed, thinks=True, tools=TOOLS)
    same(second.text, "Done.", "the second answer's text")
    same(second.thoughts, "so", "the second answer's reasoning")
    arrival = cell.arrival()
    expected = [("model", "call", "get_weather", {"city": "Köln"}), ("user", "result", 0, "rain")]
    in_order(arrival.spoken[1:], expected, "what the provider was told")
    if cell.provider != CHAT and len(arrival.seals) != 1:
        raise Wrong(Words("the seal of the thought"), list(arrival.seals), "the second request to the provider")
    for each in arrival.seals:
        if each in _STAND_INS:
            raise Wrong(Words("the seal itself"), each, "the second request to the provider")


STEPS = (
    Step(case=REASONING, name="thoughts are seen", play=seen),
    Step(case=REASONING, name="the seal comes back", play=sealed),
)
