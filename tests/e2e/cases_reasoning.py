"""Cases in which the model thinks first: it is asked in its own way, its thoughts are seen, and only itself gets them back."""

from __future__ import annotations

from typing import Any

from tests.e2e.cases import case
from tests.e2e.cases_tools import TOOLS, lost_in_tools
from tests.e2e.cells import RESPONSES, Cell, crosses
from tests.e2e.programs import ROOM, Reply, Result
from tests.e2e.thinking import ASKED, asked, is_sealed, lost_of_claude, lost_of_gemini, lost_thought, lost_wish, marks

THOUGHT = "Köln is far: 日本"
CALLS = f"""{{{{mock: thinking="{THOUGHT}" tool=get_weather args='{{"city":"Köln"}}'}}}}"""
CITIES = ("Köln", "Paris", "日本")
OTHERS = {"claude": "claude-opus-5", "gemini": "gemini-2.5-flash"}  # that want to be asked in another way


def in_order(*lost: tuple[str, ...]) -> tuple[str, ...]:
    """Return all of *lost* as ``Reply.lost`` has them."""
    return tuple(sorted(each for group in lost for each in group))


async def check_thoughts(cell: Cell) -> None:
    """Thoughts are asked for in the model's way, and seen."""
    reply = await cell.say(cell.user(f'{{{{mock: thinking="{THOUGHT}" text=Rain.}}}}'), thinks=True, limit=ROOM)

    assert (reply.reasoning, reply.text, reply.stop) == (THOUGHT, "Rain.", "end")
    assert asked(cell, cell.arrival().body) == ASKED[cell.sdk, cell.model.upstream]
    assert reply.lost == lost_wish(cell)


@case("reasoning")
async def thoughts_are_asked_for_and_seen(cell: Cell) -> None:
    await check_thoughts(cell)


@case("reasoning", columns=tuple(OTHERS))
async def other_models_are_asked_in_their_own_way(cell: Cell) -> None:
    await check_thoughts(cell.with_model(OTHERS[cell.provider]))


async def call_and_answer(cell: Cell, first: Cell, *, bare: bool = False) -> tuple[Reply, Reply]:
    """Have a tool called after a thought by the model of *first*, and give the result to that of *cell*."""
    turns = cell.user(CALLS)
    call = await first.say(turns, tools=TOOLS, thinks=True, limit=ROOM)
    [wanted] = call.calls
    back = call.bare if bare else call.back
    results = cell.program.results([Result(call=wanted, text="rain")])
    told = await cell.say([*turns, *back, *results], tools=TOOLS, thinks=True, limit=ROOM)
    assert (call.reasoning, call.stop, wanted.arguments) == (THOUGHT, "tools", {"city": "Köln"})
    assert (told.text, told.stop) == ("The tool said: rain", "end")
    return call, told


async def check_round_trip(cell: Cell, *, bare: bool = False) -> None:
    """Whoever made a thought gets it back, with its mark where it had one."""
    first, second = await call_and_answer(cell, cell, bare=bare)

    lost = in_order(lost_in_tools(cell), lost_wish(cell))
    assert first.lost == lost
    assert second.lost == in_order(lost, () if bare else lost_thought(cell))
    # Messages and Responses have no place for Gemini's mark on a call: KorProxy remembers it.
    told = is_sealed(cell) and (cell.provider != "gemini" or cell.sdk in ("openai", "google"))
    assert any(marks(cell, first)) == told
    arrival = cell.arrivals()[1]
    thoughts = [each for each in arrival.story if each[1] == "thought"]
    assert len(arrival.seals) == is_sealed(cell)
    if cell.provider == "claude" or cell.form == RESPONSES:
        assert arrival.story[1:3] == [("model", "thought", THOUGHT), ("model", "call", "get_weather", {"city": "Köln"})]
    elif cell.crosses:  # only this one model of the others wants to see what it thought
        assert thoughts == ([("model", "thought", THOUGHT)] if cell.provider == "iflow" and not bare else [])
    if cell.provider == "claude":
        assert asked(cell, arrival.body) == ASKED[cell.sdk, cell.model.upstream]  # it goes on thinking


@case("reasoning")
async def thoughts_before_a_call_go_back(cell: Cell) -> None:
    await check_round_trip(cell)


