from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.json_raw import raw_items, raw_json, raw_object, raw_text, texts_at
from tests.fakes.json_bodies import TEXTS

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]) | TEXTS, inner, max_size=3),
    max_leaves=12,
)


def texts_in(value: Any, *keys: str) -> list[str]:
    """Return the texts at *keys* in *value*, found the slow way."""
    if isinstance(value, list):
        return [text for each in value for text in texts_in(each, *keys)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, each in value.items():
        found += [each] if key in keys and isinstance(each, str) else texts_in(each, *keys)
    return found


@given(VALUES, st.booleans())
def test_every_text_at_a_key_is_found_and_nothing_inside_of_a_text(value: Any, spaced: bool) -> None:
    body = json.dumps(value, ensure_ascii=spaced, indent=1 if spaced else None).encode()

    assert list(texts_at(body, "a", "b")) == texts_in(value, "a", "b")


def test_a_text_that_holds_json_is_a_text() -> None:
    inside = json.dumps({"signature": "no", "x": '{"signature":"no"}'})

    assert list(texts_at(json.dumps({"text": inside, "signature": inside}).encode(), "signature")) == [inside]


def test_escapes_are_read() -> None:
    assert list(texts_at(rb'{"signature" : "a\/b\u00e9"}', "signature")) == ["a/bé"]


@pytest.mark.parametrize("text", [b"7", b"[", b'"x"', b"", b"[" * 100_000, b'{"a":'])
def test_what_is_something_else_holds_nothing(text: bytes) -> None:
    assert raw_object(text) == {}
    assert raw_items(text) == []
    assert raw_text(text) == ("x" if text == b'"x"' else "")


def test_what_is_handed_on_is_as_it_was_written() -> None:
    members = raw_object(b'{"n": 1.10, "list" : [1,  2]}')

    assert bytes(raw_json({**members, "x": "y"})) == b'{"n":1.10,"list":[1,  2],"x":"y"}'
    assert raw_items(members["list"]) == [msgspec.Raw(b"1"), msgspec.Raw(b"2")]


def test_half_a_character_keeps_nobody_from_looking() -> None:
    assert raw_text(raw_object(b'{"a":"\\ud83d", "b":"x"}')["b"]) == "x"
