"""Messages, one turn for each."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.chat_format.said import assistant, image, read, result, text, user

PNG_URL = {"type": "image_url", "image_url": {"url": image().blob.data and f"data:image/png;base64,{image().blob.data}"}}


def turns(*messages: dict[str, Any]) -> tuple[chat.Turn, ...]:
    conversation, notes = read(messages=list(messages))
    assert notes == []
    return conversation.turns


def turn(**message: Any) -> chat.Turn:
    return turns(message)[0]


@pytest.mark.parametrize(
    ("role", "expected"), [("system", "system"), ("developer", "system"), ("user", "user"), ("assistant", "assistant")]
)
def test_each_role_has_its_turn(role: str, expected: chat.Role) -> None:
    found = turn(role=role, content="Hi", name="anna")

    assert found == chat.Turn(role=expected, parts=(text("Hi"),), name="anna")
    assert (found.at, found.parts[0].at) == ("/messages/0", "/messages/0/content")


@pytest.mark.parametrize("role", ["critic", None, 7])
def test_an_unknown_role_is_the_users(role: object) -> None:
    conversation, notes = read(messages=[{"role": role, "content": "Hi"}])

    assert conversation.turns == (user(text("Hi")),)
    assert ("/messages/0/role", "mapped") in notes


def test_system_text_stays_where_it_stands() -> None:
    found = turns({"role": "user", "content": "a"}, {"role": "developer", "content": "b"}, {"role": "user", "content": "c"})

    assert [each.role for each in found] == ["user", "system", "user"]


def test_calls_keep_id_name_and_arguments_as_they_are() -> None:
    calls = [
        {"id": "fs.read:0", "type": "function", "function": {"name": "read", "arguments": '{"a": 1.10, "b": 1e400}'}},
        {"index": 1, "function": {"name": "ls", "arguments": "{broken"}},
        {"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}},
    ]

    assert turn(role="assistant", content=None, tool_calls=calls) == assistant(
        chat.ToolCall(id="fs.read:0", name="read", arguments='{"a": 1.10, "b": 1e400}'),
        chat.ToolCall(id="", name="ls", arguments="{broken"),
        chat.ToolCall(id="c", name="patch", arguments="*** Begin", freeform=True),
    )


@pytest.mark.parametrize(("arguments", "expected"), [({"a": [1]}, '{"a":[1]}'), (None, ""), ("", "")])
def test_arguments_that_a_client_has_decoded_are_text_again(arguments: object, expected: str) -> None:
    call = {"id": "a", "function": {"name": "read", "arguments": arguments}}

    assert turn(role="assistant", tool_calls=[call]).parts == (chat.ToolCall(id="a", name="read", arguments=expected),)


def test_gemini_s_mark_on_a_call_is_kept() -> None:
    call = {"id": "a", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "QUJD"}}}
    part = turn(role="assistant", tool_calls=[call]).parts[0]

    assert isinstance(part, chat.ToolCall)
    assert part.seal == chat.Seal(family="google", data="QUJD")
    assert part.seal.at == "/messages/0/tool_calls/0/extra_content/google/thought_signature"


def test_a_kind_of_call_that_nobody_else_has_cannot_be_left_out() -> None:
    with pytest.raises(chat.CannotCarry, match="'computer'") as refused:
        read(messages=[{"role": "assistant", "tool_calls": [{"id": "a", "type": "computer"}]}])

    assert refused.value.pointer == "/messages/0/tool_calls/0"


def test_a_call_without_a_name_keeps_its_place() -> None:
    conversation, notes = read(messages=[{"role": "assistant", "tool_calls": [{"id": "a", "type": "function"}]}])

    assert conversation.turns == (assistant(chat.ToolCall(id="a", name="")),)
    assert notes == [("/messages/0/tool_calls/0", "lost")]


def test_calls_and_results_of_old_have_no_ids() -> None:
    found = turns({"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}})
    conversation, notes = read(messages=[{"role": "function", "name": "weather", "content": "17"}])

    assert found == (assistant(chat.ToolCall(id="", name="weather")),)
    assert conversation.turns == (user(result("", text("17"), name="weather")),)
    assert notes == [("/messages/0/name", "mapped")]


def test_edge_27_an_assistant_without_text_makes_no_empty_text() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}

    contents: tuple[object, ...] = (None, "", [])
    for content in contents:
        assert turn(role="assistant", content=content, tool_calls=[call]).parts == (chat.ToolCall(id="a", name="f"),)


def test_edge_29_each_result_is_a_turn_that_says_which_call_it_answers() -> None:
    found = turns(
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}, PNG_URL]},
        {"role": "tool", "tool_call_id": "c", "content": ""},
    )

    assert found == (
        user(result("a", text("1"))),
        user(result("b", text("2"), image())),
        user(chat.ToolResult(call_id="c")),
    )
    assert found[1].parts[0].at == "/messages/1"


def test_what_no_tool_gives_back_is_lost() -> None:
    _, notes = read(messages=[{"role": "tool", "tool_call_id": "a", "content": [{"type": "refusal", "refusal": "No."}]}])

    assert notes == [("/messages/0/content/0", "lost")]


def test_reasoning_stands_in_front_and_a_refusal_behind_the_text() -> None:
    found = turn(role="assistant", content="So.", reasoning_content="Hm.", refusal="No.", tool_calls=[])

    assert found == assistant(chat.Reasoning(text="Hm."), text("So."), chat.Refusal(text="No."))


def test_edge_86_reasoning_that_is_told_twice_is_read_once() -> None:
    conversation, notes = read(
        messages=[{"role": "assistant", "content": "So.", "reasoning_content": "Hm.", "reasoning": "Hm."}]
    )

    assert conversation.turns == (assistant(chat.Reasoning(text="Hm."), text("So.")),)
    assert notes == [("/messages/0/reasoning", "mapped")]


def test_reasoning_that_another_field_contradicts_is_lost() -> None:
    _, notes = read(messages=[{"role": "assistant", "reasoning_content": "Hm.", "reasoning": "Ah."}])

    assert notes == [("/messages/0/reasoning", "lost")]


def test_sealed_reasoning_comes_back_with_its_seal() -> None:
    details = [
        {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "anthropic", "index": 0, "id": "r1"},
        {"type": "reasoning.encrypted", "data": "x"},
        {"type": "reasoning.text", "text": "So.", "signature": "QUJD"},
    ]
    conversation, notes = read(messages=[{"role": "assistant", "reasoning": "Hm.So.", "reasoning_details": details}])

    assert conversation.turns == (
        assistant(chat.Reasoning(text="Hm.", seal=chat.Seal(family="anthropic", data="QUJD")), chat.Reasoning(text="So.")),
    )
    assert notes == [
        ("/messages/0/reasoning", "mapped"),
        ("/messages/0/reasoning_details/0/index", "mapped"),
        ("/messages/0/reasoning_details/0/id", "lost"),
        ("/messages/0/reasoning_details/1", "lost"),
        ("/messages/0/reasoning_details/2/signature", "lost"),
    ]


def test_what_an_sdk_gives_back_of_an_answer_loses_nothing() -> None:
    echo: dict[str, Any] = {
        "role": "assistant",
        "content": "Hi",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "tool_calls": None,
    }

    assert turn(**echo, function_call=None) == assistant(text("Hi"))


def test_sound_and_citations_of_former_answers_are_lost() -> None:
    _, notes = read(messages=[{"role": "assistant", "content": "Hi", "audio": {"id": "a"}, "annotations": [{"type": "url"}]}])

    assert notes == [("/messages/0/audio", "lost"), ("/messages/0/annotations", "lost")]


def test_what_is_no_message_is_lost() -> None:
    conversation, notes = read(messages=["Hi", {"role": "user", "content": "Hi", "mood": "merry"}])

    assert conversation.turns == (user(text("Hi")),)
    assert notes == [("/messages/0", "lost"), ("/messages/1/mood", "lost")]
