"""Hypothesis strategies for streams of neutral events: good ones, and what a broken reader or provider might tell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
from hypothesis import strategies as st

from korproxy.api import Usage, chat

ODD = ["", " ", "\n", "\n\n", "\r\n", "data: [DONE]", "\u2028", "\x85", "\ufeff", "\U0001f600", "\\", '"', "}", "é", "\x00"]
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(ODD), st.lists(st.sampled_from(ODD), max_size=4).map("".join))
FULL_TEXTS = TEXTS.filter(bool)
NAMES = st.sampled_from(["read", "list_files", "Read", "mcp__files__read"])
IDS = st.sampled_from(["call_1", "toolu_01AB", "fs.readFile:0", "x" * 70, "ü", "call_2"])
SEALS = st.builds(
    chat.Seal, family=st.sampled_from(["anthropic", "google", "openai"]), data=st.sampled_from(["QUJD", "Eq+/=", "x"])
)
OWN_SEALS = st.just(chat.Seal(family="google", data="QUJD"))  # of a family whose mark every format can carry
_NUMBERS = st.sampled_from(["1.10", "-0", "1e400", "12345678901234567890123", "0.1", "7"])
_VALUES = st.one_of(TEXTS.map(json.dumps), _NUMBERS, st.sampled_from(["null", "true", "[]", "{}", '[1, {"a":"b"}]']))
_MEMBERS = st.lists(st.tuples(TEXTS.map(json.dumps), _VALUES), max_size=3)
OBJECTS = st.builds(  # JSON texts as models write them: numbers that no float holds, spaces, a key twice
    lambda members, space: "{" + f",{space}".join(f"{key}:{space}{value}" for key, value in members) + "}",
    _MEMBERS,
    st.sampled_from(["", " "]),
)
REASONS: Sequence[chat.Reason] = ("end", "stop_sequence", "length", "tools", "refusal", "context", "pause")
ENDINGS = st.builds(
    chat.Ending,
    reason=st.sampled_from(REASONS),
    stop_sequence=st.none() | st.sampled_from(["END"]),
    explanation=st.none() | FULL_TEXTS,
    category=st.none() | st.sampled_from(["cyber", "SAFETY"]),
)
_COUNTS = st.none() | st.integers(0, 10**6)
USAGES = st.builds(Usage, tokens_in=_COUNTS, cache_read=_COUNTS, cache_write=_COUNTS, tokens_out=_COUNTS, reasoning=st.none())
_KINDS: Sequence[chat.ErrorKind] = (
    *("invalid", "authentication", "billing", "permission", "not_found"),
    *("too_large", "rate_limit", "overloaded", "server", "timeout"),
)
ERRORS = st.builds(
    chat.ProviderError,
    status=st.sampled_from([200, 400, 429, 500, 529]),
    kind=st.sampled_from(_KINDS),
    message=TEXTS,
    type=st.sampled_from(["", "overloaded_error", "RESOURCE_EXHAUSTED"]),
    code=st.none() | st.sampled_from(["rate_limit_exceeded", "429"]),
    retry_after=st.none() | st.floats(0, 100),
)
STARTS = st.builds(chat.Started, id=st.sampled_from(["", "msg_1", "chatcmpl-1"]), model=st.sampled_from(["", "provider-model"]))
PAGES = st.builds(
    chat.Citation,
    url=st.sampled_from(["https://a.example/", "https://b.example/ü?q=1&r=2"]),
    title=st.sampled_from(["", "A page", "Ärzte\u2028"]),
    quote=st.sampled_from(["", "as it says"]),
    start=st.none() | st.integers(-1, 12),
    end=st.none() | st.integers(-1, 12),
)
PICTURES = st.just(chat.Image(blob=chat.Blob(media_type="image/png", data="iVBORw0KGgo=")))
_KEYS = st.integers(0, 2)
ANYTHING: st.SearchStrategy[chat.Event] = st.one_of(
    STARTS,
    st.builds(chat.TextDelta, TEXTS),
    st.builds(chat.TextEnded),
    st.builds(chat.Cited, PAGES),
    st.builds(chat.ReasoningDelta, TEXTS),
    st.builds(chat.ReasoningEnded, seal=st.none() | SEALS, redacted=st.booleans()),
    st.builds(chat.RefusalDelta, TEXTS),
    st.builds(chat.CallStarted, key=_KEYS, id=IDS, name=NAMES, freeform=st.booleans(), seal=st.none() | SEALS),
    st.builds(chat.CallDelta, _KEYS, st.one_of(OBJECTS, TEXTS, st.sampled_from(['{"a":', '"b"}', "1}", "{"]))),
    st.builds(chat.CallEnded, _KEYS),
    st.builds(chat.PartAdded, PICTURES),
    st.builds(chat.UsageSeen, USAGES),
    st.builds(chat.Ended, ENDINGS),
    st.builds(chat.Failed, ERRORS),
)
ANY_EVENTS = st.lists(ANYTHING, max_size=12)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """Return *text* in pieces, none of them empty."""
    at = sorted(draw(st.sets(st.integers(1, max(len(text) - 1, 1)), max_size=3)))
    found = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    return [each for each in found if each]


@st.composite
def good_streams(draw: st.DrawFn, *, plain: bool = False) -> list[chat.Event]:
    """Return the events of a whole good answer, its calls interleaved; *plain*: only what every format has words for."""
    told: list[chat.Event] = []
    calls: list[list[chat.Event]] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["text", "reasoning", "calls", *(() if plain else ("refusal", "usage"))]))
        if kind == "calls":
            group = [draw(_call(len(calls) + n, plain=plain)) for n in range(draw(st.integers(1, 3)))]
            calls += group
            told += draw(_interleaved(group))
        else:
            told += draw(_said(kind, plain=plain))
    usage = chat.UsageSeen(draw(USAGES))
    reason: chat.Reason = "tools" if calls else "end"
    ending = chat.Ending(reason=draw(st.sampled_from([reason, reason, "length"]))) if plain else draw(ENDINGS)
    return [draw(STARTS), *told, usage, chat.Ended(ending)]


@st.composite
def _said(draw: st.DrawFn, kind: str, *, plain: bool) -> list[chat.Event]:
    if kind == "usage":
        return [chat.UsageSeen(draw(USAGES))]
    parts = draw(pieces(draw(FULL_TEXTS)))
    if kind == "reasoning":
        return [*map(chat.ReasoningDelta, parts), chat.ReasoningEnded(seal=draw(st.none() | (OWN_SEALS if plain else SEALS)))]
    if kind == "refusal":
        return [*map(chat.RefusalDelta, parts)]
    cited = [] if plain else draw(st.lists(st.builds(chat.Cited, pages(sum(map(len, parts)))), max_size=2))
    return [*map(chat.TextDelta, parts), *cited, chat.TextEnded()]


@st.composite
def pages(draw: st.DrawFn, length: int) -> chat.Citation:
    """Return a citation of a text of *length* characters."""
    start = draw(st.none() | st.integers(0, length))
    end = None if start is None else draw(st.integers(start, length))
    return attrs.evolve(draw(PAGES), start=start, end=end)


@st.composite
def _call(draw: st.DrawFn, key: int, *, plain: bool) -> list[chat.Event]:
    call_id = f"call_{key}" if plain else draw(IDS)
    freeform = not plain and draw(st.integers(0, 5)) == 0
    arguments = draw(TEXTS if freeform else OBJECTS)
    mark = draw(st.none() | OWN_SEALS)
    started = chat.CallStarted(key=key, id=call_id, name=draw(NAMES), freeform=freeform, seal=mark)
    return [started, *(chat.CallDelta(key, each) for each in draw(pieces(arguments))), chat.CallEnded(key)]


@st.composite
def _interleaved(draw: st.DrawFn, calls: list[list[chat.Event]]) -> list[chat.Event]:
    """Return the events of *calls* in any order that keeps each call's own, and in which the calls begin in turn."""
    told: list[chat.Event] = []
    waiting: list[list[Any]] = [list(each) for each in calls]
    begun = 0
    while any(waiting):
        ready = [number for number, each in enumerate(waiting[: begun + 1]) if each]
        number = draw(st.sampled_from(ready))
        begun += number == begun
        told.append(waiting[number].pop(0))
    return told
