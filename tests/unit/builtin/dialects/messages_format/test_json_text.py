"""JSON as others write it: nothing in an input of a tool changes on its way."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.dialects.messages_format.json_text import blocks_of, input_of, messages_of, read_json, write_json
from tests.fakes.json_bodies import VALUES, documents


def test_plain_json_is_read_as_it_is() -> None:
    assert read_json(b'{"a":[1,2.5,"x",null]}') == ({"a": [1, 2.5, "x", None]}, b'{"a":[1,2.5,"x",null]}')


def test_a_number_that_is_too_large_for_a_double_is_read_and_stays_in_the_text() -> None:
    assert read_json(b'{"a":1e400}') == ({"a": float("inf")}, b'{"a":1e400}')


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert read_json(rb'{"a":"x\ud83d","b":1e400}') == ({"a": "x\ufffd", "b": float("inf")}, rb'{"a":"x\ufffd","b":1e400}')


@pytest.mark.parametrize("text", [b"", b"{", b"nonsense", b'{"a":NaN}', b'{"b":1e400,"a":NaN}', b'"\xff"'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@given(st.data(), VALUES)
def test_everything_that_is_json_is_read(data: st.DataObject, value: Any) -> None:
    assert read_json(data.draw(documents(value)))[0] == value


def test_raw_text_is_written_as_it_is() -> None:
    assert write_json({"a": msgspec.Raw(b'{"n" : 1.10}')}) == b'{"a":{"n" : 1.10}}'


def test_half_a_surrogate_pair_can_be_written() -> None:
    assert json.loads(write_json({"a": "\ud83d", "b": msgspec.Raw(b"[1]")})) == {"a": "\ud83d", "b": [1]}


def test_messages_and_blocks_are_found_as_they_are_written() -> None:
    (message,) = messages_of(b'{"model":"m","messages":[ {"role":"user", "content":[1, {"type" : "text"}]} ]}')

    assert [bytes(each) for each in blocks_of(message)] == [b"1", b'{"type" : "text"}']


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ('{ "b": 1.10, "a": 1e400 }', '{ "b": 1.10, "a": 1e400 }'),
        ("12345678901234567890123456789", '{"value":12345678901234567890123456789}'),
        ("null", "{}"),
        ('"text"', '{"value":"text"}'),
        ('["a"]', '{"value":["a"]}'),
        (r'"{\"path\":\"a\"}"', '{"path":"a"}'),
        (r'"{no json"', r'{"value":"{no json"}'),
    ],
)
def test_edge_84_an_input_that_is_no_object_becomes_one(given_: str, expected: str) -> None:
    assert input_of(f'{{"type":"tool_use","input":{given_}}}'.encode()) == expected


def test_a_call_without_an_input_has_an_empty_one() -> None:
    assert input_of(b'{"type":"tool_use"}') == "{}"
