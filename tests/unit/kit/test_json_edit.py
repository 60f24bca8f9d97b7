"""The walk over a body's top level: every value's own bytes at their place, whatever the client wrote around them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import BadRequest
from korproxy.kit.json_edit import LONGEST_NAME, MEMBERS, TopLevel, peek_model, read_top_level, replace_text
from tests.fakes.json_bodies import TEXTS, VALUES, bodies, objects


def raw(top: TopLevel, key: str) -> bytes:
    start, end = top.spans[key]
    return top.body[start:end]


def refusal(body: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        peek_model(body)
    return caught.value.code


@given(st.data(), st.dictionaries(TEXTS, VALUES, max_size=8))
def test_each_span_holds_the_bytes_of_its_value(data: st.DataObject, value: dict[str, Any]) -> None:
    top = read_top_level(data.draw(objects(list(value.items()))))

    assert {key: json.loads(raw(top, key)) for key in top.spans} == value
    assert list(top.spans) == list(value)


@pytest.mark.parametrize("ascii_only", [True, False])
@given(st.dictionaries(TEXTS, VALUES, max_size=8))
def test_without_space_between_them_the_places_are_the_same(ascii_only: bool, value: dict[str, Any]) -> None:
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only).encode("utf-8", "replace")
    top = read_top_level(compact)

    assert {key: json.loads(raw(top, key)) for key in top.spans} == json.loads(compact)


@given(st.data(), st.lists(st.tuples(TEXTS, VALUES), min_size=1, max_size=6), TEXTS, VALUES)
def test_a_key_that_is_there_twice_is_always_noticed(
    data: st.DataObject, members: list[tuple[str, Any]], key: str, value: Any
) -> None:
    twice = [(key, value), *members, (data.draw(st.sampled_from([key for key, _ in members] + [key])), value)]
    body = data.draw(objects(twice))

    assert refusal(body) == "KP-SYS-518"


@pytest.mark.code("KP-SYS-518")
@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"model":"a","model":"a"}', "model"),
        (b'{"model":"a","model":"b"}', "model"),
        (b'{"model":"a","x":1,"mod\\u0065l":"b"}', "model"),
        (b'{"x":[1,",\\"model\\":\\"m\\"}"],"model":"a","x":1}', "x"),
        (b'{"x":1,"model":"a","x":12}', "x"),
        (b'{"x":12,"model":"a","x":1}', "x"),
        (b'{"":1,"model":"m","":1}', ""),
        # The later value is as long as the two members before it, and ends as they do: only a comparison finds it out.
        (b'{"a":1,"model":"abcd","a":",,,,,,,,,,,,,,,,"}', "a"),
        (b'{"a":"1","b":22,"a":["x","b":22]}'.replace(b'["x","b":22]', b'["xxxxx",1]'), "a"),
    ],
)
def test_the_refusal_of_a_repeated_key_names_it(body: bytes, key: str) -> None:
    with pytest.raises(BadRequest) as caught:
        peek_model(body)

    assert caught.value.code == "KP-SYS-518"
    assert f"the key {key!r} twice" in caught.value.detail


def test_a_repeated_key_further_down_is_the_providers_affair() -> None:
    body = b'{"x":{"model":1,"model":2},"model":"m","y":[{"a":1,"a":2}]}'

    assert peek_model(body).model == "m"


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_body_is_called_empty(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_top_level(body)

    assert caught.value.code == "KP-SYS-509"
    assert str(caught.value) == "The body is empty, where a JSON object is wanted."


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"model"',
        b"{",
        b'{"model":"m"',
        b'{"model":"m",}',
        b'{"model":"m"}}',
        b'{"model":"m"} x',
        b'{"model":"m","x":01}',
        b'{"model":"m","x":NaN}',
        b'{"model":"m","x":"\n"}',
        b'{"model":"m","x":"\\x"}',
        b'{"model":"m","\xff":1}',
        b'\xef\xbb\xbf{"model":"m"}',
        b'{"model":"m","x":"\\ud800',
        b"<html>",
        b'{"model":"m","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        json.dumps({"model": "m", **{str(number): 1 for number in range(MEMBERS)}}).encode(),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(body) == "KP-SYS-509"


def test_the_refusal_repeats_nothing_of_the_body() -> None:
    with pytest.raises(BadRequest) as caught:
        peek_model(b'{"model":"m","secret prompt":oops}')

    assert "secret" not in caught.value.detail
    assert "byte" in caught.value.detail


@pytest.mark.code("KP-SYS-519")
@pytest.mark.parametrize(
    "body", [b"{}", b"{ }", b'{"model":""}', b'{"model":null}', b'{"model":["m"]}', b'{"Model":"m"}', b'{"x":{"model":"m"}}']
)
def test_a_body_without_a_model_is_refused(body: bytes) -> None:
    assert refusal(body) == "KP-SYS-519"


@given(bodies(model="gpt-5", stream=True))
def test_the_model_is_found_wherever_it_stands(body: tuple[bytes, dict[str, Any]]) -> None:
    text, meant = body
    peek = peek_model(text)

    assert peek.span is not None
    assert json.loads(text[slice(*peek.span)]) == peek.model == "gpt-5"
    assert peek.stream is True
    assert peek.tools is (isinstance(meant.get("tools"), list) and meant["tools"] != [])


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@given(st.dictionaries(TEXTS, VALUES, max_size=6), st.lists(st.sampled_from(["stream", "tools", "model"])), TEXTS, VALUES)
def test_a_compact_body_is_understood_like_any_other_one(
    separators: tuple[str, str], before: dict[str, Any], keys: list[str], model: str, value: Any
) -> None:
    meant = {**before, **dict.fromkeys(keys, value), "model": model or "m", "x": [], "tools": value}
    body = json.dumps(meant, separators=separators, ensure_ascii=False).encode("utf-8", "replace")

    assert peek_model(body) == read_top_level(body).peek()


@given(bodies(model="gpt-5"), TEXTS)
def test_a_new_model_changes_nothing_but_its_own_bytes(body: tuple[bytes, dict[str, Any]], model: str) -> None:
    text, meant = body
    span = peek_model(text).span
    assert span is not None
    changed = replace_text(text, span, model)

    assert changed[: span[0]] == text[: span[0]]
    assert changed.endswith(text[span[1] :])
    assert json.loads(changed) == {**meant, "model": model}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("[]", False), ("[ \t\r\n ]", False), ("[ 0 ]", True), ("[[]]", True), ("null", False), ('"[x]"', False), ("{}", False)],
)
def test_only_an_array_with_something_in_it_counts_as_tools(value: str, expected: bool) -> None:
    assert peek_model(f'{{"model":"m","tools":{value}}}'.encode()).tools is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("false", False), ("1", False), ('"true"', False), ("null", False), ("[true]", False)],
)
def test_only_true_asks_for_a_stream(value: str, expected: bool) -> None:
    assert peek_model(f'{{"stream": {value} ,"model":"m"}}'.encode()).stream is expected


@pytest.mark.parametrize(
    "value",
    [
        rb'"\ud83d"',  # a tool cut a text inside an emoji
        rb'"\ude00 \ud83d\ude00 \ud83d"',
        rb'"\ud83d\ud83d\ude00"',
        rb'"\\\ud83d \\ud83d\\ude00"',
        rb'"\uD83D\\"',
        b'"\xff\xfe"',
        b"123456789012345678901234567890.5e-7",
        b"-0",
        b"[" * 200 + b"]" * 200,
        b'{"\\ud800":{"a":"\\udfff","model":"x"}}',
    ],
    ids=repr,
)
def test_odd_values_pass_and_keep_their_place(value: bytes) -> None:
    body = b'{"a": ' + value + b' ,"model":"m", "b":' + value + b"}"
    top = read_top_level(body)

    assert (raw(top, "a"), raw(top, "model"), raw(top, "b")) == (value, b'"m"', value)


def test_a_text_that_is_longer_than_any_name_is_no_model() -> None:
    assert peek_model(b'{"model":"' + b"m" * LONGEST_NAME + b'"}').model == "m" * LONGEST_NAME
    with pytest.raises(BadRequest, match="`model` has 1001 characters") as caught:
        peek_model(b'{"model":"' + b"m" * (LONGEST_NAME + 1) + b'"}')

    assert caught.value.code == "KP-SYS-519"
    assert "mmm" not in str(caught.value)


def test_a_model_with_half_a_surrogate_pair_is_no_model() -> None:
    assert refusal(rb'{"model":"\ud800"}') == "KP-SYS-519"


def test_a_key_with_half_a_surrogate_pair_does_not_hide_the_model() -> None:
    assert peek_model(rb'{"\ud800":1,"model":"m"}').model == "m"


ESCAPES = [r"\ud83d", r"\ude00", r"\uDBFF", r"\udc00", r"\\", r"\"", r"\n", "ud800", "u", "x", " ", ":", ",", "{"]


@given(st.lists(st.sampled_from(ESCAPES), max_size=12).map("".join))
def test_whatever_escapes_stand_in_a_value_the_places_are_right(text: str) -> None:
    body = b'{"a":"' + text.encode() + b'","model":"m"}'
    top = read_top_level(body)

    assert {key: json.loads(raw(top, key)) for key in top.spans} == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello \n"} for _ in range(250_000)]}).encode(),
        b'{"model":"m","x":"' + b"x" * 10_000_000 + b'"}',
        b'{"model":"m","x":"' + rb"\n" * 5_000_000 + b'"}',
        b'{"model":"m","x":"' + rb"\\" * 5_000_000 + rb'\ud83d"}',
        b'{"model":"m","' + rb"\n" * 5_000_000 + b'":1}',
        b"{" + b" " * 5_000_000 + b'"model"' + b" " * 5_000_000 + b':"m"}',
    ],
    ids=["messages", "one string", "escapes", "backslashes", "a key", "space"],
)
def test_ten_megabytes_take_milliseconds(body: bytes) -> None:
    start = time.perf_counter()
    peek_model(body)

    assert time.perf_counter() - start < 0.5  # measured: 5 to 60 ms
