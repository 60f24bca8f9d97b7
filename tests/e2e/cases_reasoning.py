"""Cases in which the model thinks first: it is asked in its own way, its thoughts are seen, and only itself gets them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tests.e2e.cases import case
from tests.e2e.cases_tools import TOOLS, lost_in_tools
from tests.e2e.cells import MODELS, Cell, crosses
from tests.e2e.programs import BUDGET, ROOM, Reply, Result

THOUGHT = "Köln is far: 日本"
CALLS = f"""{{{{mock: thinking="{THOUGHT}" tool=get_weather args='{{"city":"Köln"}}'}}}}"""
CITIES = ("Köln", "Paris", "日本")
OTHERS = {"claude": "claude-opus-5", "gemini": "gemini-2.5-flash"}  # that want to be asked in another way

# What the OpenAI program asks as the effort "low", and the Anthropic one as a budget of 2048 tokens (of the model that takes
# none: as the effort "low"). Its format's own provider gets just that.
_NO_WORDS: Mapping[str, Any] = {}
ASKED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("openai", "claude-haiku-4-5"): {"thinking": {"type": "enabled", "budget_tokens": BUDGET}},
    ("openai", "claude-opus-5"): {
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "low"},
    },
    ("openai", "gpt-5.5"): {"reasoning_effort": "low"},
    ("openai", "gemini-3.5-flash"): {"thinkingLevel": "LOW", "includeThoughts": True},
    ("openai", "gemini-2.5-flash"): {"thinkingBudget": BUDGET, "includeThoughts": True},
    ("openai", "qwen3.8-flash"): {"reasoning_effort": "low"},
    ("openai", "glm-4.6"): {"reasoning_effort": "low"},
    ("anthropic", "claude-haiku-4-5"): {"thinking": {"type": "enabled", "budget_tokens": BUDGET}},
    ("anthropic", "claude-opus-5"): {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
    ("anthropic", "gpt-5.5"): {"reasoning_effort": "medium"},
    ("anthropic", "gemini-3.5-flash"): {"thinkingLevel": "MEDIUM", "includeThoughts": True},
    ("anthropic", "gemini-2.5-flash"): {"thinkingBudget": BUDGET, "includeThoughts": True},
    ("anthropic", "qwen3.8-flash"): {"enable_thinking": True, "thinking_budget": BUDGET},
    ("anthropic", "glm-4.6"): _NO_WORDS,  # nothing is known of how that server wants to be asked
}
_WORDS = {"thinking", "output_config", "reasoning_effort", "enable_thinking", "thinking_budget", "reasoning"}


def asked(cell: Cell, body: Any) -> Mapping[str, Any]:
    """Return what *body* says of thinking."""
    if cell.form == "gemini":
        return dict(body["generationConfig"].get("thinkingConfig", {}))
    return {name: value for name, value in body.items() if name in _WORDS}


def lost_wish(cell: Cell, *, tools: bool = False) -> tuple[str, ...]:
    """Return what is lost of the wish to think: glm-4.6 is told nothing, and gpt-5.5 does not think where it has tools."""
    if not cell.crosses or not (cell.provider == "iflow" or (tools and cell.provider == "codex")):
        return ()
    return ("/thinking", "/thinking/budget_tokens")


def in_order(*lost: tuple[str, ...]) -> tuple[str, ...]:
    """Return all of *lost* as ``Reply.lost`` has them."""
    return tuple(sorted(each for group in lost for each in group))


def lost_thought(cell: Cell) -> tuple[str, ...]:
    """Return what is lost of a thought that came back from *cell*'s own model: all of it, where nobody wants it."""
    if not cell.crosses or cell.provider in ("claude", "iflow"):
        return ()
    return ("/messages/1/reasoning_content",) if cell.sdk == "openai" else ("/messages/1/content/0",)


# What is lost of another vendor's thought and its marks. Claude Haiku goes on without thinking, as it misses its own.
FOREIGN: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("openai", "claude"): (
        "/messages/1/reasoning_content",
        "/messages/1/tool_calls/0/extra_content/google/thought_signature",
        "/reasoning_effort",
    ),
    ("openai", "gemini"): ("/messages/1/reasoning_details/0",),
    ("anthropic", "codex"): ("/messages/1/content/0",),
    ("anthropic", "gemini"): ("/messages/1/content/0",),
    ("anthropic", "qwen"): ("/messages/1/content/0",),
    ("anthropic", "iflow"): ("/messages/1/content/0/signature",),
}