@case("reasoning", columns=tuple(OTHERS))
async def thoughts_of_other_models_go_back(cell: Cell) -> None:
    await check_round_trip(cell.with_model(OTHERS[cell.provider]))


@case("reasoning", where=crosses)
async def thoughts_that_a_program_does_not_keep_go_back_all_the_same(cell: Cell) -> None:
    await check_round_trip(cell, bare=True)


@case("reasoning", columns=("claude",))
async def thoughts_whose_words_are_hidden_go_back(cell: Cell) -> None:
    hidden = """{{mock: thinking="" redacted="EmwKAhgBEgy3va3pzix/LafPsn4=" tool=get_weather args='{"city":"Köln"}'}}"""
    turns = cell.user(hidden)
    wishes: dict[str, Any] = {"tools": TOOLS, "thinks": True, "limit": ROOM}
    first = await cell.say(turns, **wishes)
    second = await cell.say([*turns, *first.back, *cell.program.results([Result(call=first.calls[0], text="rain")])], **wishes)

    assert (first.reasoning, second.text, second.lost) == ("", "The tool said: rain", ())
    thought, redacted, _ = cell.arrivals()[1].body["messages"][1]["content"]
    assert (thought["type"], thought["thinking"], bool(thought["signature"])) == ("thinking", "", True)
    assert redacted == {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/LafPsn4="}


@case("reasoning")
async def a_thought_before_each_of_three_calls(cell: Cell) -> None:
    script = [f"""thinking="{each}" tool=get_weather args='{{"city":"{each}"}}'""" for each in CITIES]
    prompt = f"{{{{mock: {script[0]}}}}}{{{{then: {script[1]}}}}}{{{{then: {script[2]}}}}}{{{{then: thinking=so text=Done.}}}}"
    turns = cell.user(prompt)
    wishes: dict[str, Any] = {"tools": TOOLS, "thinks": True, "limit": ROOM}
    replies = []
    for _ in CITIES:
        replies.append(await cell.say(turns, **wishes))
        turns = [*turns, *replies[-1].back, *cell.program.results([Result(call=replies[-1].calls[0], text="rain")])]
    last = await cell.say(turns, **wishes)

    assert [each.reasoning for each in [*replies, last]] == [*CITIES, "so"]
    assert (last.text, last.stop) == ("Done.", "end")
    arrival = cell.arrivals()[3]
    assert [each[3] for each in arrival.story if each[1] == "call"] == [{"city": each} for each in CITIES]
    assert len(set(arrival.seals)) == (3 if is_sealed(cell) else 0)
    if cell.provider == "claude":
        assert [each[2] for each in arrival.story if each[1] == "thought"] == list(CITIES)


@case("reasoning", where=crosses)
async def a_conversation_that_began_with_another_provider(cell: Cell) -> None:
    """Its marks are nothing to this one, and it is not told a thing that it would refuse."""
    other = "gemini" if cell.provider == "claude" else "claude"
    first = cell.at(other)
    _, second = await call_and_answer(cell, first)

    arrival = cell.read(cell.stage.mock.requests()[1])
    kept = [("model", "thought", THOUGHT)] if cell.provider == "iflow" else []
    assert arrival.story[1:] == [
        *kept,
        ("model", "call", "get_weather", {"city": "Köln"}),
        ("user", "result", 0, "rain"),
    ]
    foreign = lost_of_gemini(cell) if other == "gemini" else lost_of_claude(cell)
    assert second.lost == in_order(lost_in_tools(cell), lost_wish(cell), foreign)
    assert arrival.seals == (("skip_thought_signature_validator",) if cell.provider == "gemini" else ())


@case("reasoning", columns=("codex",), sdks=("anthropic", "responses", "google"))
async def a_conversation_that_began_with_another_account_of_the_same_vendor(cell: Cell) -> None:
    """OpenAI refuses what is sealed for another organisation, so it does not get it, even where bytes pass."""
    _, second = await call_and_answer(cell, cell.at("answers"))

    arrival = cell.read(cell.stage.mock.requests()[1])
    assert arrival.story[1:] == [("model", "call", "get_weather", {"city": "Köln"}), ("user", "result", 0, "rain")]
    assert (second.lost, arrival.seals) == (lost_of_claude(cell), ())  # all sealed thoughts stand in the same place
