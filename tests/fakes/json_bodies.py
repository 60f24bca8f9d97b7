"""Hypothesis strategies for JSON bodies as no sane client writes them, and as some do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

SPACE = st.text(" \t\r\n", max_size=3).map(str.encode)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "model", "stream", "tools", "messages", '"', "\\", '","model":"x', "{", "}", "\u2028", "\U0001f600"]),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(min_value=-(10**40), max_value=10**40),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def strings(draw: st.DrawFn, text: str) -> bytes:
    """Return *text* as a JSON string, with or without escapes that are not needed."""
    how = draw(st.sampled_from(["plain", "ascii", "all"]))
    if how == "all":
        units = text.encode("utf-16-be", "surrogatepass")
        return b'"' + b"".join(b"\\u" + units[at : at + 2].hex().encode() for at in range(0, len(units), 2)) + b'"'
    return json.dumps(text, ensure_ascii=how == "ascii").encode("utf-8", "surrogatepass")


@st.composite
def documents(draw: st.DrawFn, value: Any) -> bytes:
    """Return *value* as JSON with space in every place where it may be, and escapes wherever they may be."""
    if isinstance(value, dict):
        return draw(objects(list(value.items())))
    if isinstance(value, list):
        return b"[" + b",".join(draw(_spaced(draw(documents(each)))) for each in value) + draw(SPACE) + b"]"
    if isinstance(value, str):
        return draw(strings(value))
    return json.dumps(value).encode()


@st.composite
def objects(draw: st.DrawFn, members: Sequence[tuple[str, Any]]) -> bytes:
    """Return a JSON object of *members* in their order; a key may be there twice."""
    written = [draw(_spaced(draw(strings(key)))) + b":" + draw(_spaced(draw(documents(value)))) for key, value in members]
    return b"{" + b",".join(written) + draw(SPACE) + b"}"


@st.composite
def bodies(draw: st.DrawFn, /, **members: Any) -> tuple[bytes, dict[str, Any]]:
    """Return an object with *members* among arbitrary others, in any order, and what it means."""
    others = draw(st.dictionaries(TEXTS.filter(lambda key: key not in members), VALUES, max_size=5))
    order = draw(st.permutations([*members.items(), *others.items()]))
    return draw(_spaced(draw(objects(order)))), dict(order)


@st.composite
def cuts(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """Return *whole* in pieces, cut anywhere."""
    at = sorted(draw(st.sets(st.integers(1, max(len(whole) - 1, 1)), max_size=8)))
    return [whole[start:end] for start, end in zip([0, *at], [*at, len(whole)], strict=True)]


@st.composite
def groups(draw: st.DrawFn, events: Iterable[bytes]) -> list[bytes]:
    """Return *events* joined into pieces, each of one or more whole ones."""
    pieces: list[bytes] = []
    for event in events:
        joined: bool = draw(st.booleans())
        if pieces and joined:
            pieces[-1] += event
        else:
            pieces.append(event)
    return pieces


@st.composite
def _spaced(draw: st.DrawFn, text: bytes) -> bytes:
    return draw(SPACE) + text + draw(SPACE)
