"""Whole answers of providers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.messages_format.answer_reader import read_answer


def answer(*content: Any, **more: Any) -> chat.Answer:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
    return read_answer(json.dumps({**message, "content": list(content), **more}).encode())


def test_an_answer_is_read() -> None:
    found = answer(
        {"type": "thinking", "thinking": "Hm.", "signature": "EqM="},
        {"type": "redacted_thinking", "data": "Em=="},
        {"type": "text", "text": "Reading.", "citations": [{"type": "char_location"}]},
        {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "a"}},
        stop_reason="tool_use",
        usage={"input_tokens": 56, "cache_read_input_tokens": 64, "cache_creation_input_tokens": 0, "output_tokens": 40},
    )

    assert found == chat.Answer(
        id="msg_1",
        model="m",
        parts=(
            chat.Reasoning(text="Hm.", seal=chat.Seal(family="anthropic", data="EqM=")),
            chat.Reasoning(seal=chat.Seal(family="anthropic", data="Em=="), redacted=True),
            chat.Text(text="Reading."),
            chat.ToolCall(id="toolu_1", name="Read", arguments='{"path": "a"}'),
        ),
        ending=chat.Ending(reason="tools"),
        usage=Usage(tokens_in=56, cache_read=64, cache_write=0, tokens_out=40),
    )


def test_edge_23_inputs_come_as_they_are_written() -> None:
    written = '{"text": "say \\"hi\\"", "n" : 1.10, "big": 1e400}'
    body = '{"content":[{"type":"text","text":"x"},{"type":"tool_use","id":"t","name":"n","input":' + written + "}]}"

    assert read_answer(body.encode()).parts[1] == chat.ToolCall(id="t", name="n", arguments=written)


def test_edge_11_a_call_without_arguments_has_an_empty_object() -> None:
    assert answer({"type": "tool_use", "id": "t", "name": "n", "input": {}}).parts == (chat.ToolCall(id="t", name="n"),)


def test_edge_12_a_call_without_an_id_gets_the_same_one_every_time() -> None:
    calls: list[dict[str, Any]] = [{"type": "tool_use", "id": id_, "name": "n", "input": {}} for id_ in ("", None, "t")]

    assert [each.id for each in answer(*calls).parts if isinstance(each, chat.ToolCall)] == [
        "toolu_msg_1_0",
        "toolu_msg_1_1",
        "t",
    ]


def test_a_call_without_a_name_is_unreadable() -> None:
    with pytest.raises(chat.Unreadable):
        answer({"type": "tool_use", "id": "t", "input": {}})


def test_edge_88_a_refusal_without_content_says_why() -> None:
    found = answer(stop_reason="refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "No."})

    assert (found.parts, found.ending) == ((), chat.Ending(reason="refusal", category="bio", explanation="No."))


def test_edge_90_a_pause_is_told() -> None:
    assert answer({"type": "text", "text": "a"}, stop_reason="pause_turn").ending == chat.Ending(reason="pause")


def test_what_says_nothing_to_others_is_passed_over() -> None:
    found = answer(
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "text", "text": ""},
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "redacted_thinking"},
        {"type": "something_new"},
        "words",
        {"type": "text", "text": "a"},
    )

    assert found.parts == (chat.Text(text="a"),)


def test_members_of_other_types_are_absent() -> None:
    found = answer({"type": "tool_use", "id": 5, "name": "n", "input": None}, id=7, model=None, usage="much")

    assert (found.id, found.model, found.usage) == ("", "", Usage())
    assert found.parts == (chat.ToolCall(id="toolu_x_0", name="n"),)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"{}", b'{"choices":[]}', b'{"content":"x"}', b"[" * 100_000])
def test_what_is_no_message_is_unreadable(body: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        read_answer(body)


@pytest.mark.parametrize("error", [{"type": "overloaded_error", "message": "Overloaded"}, None])
def test_an_error_with_a_good_status_is_told_as_an_error(error: dict[str, str] | None) -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        read_answer(json.dumps({"type": "error", "error": error}).encode())

    assert caught.value.error.status == (529 if error else 500)
