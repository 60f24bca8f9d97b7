"""JSON as others write it: nothing in an input of a tool changes on its way."""

from __future__ import annotations

import pytest

from korproxy.builtin.dialects.messages_format.json_text import blocks_of, input_of, messages_of


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
