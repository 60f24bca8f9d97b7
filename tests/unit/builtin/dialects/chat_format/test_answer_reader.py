"""A provider's whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.chat_format.answer_reader import arguments_text, content_parts, made_up_id, read_answer, seal_of
from tests.unit.builtin.dialects.chat_format.said import call, text

FUNCTION = {"name": "read", "arguments": '{"path":"a"}'}


def answer(message: dict[str, Any], finish: object = "stop", **more: Any) -> chat.Answer:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return read_answer(json.dumps({"id": "c1", "model": "m", "choices": [choice], **more}).encode())


def parts(**message: Any) -> tuple[chat.Part, ...]:
    return answer(message).parts


def test_an_answer_is_read_whole() -> None:
    call = {"id": "call_1", "type": "function", "function": FUNCTION}
    message = {"content": "So.", "reasoning_content": "Hm.", "refusal": None, "annotations": [], "tool_calls": [call]}
    usage = {"prompt_tokens": 12, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 10}}

    assert answer(message, "tool_calls", usage=usage) == chat.Answer(
        id="c1",
        model="m",
        parts=(
            chat.Reasoning(text="Hm."),
            text("So."),
            chat.ToolCall(id="call_1", name="read", arguments='{"path":"a"}'),
        ),
        ending=chat.Ending(reason="tools"),
        usage=Usage(tokens_in=2, cache_read=10, tokens_out=4),
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Hi", [text("Hi")]),
        ("", []),
        (None, []),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], [text("a"), text("b")]),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "So."}],
            [chat.Reasoning(text="Hm."), text("So.")],
        ),
        ([{"type": "reference", "reference_ids": [1]}, "odd"], []),
        (7, []),
    ],
)
def test_content_is_a_text_or_mistrals_list(content: object, expected: list[chat.Part]) -> None:
    assert list(content_parts(content)) == expected


def test_sealed_reasoning_comes_with_its_seal_and_only_once() -> None:
    detail = {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "anthropic-claude-v1", "index": 0}

    assert parts(content="So.", reasoning="Hm.", reasoning_details=[detail]) == (
        chat.Reasoning(text="Hm.", seal=chat.Seal(family="anthropic", data="QUJD")),
        text("So."),
    )


def test_a_refusal_is_a_part_and_the_reason() -> None:
    found = answer({"content": None, "refusal": "No."})

    assert (found.parts, found.ending) == ((chat.Refusal(text="No."),), chat.Ending(reason="refusal"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"id": "a", "function": FUNCTION}, call("a", arguments='{"path":"a"}')),
        ({"function": FUNCTION}, call("call_c1_0", arguments='{"path":"a"}')),
        ({"id": "", "function": {"name": "read", "arguments": {"a": 1}}}, call("call_c1_0", arguments='{"a":1}')),
        ({"id": "a", "function": {"name": "read"}}, call("a", arguments="")),
        ({"id": "a", "type": "custom", "custom": {"name": "read", "input": "*"}}, call("a", arguments="*", freeform=True)),
        (
            {"id": "a", "function": {"name": "read"}, "extra_content": {"google": {"thought_signature": "x"}}},
            call("a", arguments="", seal=chat.Seal(family="google", data="x")),
        ),
    ],
)
def test_edge_12_calls_are_read_in_all_their_forms(said: dict[str, Any], expected: chat.ToolCall) -> None:
    assert parts(tool_calls=[said]) == (expected,)


def test_a_call_of_old_is_a_call() -> None:
    assert parts(function_call=FUNCTION) == (call("call_c1_0", arguments='{"path":"a"}'),)


def test_of_several_choices_the_first_is_read() -> None:
    choices = [{"index": number, "message": {"content": str(number)}, "finish_reason": "stop"} for number in (1, 0)]

    assert read_answer(json.dumps({"choices": choices}).encode()).parts == (text("0"),)


def test_usage_inside_the_choice_counts() -> None:
    choice = {"message": {"content": "Hi"}, "finish_reason": "stop", "usage": {"prompt_tokens": 3}}

    assert read_answer(json.dumps({"choices": [choice]}).encode()).usage == Usage(tokens_in=3)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"[]", "a JSON value of the type list in place of an object"),
        (b"{}", "an answer without a choice that holds a message"),
        (b'{"choices": []}', "an answer without a choice that holds a message"),
        (b'{"choices": [{"text": "Hi"}]}', "an answer without a choice that holds a message"),
        (
            b'{"choices": [{"message": {}, "finish_reason": "insufficient_system_resource"}]}',
            "it is not whole: insufficient_system_resource is the reason for its end",
        ),
        (b'{"choices": [{"message": {"tool_calls": [{"id": "a"}]}}]}', "a tool call without a name"),
    ],
)
def test_what_is_no_answer_cannot_be_read(body: bytes, why: str) -> None:
    with pytest.raises(chat.Unreadable, match=why):
        read_answer(body)


def test_odd_calls_are_passed_over() -> None:
    assert parts(content="Hi", tool_calls=["a", None]) == (text("Hi"),)
    assert parts(content="Hi", tool_calls={"a": 1}) == (text("Hi"),)


@pytest.mark.parametrize(("said", "expected"), [("{", "{"), ({"a": [1.5]}, '{"a":[1.5]}'), ([1], "[1]"), (None, ""), (7, "")])
def test_arguments_are_a_text(said: object, expected: str) -> None:
    assert arguments_text(said) == expected


@pytest.mark.parametrize(("answer_id", "expected"), [("c1", "call_c1_2"), ("", "call_x_2"), ("gen:7/ü", "call_gen_7___2")])
def test_a_made_up_id_is_the_same_each_time(answer_id: str, expected: str) -> None:
    assert made_up_id(answer_id, 2) == expected


@pytest.mark.parametrize("said", [{}, {"extra_content": 1}, {"extra_content": {"google": {"thought_signature": ""}}}])
def test_a_call_is_mostly_not_sealed(said: dict[str, Any]) -> None:
    assert seal_of(said) is None


@pytest.mark.parametrize(
    ("said", "status", "kind", "code"),
    [
        ({"id": "c", "choices": [], "error": {"message": "m", "code": 429}}, 429, "rate_limit", "429"),
        ({"error": {"message": "m", "code": "insufficient_quota"}}, 429, "billing", "insufficient_quota"),
        ({"error": {"message": "m", "type": "authentication_error"}}, 401, "authentication", None),
        ({"error": {"message": "m", "type": "server_error", "code": 1302}}, 500, "server", "1302"),
        ({"error": {"message": "m", "type": "odd"}}, 502, "server", None),
        ({"error": "m"}, 502, "server", None),
        ({"object": "error", "message": "m", "code": 404}, 404, "not_found", "404"),
    ],
)
def test_an_error_with_a_good_status_is_the_provider_s_own(said: object, status: int, kind: str, code: str | None) -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        read_answer(json.dumps(said).encode())

    error = caught.value.error
    assert (error.status, error.kind, error.message, error.code) == (status, kind, "m", code)
