"""What models write as arguments, as the object that providers want."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from tests.fakes.json_bodies import VALUES, documents
from tests.fakes.streams import OBJECTS, TEXTS

_DEEP = '{"a":' + "[" * 50_000 + "]" * 50_000 + "}"


def written(arguments: str, *, freeform: bool = False) -> str:
    """Return the object as a writer would embed it."""
    whole = msgspec.json.encode({"input": chat.as_object(arguments, freeform=freeform)}).decode()
    return whole.removeprefix('{"input":').removesuffix("}")


@pytest.mark.parametrize(
    "arguments",
    [
        "{}",
        '{"a": 1.10, "b": 1e400, "c": 12345678901234567890123}',
        '{"b":1,"a":2,"b":3}',
        ' {"path" : "a\\/b"}\n',
        '{"pair": "\\ud83d\\ude00 and \\\\ud83d"}',
        '{"emoji": "\U0001f600"}',
    ],
)
def test_an_object_stays_byte_for_byte(arguments: str) -> None:
    assert bytes(chat.as_object(arguments)).decode() == arguments


@pytest.mark.parametrize("arguments", ["", " ", "\n\t", "null", " null "])
def test_edge_11_no_arguments_are_an_empty_object(arguments: str) -> None:
    assert written(arguments) == "{}"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("[1, 2.50]", '{"value":[1, 2.50]}'),
        (' "text" ', '{"value":"text"}'),
        ("true", '{"value":true}'),
        ("1e400", '{"value":1e400}'),
    ],
)
def test_edge_84_json_that_is_no_object_is_a_value_in_one(arguments: str, expected: str) -> None:
    assert written(arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"path": "/etc/ho', '{"path": "/etc/ho"}'),
        ('{"a": {"b": [1, {"c": "d"', '{"a": {"b": [1, {"c": "d"}]}}'),
        ('{"brackets": "]}{[', '{"brackets": "]}{["}'),
        ('{"quote": "\\"', '{"quote": "\\""}'),
        ("{", "{}"),
    ],
)
def test_edge_26_an_object_that_was_cut_off_is_closed(arguments: str, expected: str) -> None:
    assert written(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        '{"a": 1,',
        '{"a": tru',
        '{"a": "\\',
        '{"a": "\\u12',
        '{"a" "b"}',
        "{'a': 1}",
        "not JSON",
        "]",
        "{]",
        '{"a": "line\nend"}',
        '{"a": NaN}',
        "{}{}",
        _DEEP,
    ],
)
def test_edge_26_what_cannot_be_repaired_is_kept_as_a_text(arguments: str) -> None:
    assert json.loads(written(arguments)) == {"_raw": arguments}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": "x\\ud83d"}', '{"a": "x\\ufffd"}'),
        ('{"a": "\\uDE00\\uD83D"}', '{"a": "\\ufffd\\ufffd"}'),
        ('{"a": "\\\\\\ud83d \\\\ud83d \\ud83d\\ude00"}', '{"a": "\\\\\\ufffd \\\\ud83d \\ud83d\\ude00"}'),
        ('{"a": "\\ud83d', '{"a": "\\ufffd"}'),
        ('"\\ud83d"', '{"value":"\\ufffd"}'),
    ],
)
def test_a_half_character_that_no_provider_takes_is_replaced(arguments: str, expected: str) -> None:
    assert written(arguments) == expected
    assert chat.is_object(arguments) == (arguments.startswith("{") and arguments.endswith("}"))


def test_a_half_character_in_what_is_no_json_does_no_harm() -> None:
    assert written("half: \ud83d") == '{"_raw":"half: ?"}'


@given(TEXTS)
def test_bare_text_is_the_input_of_a_freeform_tool(text: str) -> None:
    assert json.loads(written(text, freeform=True)) == {"input": text}


@given(OBJECTS | st.dictionaries(TEXTS, VALUES, max_size=3).flatmap(documents).map(bytes.decode))
def test_every_object_passes_verbatim(arguments: str) -> None:
    assert bytes(chat.as_object(arguments)).decode() == arguments


@given(st.one_of(TEXTS, OBJECTS, VALUES.map(json.dumps)), st.integers(0, 30), st.booleans())
def test_whatever_a_model_wrote_becomes_one_object(text: str, end: int, freeform: bool) -> None:
    assert isinstance(json.loads(written(text[:end], freeform=freeform)), dict)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{}", True), (' {"a": [1]} ', True), ("", False), ("[]", False), ("null", False), ('{"a":', False), ("{}x", False)],
)
def test_an_object_is_told_from_everything_else(text: str, expected: bool) -> None:
    assert chat.is_object(text) is expected
