"""Whole answers of providers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.answer_reader import read_answer
from tests.unit.builtin.dialects.responses_format.said import call, custom, message, reasoning, refusal, response


def answer(*items: dict[str, Any], status: str = "completed", **more: Any) -> chat.Answer:
    return read_answer(json.dumps(response(status, *items, **more)).encode())


def test_an_answer_is_read() -> None:
    usage = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 3}
    found = answer(reasoning("Hm", "So", encrypted_content="gA"), message("Hi"), call('{"a":1}'), custom("x"), usage=usage)

    assert found == chat.Answer(
        id="resp_1",
        model="m",
        parts=(
            chat.Reasoning(text="Hm\n\nSo", seal=chat.Seal(family="openai", data="gA")),
            chat.Text(text="Hi"),
            chat.ToolCall(id="call_1", name="read", arguments='{"a":1}'),
            chat.ToolCall(id="call_2", name="patch", arguments="x", freeform=True),
        ),
        ending=chat.Ending(reason="end"),
        usage=Usage(tokens_in=5, cache_read=4, tokens_out=3),
    )


def test_a_refusal_in_words_is_the_reason() -> None:
    found = answer(refusal("No."))

    assert (found.parts, found.ending) == ((chat.Refusal(text="No."),), chat.Ending(reason="refusal"))


@pytest.mark.parametrize(
    ("details", "ending"),
    [
        ({"reason": "max_output_tokens"}, chat.Ending(reason="length")),
        ({"reason": "content_filter"}, chat.Ending(reason="refusal", category="content_filter")),
        ({"reason": "max_messages"}, chat.Ending(reason="length")),
        (None, chat.Ending(reason="length")),
    ],
)
def test_an_incomplete_answer_says_why(details: Any, ending: chat.Ending) -> None:
    assert answer(message("Hi"), status="incomplete", incomplete_details=details).ending == ending


def test_edge_12_a_call_without_an_id_gets_the_same_one_every_time() -> None:
    found = answer(call(id="", call_id=""), message("x"), call(id="", call_id=""), call(call_id=""))

    assert [each.id for each in found.parts if isinstance(each, chat.ToolCall)] == ["call_resp_1_0", "call_resp_1_1", "fc_1"]


def test_a_response_that_failed_is_an_error() -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        answer(status="failed", error={"code": "server_error", "message": "Oh."})

    assert caught.value.error == chat.ProviderError(status=500, kind="server", message="Oh.", code="server_error")


def test_edge_77_a_response_that_failed_without_a_word_is_an_error_too() -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        answer(status="failed")

    assert (caught.value.error.status, caught.value.error.kind) == (502, "server")


def test_an_error_with_a_good_status_is_an_error() -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        read_answer(b'{"error":{"message":"No credit.","type":"insufficient_quota","code":"insufficient_quota"}}')

    assert (caught.value.error.kind, caught.value.error.message) == ("billing", "No credit.")


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
def test_an_answer_that_has_not_ended_is_no_answer(status: str) -> None:
    with pytest.raises(chat.Unreadable, match=status):
        answer(status=status)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"<html>", b"{}", b'{"output":{}}', b'{"choices":[]}', b"[" * 100_000])
def test_what_is_no_response_is_unreadable(body: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        read_answer(body)


def test_a_server_that_says_no_status_has_completed_its_answer() -> None:
    assert read_answer(b'{"output":[]}') == chat.Answer(ending=chat.Ending(reason="end"))


@pytest.mark.parametrize("arguments", ["7", "[1]", "no json", '{"a":', []])
def test_arguments_that_are_no_object_are_unreadable_as_in_a_stream(arguments: Any) -> None:
    with pytest.raises(chat.Unreadable, match="not a JSON object"):
        answer(call() | {"arguments": arguments})


def test_arguments_that_are_neither_text_nor_object_are_none() -> None:
    assert answer(call() | {"arguments": 7.5}).parts == (chat.ToolCall(id="call_1", name="read", arguments=""),)


def test_the_arguments_of_the_last_call_may_be_cut_off() -> None:
    found = answer(call("{}"), call('{"a":'), status="incomplete")

    assert [each.arguments for each in found.parts if isinstance(each, chat.ToolCall)] == ["{}", '{"a":']
    with pytest.raises(chat.Unreadable):
        answer(call('{"a":'), call("{}"), status="incomplete")
