"""Cases in which tools are called."""

from __future__ import annotations

from typing import Any

from tests.e2e.cases import case
from tests.e2e.cells import CHAT, GEMINI, STREAMED, Cell, crosses, form_of
from tests.e2e.programs import Function, Reply, Result
from tests.e2e.samples import HARD_TEXT, PNG
from tests.e2e.story import picture


def _function(name: str, **parameters: str) -> Function:
    schema = {
        "type": "object",
        "properties": {each: {"type": kind} for each, kind in parameters.items()},
        "required": list(parameters),
        "additionalProperties": False,
    }
    return Function(name=name, description=f"Does what {name} says.", schema=schema)


WEATHER = _function("get_weather", city="string")
TIME = _function("get_time", zone="string")
NOW = _function("now")
CAMERA = _function("take_picture", place="string")
TOOLS = (WEATHER, TIME, NOW, CAMERA)
SKIPPED = "skip_thought_signature_validator"


def check_tools(cell: Cell, tools: Any) -> None:
    """The provider was offered ``TOOLS``, in their order and with their parameters."""
    assert list(tools) == [each.name for each in TOOLS]
    kinds = {name: (schema or {}).get("properties", {}) for name, schema in tools.items()}
    word = "STRING" if cell.form == GEMINI and cell.crosses else "string"
    assert kinds == {
        "get_weather": {"city": {"type": word}},
        "get_time": {"zone": {"type": word}},
        "now": {},
        "take_picture": {"place": {"type": word}},
    }


# What ``TOOLS`` say that Gemini has no place for: that arguments may have no more members; and strict, as it always is.
_UNSAID = {
    "openai": ("function/parameters/additionalProperties", "function/strict"),
    "responses": ("parameters/additionalProperties", "strict"),
    "anthropic": ("input_schema/additionalProperties",),
}


def lost_in_tools(cell: Cell) -> tuple[str, ...]:
    """Return what cannot be said of ``TOOLS``."""
    lost = _UNSAID[cell.sdk] if cell.form == GEMINI and cell.crosses else ()
    return tuple(f"/tools/{number}/{each}" for number in range(len(TOOLS)) for each in lost)


def check_seals(cell: Cell, seals: tuple[str, ...], turns: int) -> None:
    """Gemini's own marks came back to it, one for each of *turns* with calls; nobody else is sent any."""
    assert SKIPPED not in seals
    assert len(seals) == (turns if cell.provider == "gemini" else 0)


@case("tool round trip")
async def a_tool_is_called_and_its_result_comes_back(cell: Cell) -> None:
    turns = cell.user("What is the weather in Köln?")
    first = await cell.say(turns, tools=TOOLS)
    [call] = first.calls
    second = await cell.say([*turns, *first.back, *cell.program.results([Result(call=call, text="rain, 12 °C")])], tools=TOOLS)

    assert (first.text, first.stop, call.name, call.arguments) == ("", "tools", "get_weather", {"city": "Köln"})
    assert (second.text, second.stop, second.calls) == ("The tool said: rain, 12 °C", "end", ())
    assert (first.lost, second.lost) == (lost_in_tools(cell), lost_in_tools(cell))
    asked, told = cell.arrivals()
    check_tools(cell, asked.tools)
    assert (told.tools, asked.story) == (asked.tools, [("user", "text", "What is the weather in Köln?")])
    assert told.story == [
        *asked.story,
        ("model", "call", "get_weather", {"city": "Köln"}),
        ("user", "result", 0, "rain, 12 °C"),
    ]
    check_seals(cell, told.seals, 1)


def _may_forget(sdk: str, column: str) -> bool:
    return crosses(sdk, column) or column != "gemini"  # who speaks Gemini's format with it has to keep its marks


@case("tool round trip", where=_may_forget)
async def a_program_that_keeps_only_what_it_knows(cell: Cell) -> None:
    """What a program does not send back, KorProxy remembers where a provider wants it."""
    turns = cell.user("What is the weather in Köln?")
    first = await cell.say(turns, tools=TOOLS)
    results = cell.program.results([Result(call=first.calls[0], text="rain")])
    second = await cell.say([*turns, *first.bare, *results], tools=TOOLS)

    assert second.text == "The tool said: rain"
    check_seals(cell, cell.arrivals()[1].seals, 1)


