"""Hypothesis strategies for conversations, whole answers and streams: as tools and providers make them, and a bit worse.

Every turn, part and tool has a pointer of its own, as a reader would give it.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from hypothesis import strategies as st

from korproxy.api import chat
from tests.fakes.streams import FULL_TEXTS, OBJECTS, SEALS, USAGES, pages, pieces

NAMES = st.sampled_from(
    [
        *("read", "list_files", "Read", "mcp__files__read", "mcp/server@x y", "mcp.server.x.y", "1st", "größe"),
        *("a_name_longer_than_any_provider_takes_" * 3 + end for end in ("read", "write")),
    ]
)
IDS = st.sampled_from(["call_1", "call_2", "toolu_01AB", "fs.readFile:0", "fs_readFile_0", "ü", "x" * 70, ""])
SCHEMAS = st.sampled_from(
    [
        None,
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"], "additionalProperties": False},
        {"type": "object", "properties": {"size": {"type": ["integer", "null"], "minimum": 1}, "tags": {"type": "array"}}},
    ]
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BLOBS = st.sampled_from(
    [chat.Blob(media_type="image/png", data=PIXEL), chat.Blob(url="https://example.com/a.png"), chat.Blob(file="file-1")]
)
PDFS = st.just(chat.Blob(media_type="application/pdf", data="JVBERi0xLjQK"))
_MARKS = st.none() | st.builds(chat.CacheMark, ttl=st.sampled_from([None, "5m", "1h"]))
_TEXT = st.builds(chat.Text, text=FULL_TEXTS, cache=_MARKS)
_SHOWN = st.one_of(
    _TEXT,
    st.builds(chat.Image, blob=BLOBS, detail=st.sampled_from([None, "high"])),
    st.builds(chat.Document, blob=PDFS, title=st.sampled_from([None, "a.pdf"])),
)
_REASONING = st.one_of(
    st.builds(chat.Reasoning, text=FULL_TEXTS, seal=st.none() | SEALS),
    st.builds(chat.Reasoning, seal=SEALS, redacted=st.booleans()),
)
_TOOLS = st.one_of(
    st.builds(chat.Tool, name=NAMES, description=st.none() | FULL_TEXTS, schema=SCHEMAS, strict=st.none() | st.booleans()),
    st.builds(chat.Tool, name=NAMES, freeform=st.just(True), grammar=st.none() | FULL_TEXTS),
    st.builds(chat.HostedTool, kind=st.just("web_search")),
)
_THINKING = st.builds(
    chat.Thinking,
    effort=st.none() | st.sampled_from(chat.EFFORTS),
    budget=st.none() | st.integers(0, 40_000),
    shown=st.none() | st.booleans(),
)
_OPTIONS = st.builds(
    chat.Options,
    max_tokens=st.none() | st.integers(1, 64_000),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(1, 100),
    stop=st.lists(FULL_TEXTS, max_size=2).map(tuple),
    seed=st.none() | st.integers(0, 2**40),
    presence_penalty=st.none() | st.floats(-2, 2),
    parallel=st.none() | st.booleans(),
    thinking=st.none() | _THINKING,
    verbosity=st.sampled_from([None, "low"]),
    user=st.none() | FULL_TEXTS,
    tier=st.sampled_from([None, "flex", "standard_only", "default"]),
    cache_key=st.none() | FULL_TEXTS,
    store=st.none() | st.booleans(),
    pointers=st.just({each.name: f"/{each.name}" for each in attrs.fields(chat.Options)} | {"effort": "/effort"}),
)
_CUT: Sequence[chat.Reason] = ("length", "refusal", "context")
_WITHOUT_CALLS: Sequence[chat.Reason] = ("end", "stop_sequence", "length", "refusal", "context", "pause")


@st.composite
def conversations(draw: st.DrawFn, *, tidy: bool = False) -> chat.Conversation:
    """Return a conversation with tools, parallel calls, pictures and sealed reasoning.

    *tidy*: ids that every format takes, each once, and every call answered in the next turn. Else as interrupted, merged and
    repaired histories are: results are missing, repeated, late, out of order or of no call, ids are odd and come back.
    """
    turns: list[chat.Turn] = draw(st.lists(st.builds(chat.Turn, role=st.just("system"), parts=_few(_TEXT)), max_size=2))
    for step in range(draw(st.integers(1, 4))):
        turns += draw(_tidy_step(step) if tidy else _odd_step())
    names = draw(st.lists(NAMES, max_size=2))
    choice = st.builds(chat.ToolChoice, mode=st.sampled_from(["auto", "none", "any"]), names=st.just(tuple(names)))
    return placed(
        chat.Conversation(
            turns=tuple(turns),
            tools=tuple(draw(st.lists(_TOOLS, max_size=4, unique_by=_tool_name))),
            choice=draw(st.none() | choice),
            options=draw(_OPTIONS),
        )
    )


@st.composite
def answers(draw: st.DrawFn) -> chat.Answer:
    """Return a whole answer that keeps the rules of ``chat.settle``."""
    parts: list[chat.Part] = draw(st.lists(_REASONING, max_size=2))
    parts += draw(st.lists(_TEXT.flatmap(_cited), max_size=2))
    parts += draw(st.lists(st.builds(chat.Image, blob=BLOBS), max_size=1))
    names = draw(st.lists(NAMES, max_size=3))
    calls = [draw(_calls(f"call_{at}", name)) for at, name in enumerate(names)]
    reason: chat.Reason = "tools" if calls else draw(st.sampled_from(_WITHOUT_CALLS))
    if reason == "refusal":
        parts.append(chat.Refusal(text=draw(FULL_TEXTS)))
    return chat.Answer(
        id=draw(st.sampled_from(["", "msg_1"])),
        model=draw(st.sampled_from(["", "m"])),
        parts=(*parts, *calls),
        ending=_ending(reason),
        usage=draw(USAGES),
    )


@st.composite
def good_streams(draw: st.DrawFn) -> list[chat.Event]:
    """Return the events of a whole answer that keeps every rule of ``chat.StreamGuard``; it may end inside its last call."""
    told: list[chat.Event] = [chat.Started(id=draw(st.sampled_from(["", "msg_1"])), model="m")]
    for _ in range(draw(st.integers(0, 3))):
        told += draw(_told_text())
    calls = [draw(_told_call(key)) for key in range(draw(st.integers(0, 3)))]
    told += draw(_interleaved(calls))
    usage = chat.UsageSeen(draw(USAGES))
    if draw(st.booleans()):
        key, reason = len(calls), draw(st.sampled_from(_CUT))
        begin: list[chat.Event] = [
            chat.CallStarted(key=key, id=f"call_{key}", name=draw(NAMES)),
            chat.CallDelta(key, '{"path": "/et'),
        ]
        return [*told, *begin, usage, chat.CallEnded(key), chat.Ended(_ending(reason))]
    return [*told, usage, chat.Ended(_ending("tools" if calls else draw(st.sampled_from(_WITHOUT_CALLS))))]


def placed(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* with a pointer at every turn, part and tool."""

    def turn(old: chat.Turn, at: str) -> chat.Turn:
        parts = tuple(attrs.evolve(each, at=f"{at}/content/{number}") for number, each in enumerate(old.parts))
        return attrs.evolve(old, parts=parts, at=at)

    choice = conversation.choice
    return attrs.evolve(
        conversation,
        turns=tuple(turn(each, f"/messages/{number}") for number, each in enumerate(conversation.turns)),
        tools=tuple(attrs.evolve(each, at=f"/tools/{number}") for number, each in enumerate(conversation.tools)),
        choice=None if choice is None else attrs.evolve(choice, at="/tool_choice"),
    )


