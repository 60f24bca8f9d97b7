from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway import content as module
from korproxy.gateway.content import Content
from korproxy.kit import json_raw


def content(**members: Any) -> Content:
    return Content(json.dumps(members).encode())


URL = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
BLOCK = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
TEXT = {"type": "text", "text": '{"type":"image"}'}


@pytest.mark.parametrize(
    "members",
    [
        {"messages": [{"role": "user", "content": [TEXT, URL]}]},
        {"messages": [{"role": "user", "content": "hello"}, {"role": "user", "content": [BLOCK]}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [BLOCK]}]}]},
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:"}]}]},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": "x"}]}]},
        {"contents": [{"parts": [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]}]},
        {"contents": {"parts": {"file_data": {"mime_type": "image/jpeg", "file_uri": "gs://x"}}}},
        {"contents": [{"parts": [{"functionResponse": {"parts": [{"inlineData": {"mimeType": "image/png"}}]}}]}]},
    ],
)
def test_images_are_found_where_the_formats_have_them(members: dict[str, Any]) -> None:
    assert content(**members).images is True


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"messages": "no list"},
        {"messages": [{"role": "user", "content": [TEXT]}], "tools": [URL, BLOCK]},
        {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"type": "image"}}]}]},
        {"input": "draw me an image"},
        {"contents": [{"parts": [{"inlineData": {"mimeType": "audio/wav"}}, {"functionCall": {"args": {"type": "image"}}}]}]},
        {"contents": [{"parts": [{"inlineData": 1}, {"inlineData": {"mimeType": 1}}]}]},
        {"messages": [{"type": ["image"]}, {"type": {"image": 1}}, {"type": None}]},
    ],
)
def test_what_only_looks_like_an_image_is_none(members: dict[str, Any]) -> None:
    assert content(**members).images is False


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, True),
        ({"reasoning": {"summary": "auto"}}, True),
        ({"reasoning": {"effort": "none", "summary": "auto"}}, False),
        ({"reasoning": {"effort": None}}, False),
        ({"reasoning": {"enabled": False, "max_tokens": 9}}, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, True),
        ({"thinking": {"type": "adaptive"}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": True}, True),
        ({"enable_thinking": True}, True),
        ({"enable_thinking": False}, False),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}}}, True),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, False),
        ({"generation_config": {"thinking_config": {"thinking_level": "low"}}}, True),
        ({"generation_config": {"thinking_config": {"thinking_budget": 0}}}, False),
        ({"generationConfig": {"temperature": 1}}, False),
        ({"generationConfig": 1}, False),
        ({"messages": [{"role": "user", "content": "reasoning"}]}, False),
    ],
)
def test_whether_thought_is_asked_for_is_found_in_the_words_of_each_format(members: dict[str, Any], expected: bool) -> None:
    assert content(**members).reasoning is expected


@pytest.mark.parametrize(("levels", "expected"), [(1, True), (6, True), (8, False), (400, False)])
def test_no_image_is_looked_for_deeper_than_any_format_has_one(levels: int, expected: bool) -> None:
    part = json.dumps(BLOCK)
    for _ in range(levels):
        part = f'{{"content":{part}}}'

    assert Content(f'{{"messages":{part}}}'.encode()).images is expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"messages":' + b"[" * 5000 + b"]" * 5000 + b"}", b"\xff"])
def test_a_body_that_cannot_be_read_holds_nothing(body: bytes) -> None:
    assert (Content(body).images, Content(body).reasoning) == (False, False)


KEYS = st.sampled_from(["messages", "content", "type", "thinking", "inlineData", "generationConfig"])
VALUES = st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_at_all_makes_it_fail(body: bytes) -> None:
    found = Content(body)
    assert (type(found.images), type(found.reasoning)) == (bool, bool)


def test_a_body_is_read_once_whatever_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def spied(body: bytes) -> Any:
        read.append(body)
        return original(body)

    original = json_raw.raw_object
    monkeypatch.setattr(module, "raw_object", spied)
    found = content(messages=[{"role": "user", "content": [BLOCK]}], thinking={"type": "adaptive"})

    assert read == []
    assert [found.images, found.reasoning, found.images, found.reasoning] == [True] * 4
    assert read == [found.body]


def test_a_long_conversation_that_nowhere_speaks_of_images_is_not_read_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(module, "decoded", lambda raw: read.append(bytes(raw)))
    found = content(messages=[{"role": "user", "content": [{"type": "text", "text": "hello"}]}] * 1000, input="hello")

    assert (found.images, read) == (False, [])


@pytest.mark.parametrize("kind", ['"\\u0069mage_url"', '"im\\u0061ge_url"', '"image\\u005furl"'])
def test_an_image_is_found_whatever_letters_of_its_type_are_escaped(kind: str) -> None:
    shown = f'[{{"role": "user", "content": [{{"type": {kind}}}]}}]'

    assert Content(f'{{"messages": {shown}}}'.encode()).images is True