async def check_thoughts(cell: Cell) -> None:
    """Thoughts are asked for in the model's way, and seen."""
    reply = await cell.say(cell.user(f'{{{{mock: thinking="{THOUGHT}" text=Rain.}}}}'), thinks=True, limit=ROOM)

    assert (reply.reasoning, reply.text, reply.stop) == (THOUGHT, "Rain.", "end")
    assert asked(cell, cell.arrival().body) == ASKED[cell.sdk, cell.model.upstream]
    assert reply.lost == lost_wish(cell)


@case("reasoning")
async def thoughts_are_asked_for_and_seen(cell: Cell) -> None:
    await check_thoughts(cell)


@case("reasoning", providers=tuple(OTHERS))
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


def check_marks(cell: Cell, reply: Reply) -> None:
    """The program was given the marks, for which each format has its own place, or none."""
    [turn] = reply.back
    if cell.sdk == "anthropic":
        signatures = [each["signature"] for each in turn["content"] if each["type"] == "thinking"]
        assert [bool(each) for each in signatures] == [cell.provider == "claude"]
    elif cell.provider == "claude":
        [detail] = turn["reasoning_details"]
        assert (detail["type"], detail["text"], bool(detail["signature"])) == ("reasoning.text", THOUGHT, True)
    elif cell.model.upstream == "gemini-3.5-flash":
        assert turn["tool_calls"][0]["extra_content"]["google"]["thought_signature"]


async def check_round_trip(cell: Cell, *, bare: bool = False) -> None:
    """Whoever made a thought gets it back, with its mark where it had one."""
    first, second = await call_and_answer(cell, cell, bare=bare)

    lost = in_order(lost_in_tools(cell), lost_wish(cell, tools=True))
    assert first.lost == lost
    assert second.lost == in_order(lost, () if bare else lost_thought(cell))
    check_marks(cell, first)
    arrival = cell.arrivals()[1]
    thoughts = [each for each in arrival.story if each[1] == "thought"]
    signed = cell.provider == "claude" or cell.model.upstream == "gemini-3.5-flash"
    assert len(arrival.seals) == (1 if signed else 0)
    if cell.provider == "claude":
        assert arrival.story[1:3] == [("model", "thought", THOUGHT), ("model", "call", "get_weather", {"city": "Köln"})]
        assert asked(cell, arrival.body) == ASKED[cell.sdk, cell.model.upstream]  # it goes on thinking
    elif cell.crosses:  # only this one model of the others wants to see what it thought
        assert thoughts == ([("model", "thought", THOUGHT)] if cell.provider == "iflow" and not bare else [])


@case("reasoning")
async def thoughts_before_a_call_go_back(cell: Cell) -> None:
    await check_round_trip(cell)


@case("reasoning", providers=tuple(OTHERS))
async def thoughts_of_other_models_go_back(cell: Cell) -> None:
    await check_round_trip(cell.with_model(OTHERS[cell.provider]))


@case("reasoning", where=crosses)
async def thoughts_that_a_program_does_not_keep_go_back_all_the_same(cell: Cell) -> None:
    await check_round_trip(cell, bare=True)


@case("reasoning", providers=("claude",))
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
    assert len(set(arrival.seals)) == (3 if cell.provider in ("claude", "gemini") else 0)
    if cell.provider == "claude":
        assert [each[2] for each in arrival.story if each[1] == "thought"] == list(CITIES)


@case("reasoning", where=crosses)
async def a_conversation_that_began_with_another_provider(cell: Cell) -> None:
    """Its marks are nothing to this one, and it is not told a thing that it would refuse."""
    other = "gemini" if cell.provider == "claude" else "claude"
    [model] = [each for each in MODELS if each.provider == other]
    first = attrs.evolve(cell, model=model)
    _, second = await call_and_answer(cell, first)

    arrival = cell.read(cell.stage.mock.requests()[1])
    kept = [("model", "thought", THOUGHT)] if cell.provider == "iflow" else []
    assert arrival.story[1:] == [
        *kept,
        ("model", "call", "get_weather", {"city": "Köln"}),
        ("user", "result", 0, "rain"),
    ]
    foreign = FOREIGN[cell.sdk, cell.provider]
    assert second.lost == in_order(lost_in_tools(cell), lost_wish(cell, tools=True), foreign)
    assert arrival.seals == (("skip_thought_signature_validator",) if cell.provider == "gemini" else ())
