"""Responses, read as far as anybody needs them."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.chunks import Chunk, Part, read_chunks

SNAKE = (
    b'{"candidates":[{"finish_reason":"STOP","finish_message":"m","content":{"parts":[{"text":"a","thought_signature":"s"},'
    b'{"function_call":{"name":"f","args":{}}},{"inline_data":{"data":"x"}},{"file_data":{}},{"executable_code":{"code":"c"}},'
    b'{"code_execution_result":{"output":"o"}}]}}],"usage_metadata":{"a":1},"prompt_feedback":{"b":1},"model_version":"v",'
    b'"response_id":"i"}'
)


def only(text: bytes) -> Chunk:
    (chunk,) = read_chunks(text)
    return chunk


def parts(text: bytes) -> list[Part]:
    candidate = only(text).candidate
    assert candidate is not None
    assert candidate.content is not None
    return candidate.content.parts or []


def test_edge_47_the_names_of_proto3_are_read_too() -> None:
    chunk, candidate = only(SNAKE), only(SNAKE).candidate

    assert (chunk.usage, chunk.feedback, chunk.model, chunk.id) == ({"a": 1}, {"b": 1}, "v", "i")
    assert candidate is not None
    assert (candidate.reason, candidate.message) == ("STOP", "m")
    text, called, inline, _, code, outcome = parts(SNAKE)
    assert (text.text, text.signature, inline.inline) == ("a", "s", {"data": "x"})
    assert called.call is not None
    assert (called.call.name, code.code, outcome.outcome) == ("f", {"code": "c"}, {"output": "o"})


@pytest.mark.parametrize("args", [b'{"b": 1.10, "a":[1e400]}', b'{"n":12345678901234567890123}', b"{ }", b'"text"', b"null"])
def test_arguments_stay_as_they_are_written(args: bytes) -> None:
    (part,) = parts(b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":' + args + b"}}]}}]}")

    assert part.call is not None
    assert bytes(part.call.args) == args


def test_fields_that_nobody_needs_are_passed_over() -> None:
    assert only(b'{"candidates":[{"safetyRatings":[1e400]}],"groundingMetadata":{"x":[null]}}').candidate is not None


def test_a_list_of_responses_is_read_one_by_one() -> None:
    assert [each.id for each in read_chunks(b' [{"responseId":"a"}\r\n,{"responseId":"b"}]')] == ["a", "b"]
    assert read_chunks(b"[]") == []


def test_only_the_first_candidate_counts() -> None:
    second = b'{"candidates":[{"index":1,"finishReason":"SAFETY"},{"index":0,"finishReason":"STOP"}]}'
    candidate = only(second).candidate

    assert candidate is not None
    assert candidate.reason == "STOP"
    assert only(b"{}").candidate is None


def test_half_a_character_is_replaced() -> None:
    assert parts(rb'{"candidates":[{"content":{"parts":[{"text":"\ud83d"}]}}]}')[0].text == "\ufffd"


@pytest.mark.parametrize("text", [b"", b"<html>", b'{"candidates":7}', b"[7]", b'"x"', b'{"error":"\xff"}', b"[" * 100_000])
def test_anything_else_is_unreadable(text: bytes) -> None:
    with pytest.raises(chat.Unreadable, match="Gemini"):
        read_chunks(text)