def _few(parts: st.SearchStrategy[chat.Text]) -> st.SearchStrategy[tuple[chat.Part, ...]]:
    return st.lists(parts, min_size=1, max_size=2).map(tuple)


def _cited(text: chat.Text) -> st.SearchStrategy[chat.Text]:
    cited = st.lists(pages(len(text.text)), max_size=2)
    return cited.map(lambda each: attrs.evolve(text, citations=tuple(each)))


def _tool_name(tool: chat.Tool | chat.HostedTool) -> str:
    return tool.name if isinstance(tool, chat.Tool) else tool.kind


def _ending(reason: chat.Reason) -> chat.Ending:
    return chat.Ending(reason=reason, stop_sequence="END" if reason == "stop_sequence" else None)


def _calls(call_id: str, name: str) -> st.SearchStrategy[chat.ToolCall]:
    plain = st.builds(chat.ToolCall, id=st.just(call_id), name=st.just(name), arguments=OBJECTS, seal=st.none() | SEALS)
    bare = st.builds(chat.ToolCall, id=st.just(call_id), name=st.just(name), arguments=FULL_TEXTS, freeform=st.just(True))
    return plain | bare


def _results(call_id: str, name: str) -> st.SearchStrategy[chat.ToolResult]:
    parts = st.lists(_SHOWN, max_size=2).map(tuple)
    return st.builds(
        chat.ToolResult, call_id=st.just(call_id), name=st.just(name), parts=parts, error=st.booleans(), cache=_MARKS
    )