@case("tool round trip", where=crosses)
async def a_name_that_the_provider_would_refuse(cell: Cell) -> None:
    """Each program uses a name that is good in its own format, or at servers of it, and gets that name back."""
    long = "mcp__a_server_with_a_long_name__" + "weather_" * 10
    name = {"anthropic": long, "google": "fs.read:weather"}.get(cell.sdk, "fs.read_weather")
    taken = cell.form == GEMINI and cell.sdk != "anthropic"  # it takes dots
    turns = cell.user("What is the weather in Köln? {{then: text=Done.}}")
    tools = [_function(name, city="string")]
    first = await cell.say(turns, tools=tools)
    [call] = first.calls
    last = await cell.say([*turns, *first.back, *cell.program.results([Result(call=call, text="rain")])], tools=tools)

    assert (call.name, call.arguments, last.text) == (name, {"city": "Köln"}, "Done.")
    asked, told = cell.arrivals()
    [sent] = asked.tools
    assert (sent == name, len(sent) <= (128 if cell.provider in ("claude", "gemini") else 64)) == (taken, True)
    assert told.story[1:] == [("model", "call", sent, {"city": "Köln"}), ("user", "result", 0, "rain")]


@case("tool round trip", where=crosses)
async def a_call_that_was_interrupted(cell: Cell) -> None:
    """Every vendor refuses a call without its result; so it gets one that says what happened."""
    turns = cell.user("What is the weather in Köln?")
    first = await cell.say(turns, tools=TOOLS)
    second = await cell.say([*turns, *first.back, *cell.user("Never mind.")], tools=TOOLS)

    story = cell.arrivals()[1].story
    assert (second.text, second.stop) == ("You said: Never mind.", "end")
    assert [each[:3] for each in story[1:]] == [
        ("model", "call", "get_weather"),
        ("user", "result", 0),
        ("user", "text", "Never mind."),
    ]
    assert "interrupted" in str(story[2][3])


@case("parallel tools")
async def calls_at_once_two_of_them_of_one_name(cell: Cell) -> None:
    prompt = (
        """{{mock: text="I look." tool=get_weather args='{"city":"Köln"}' tool=get_time args='{"zone":"CET"}'"""
        """ tool=get_weather args='{"city":"Paris \\"日本\\""}'}}"""
    )
    turns = cell.user(prompt)
    first = await cell.say(turns, tools=TOOLS)
    results = [Result(call=each, text=f"of {number}") for number, each in enumerate(first.calls)]
    second = await cell.say([*turns, *first.back, *cell.program.results(results)], tools=TOOLS)

    calls = [("get_weather", {"city": "Köln"}), ("get_time", {"zone": "CET"}), ("get_weather", {"city": 'Paris "日本"'})]
    assert ([(each.name, each.arguments) for each in first.calls], first.text, first.stop) == (calls, "I look.", "tools")
    assert len({each.id for each in first.calls}) == 3
    assert second.text == "The tool said: of 0; of 1; of 2"
    arrival = cell.arrivals()[1]
    assert arrival.story == [
        ("user", "text", prompt),
        ("model", "text", "I look."),
        *[("model", "call", *each) for each in calls],
        *[("user", "result", number, f"of {number}") for number in range(3)],
    ]
    check_seals(cell, arrival.seals, 1)


@case("parallel tools", where=crosses)
async def results_that_come_in_another_order(cell: Cell) -> None:
    prompt = """{{mock: tool=get_weather args='{"city":"Köln"}' tool=get_weather args='{"city":"Paris"}'}}"""
    turns = cell.user(prompt)
    first = await cell.say(turns, tools=TOOLS)
    results = [Result(call=first.calls[number], text=f"of {number}") for number in (1, 0)]
    second = await cell.say([*turns, *first.back, *cell.program.results(results)], tools=TOOLS)

    told = cell.arrivals()[1].story[-2:]
    in_order = [("user", "result", 0, "of 0"), ("user", "result", 1, "of 1")]
    assert sorted(told) == in_order
    if cell.form != CHAT:  # there each result is a message of its own, and any order will do
        assert (told, second.text) == (in_order, "The tool said: of 0; of 1")


@case("three rounds of tools")
async def three_rounds(cell: Cell) -> None:
    cities = ("Köln", "Paris", "日本")
    calls = [f"""tool=get_weather args='{{"city":"{each}"}}'""" for each in cities]
    prompt = f"{{{{mock: {calls[0]}}}}}{{{{then: {calls[1]}}}}}{{{{then: {calls[2]}}}}}{{{{then: text=Done.}}}}"
    turns = cell.user(prompt)
    replies: list[Reply] = []
    for each in cities:
        replies.append(await cell.say(turns, tools=TOOLS))
        turns = [*turns, *replies[-1].back, *cell.program.results([Result(call=replies[-1].calls[0], text=f"rain in {each}")])]
    last = await cell.say(turns, tools=TOOLS)

    assert [each.calls[0].arguments for each in replies] == [{"city": each} for each in cities]
    assert len({each.calls[0].id for each in replies}) == 3
    assert ([each.stop for each in replies], last.text, last.stop) == (["tools"] * 3, "Done.", "end")
    arrivals = cell.arrivals()
    story: list[tuple[object, ...]] = [("user", "text", prompt)]
    for number, city in enumerate(cities):
        story += [("model", "call", "get_weather", {"city": city}), ("user", "result", number, f"rain in {city}")]
    assert [each.story for each in arrivals] == [story[: 1 + 2 * number] for number in range(4)]
    check_seals(cell, arrivals[3].seals, 3)


@case("no-argument tool")
async def a_call_without_arguments_has_an_empty_object(cell: Cell) -> None:
    turns = cell.user("{{mock: tool=now}}")
    first = await cell.say(turns, tools=TOOLS)
    [call] = first.calls
    second = await cell.say([*turns, *first.back, *cell.program.results([Result(call=call, text="noon")])], tools=TOOLS)

    assert (call.name, call.arguments, first.stop, second.text) == ("now", {}, "tools", "The tool said: noon")
    assert cell.arrivals()[1].story[1:] == [("model", "call", "now", {}), ("user", "result", 0, "noon")]


def _takes_pictures_in_results(sdk: str, column: str) -> bool:
    return sdk != "openai" or form_of(sdk, column) != CHAT  # the messages of tools in Chat are text


@case("image in a tool result", where=_takes_pictures_in_results)
async def a_picture_in_a_result(cell: Cell) -> None:
    turns = cell.user("""{{mock: tool=take_picture args='{"place":"Köln"}'}}""")
    first = await cell.say(turns, tools=TOOLS)
    results = cell.program.results([Result(call=first.calls[0], text="Here it is.", picture=PNG)])
    second = await cell.say([*turns, *first.back, *results], tools=TOOLS)

    told = cell.arrivals()[1].story[2:]
    assert (picture(PNG).split()[1] in second.text, second.stop) == (True, "end")
    assert second.lost == lost_in_tools(cell)
    if cell.form == CHAT:  # in a message behind all results, and both say so
        result, label, shown = told
        assert (result[:3], str(result[3]).splitlines()[0]) == (("user", "result", 0), "Here it is.")
        assert (label[:2], first.calls[0].id in str(label[2])) == (("user", "text"), True)
        assert shown == ("user", "image", picture(PNG))
    else:
        assert told == [("user", "result", 0, "Here it is."), ("user", "result image", 0, picture(PNG))]


@case("image in a tool result", sdks=("openai",))
async def a_picture_that_is_shown_behind_the_result(cell: Cell) -> None:
    """How programs do it that keep to OpenAI's rules."""
    turns = cell.user("""{{mock: tool=take_picture args='{"place":"Köln"}'}}""")
    first = await cell.say(turns, tools=TOOLS)
    results = cell.program.results([Result(call=first.calls[0], text="Here it is.")])
    second = await cell.say([*turns, *first.back, *results, *cell.user("", PNG)], tools=TOOLS)

    assert (picture(PNG).split()[1] in second.text, second.stop) == (True, "end")
    assert cell.arrivals()[1].story[2:] == [("user", "result", 0, "Here it is."), ("user", "image", picture(PNG))]


@case("multi-byte splits", ways=(STREAMED,))
async def arguments_that_the_provider_splits(cell: Cell) -> None:
    prompt = f"""{{{{mock: split=every-byte tool=get_weather args='{{"city":"{HARD_TEXT}"}}'}}}}"""
    reply = await cell.say(cell.user(prompt), tools=TOOLS)

    assert [(each.name, each.arguments) for each in reply.calls] == [("get_weather", {"city": HARD_TEXT})]
    assert cell.arrival().story == [("user", "text", prompt)]