@st.composite
def _tidy_step(draw: st.DrawFn, step: int) -> list[chat.Turn]:
    names = draw(st.lists(NAMES, max_size=3))
    ids = [f"call_{step}_{at}" for at in range(len(names))]
    said: list[chat.Part] = [*draw(st.lists(_REASONING, max_size=1)), *draw(st.lists(_TEXT, max_size=1))]
    calls = [draw(_calls(*each)) for each in zip(ids, names, strict=True)]
    turns = [chat.Turn(role="user", parts=tuple(draw(st.lists(_SHOWN, min_size=1, max_size=2))))]
    if said or calls:
        turns.append(chat.Turn(role="assistant", parts=(*said, *calls)))
    if calls:
        turns.append(chat.Turn(role="user", parts=tuple(draw(_results(*each)) for each in zip(ids, names, strict=True))))
    return turns


@st.composite
def _odd_step(draw: st.DrawFn) -> list[chat.Turn]:
    """Return turns in any order; what stands in them may stand there."""
    calls = st.tuples(IDS, NAMES).flatmap(lambda each: _calls(*each))
    results = st.tuples(IDS, st.just("") | NAMES).flatmap(lambda each: _results(*each))
    users = st.lists(st.one_of(results, _SHOWN), max_size=3)
    refusals = st.builds(chat.Refusal, text=FULL_TEXTS)
    assistants = st.lists(st.one_of(calls, calls, _TEXT, _REASONING, refusals), max_size=3)
    turn = st.one_of(
        st.builds(chat.Turn, role=st.just("user"), parts=users.map(tuple)),
        st.builds(chat.Turn, role=st.just("assistant"), parts=assistants.map(tuple)),
        st.builds(chat.Turn, role=st.just("system"), parts=_few(_TEXT)),
    )
    return draw(st.lists(turn, max_size=4))


@st.composite
def _told_text(draw: st.DrawFn) -> list[chat.Event]:
    kind = draw(st.sampled_from(["text", "reasoning", "refusal", "picture", "usage"]))
    if kind == "picture":
        return [chat.PartAdded(chat.Image(blob=chat.Blob(media_type="image/png", data=PIXEL)))]
    if kind == "usage":
        return [chat.UsageSeen(draw(USAGES))]
    told = draw(pieces(draw(FULL_TEXTS)))
    if kind == "reasoning":
        return [*map(chat.ReasoningDelta, told), chat.ReasoningEnded(seal=draw(st.none() | SEALS))]
    if kind == "refusal":
        return [*map(chat.RefusalDelta, told)]
    cited = draw(st.lists(st.builds(chat.Cited, pages(sum(map(len, told)))), max_size=2))
    return [*map(chat.TextDelta, told), *cited, chat.TextEnded()]


@st.composite
def _told_call(draw: st.DrawFn, key: int) -> list[chat.Event]:
    call = draw(_calls(f"call_{key}", draw(NAMES)))
    begin = chat.CallStarted(key=key, id=call.id, name=call.name, freeform=call.freeform, seal=call.seal)
    return [begin, *(chat.CallDelta(key, each) for each in draw(pieces(call.arguments))), chat.CallEnded(key)]


@st.composite
def _interleaved(draw: st.DrawFn, calls: Sequence[Sequence[chat.Event]]) -> list[chat.Event]:
    """Return the events of *calls* mixed; each keeps its order, and they begin in turn."""
    waiting = [list(each) for each in calls]
    told: list[chat.Event] = []
    begun = 0
    for key in draw(st.permutations([key for key, each in enumerate(calls) for _ in each[1:]])):
        told += [waiting[each].pop(0) for each in range(begun, key + 1)]
        begun = max(begun, key + 1)
        told.append(waiting[key].pop(0))
    return told
