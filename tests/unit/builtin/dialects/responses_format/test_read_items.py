"""Items of the input, and the turns that they are."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import (
    SEAL,
    assistant,
    call,
    called,
    given,
    input_text,
    message,
    output_text,
    read,
    result,
    system,
    text,
    thought,
    turns,
    user,
)

THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAAA"}


def test_a_text_is_a_message_of_the_user() -> None:
    conversation, notes = read(input="Hi")

    assert (conversation.turns, notes) == ((user(text("Hi")),), [])
    assert conversation.turns[0].parts[0].at == "/input"


@pytest.mark.parametrize(
    ("role", "expected"), [("system", "system"), ("developer", "system"), ("user", "user"), ("assistant", "assistant")]
)
def test_each_role_has_its_turn(role: str, expected: chat.Role) -> None:
    easy, full = turns({"role": role, "content": "Hi"}), turns(message(role, input_text("Hi")))

    assert easy == full == (chat.Turn(role=expected, parts=(text("Hi"),)),)
    assert (easy[0].at, full[0].parts[0].at) == ("/input/0", "/input/0/content/0")


@pytest.mark.parametrize("role", ["critic", None, 7])
def test_an_unknown_role_is_the_users(role: object) -> None:
    conversation, notes = read({"type": "message", "role": role, "content": "Hi"})

    assert conversation.turns == (user(text("Hi")),)
    assert ("/input/0/role", "mapped") in notes


def test_edge_42_instructions_and_developer_items_are_all_kept_in_order() -> None:
    conversation, notes = read(
        message("developer", input_text("Two.")),
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Three."},
        instructions="One.",
    )

    assert conversation.turns == (system(text("One.")), system(text("Two.")), user(text("Hi")), system(text("Three.")))
    assert conversation.turns[0].at == "/instructions"
    assert notes == []


@pytest.mark.parametrize("instructions", ["", None])
def test_edge_97_empty_instructions_are_none(instructions: str | None) -> None:
    assert read({"role": "user", "content": "Hi"}, instructions=instructions)[0].turns == (user(text("Hi")),)


def test_an_answer_that_is_replayed_is_one_turn() -> None:
    found = turns(THOUGHT, message("assistant", output_text("Let me see.")), called("a"), called("b"), given("a"), given("b"))

    assert found == (
        assistant(thought(), text("Let me see."), call("a"), call("b")),
        user(result("a")),
        user(result("b")),
    )


def test_each_thought_and_each_message_begins_a_turn_of_its_own() -> None:
    said = message("assistant", output_text("So."))

    assert turns(said, said, THOUGHT, THOUGHT, said, THOUGHT, called("a")) == (
        assistant(text("So.")),
        assistant(text("So.")),
        assistant(thought(), thought(), text("So.")),
        assistant(thought(), call("a")),
    )


def test_edge_31_a_message_between_a_call_and_its_result_keeps_its_place() -> None:
    found = turns(THOUGHT, called("a"), message("assistant", output_text("Done.")), given("a"))

    assert found == (assistant(thought(), call("a")), assistant(text("Done.")), user(result("a")))


def test_a_message_of_the_model_says_what_kind_it_is_to_openai_only() -> None:
    said = {**message("assistant", output_text("Hi")), "id": "msg_1", "status": "completed", "phase": "commentary"}
    conversation, notes = read(said)

    assert conversation.turns == (assistant(text("Hi")),)
    assert notes == [("/input/0/phase", "lost"), ("/input/0/id", "mapped"), ("/input/0/status", "mapped")]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"summary": [], "encrypted_content": "gAAAA"}, chat.Reasoning(seal=SEAL)),
        (
            {"summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]},
            chat.Reasoning(text="a\n\nb"),
        ),
        ({"content": [{"type": "reasoning_text", "text": "a"}], "summary": []}, chat.Reasoning(text="a")),
        (
            {"summary": [], "encrypted_content": "korproxy:google:QUJD"},
            chat.Reasoning(seal=chat.Seal(family="google", data="QUJD")),
        ),
        (
            {"summary": [], "encrypted_content": "korproxy:redacted:anthropic:QUJD"},
            chat.Reasoning(seal=chat.Seal(family="anthropic", data="QUJD"), redacted=True),
        ),
    ],
)
def test_reasoning_is_read_with_its_seal(item: dict[str, Any], expected: chat.Reasoning) -> None:
    assert turns({"type": "reasoning", **item}) == (assistant(expected),)


def test_a_seal_knows_its_place() -> None:
    part = turns(THOUGHT)[0].parts[0]

    assert isinstance(part, chat.Reasoning)
    assert part.seal is not None
    assert part.seal.at == "/input/0/encrypted_content"


def test_of_a_thought_and_its_summary_the_thought_counts() -> None:
    shown = [{"type": "reasoning_text", "text": "Long."}]
    conversation, notes = read({**THOUGHT, "content": shown, "id": "rs_1"})

    assert conversation.turns == (assistant(thought("Long.")),)
    assert notes == [("/input/0/summary", "lost"), ("/input/0/id", "mapped")]


def test_reasoning_that_says_nothing_is_none() -> None:
    conversation, notes = read({"type": "reasoning", "summary": [], "encrypted_content": "korproxy:"})

    assert (conversation.turns, notes) == ((), [("/input/0/encrypted_content", "lost")])


@pytest.mark.parametrize(
    "kind",
    [
        "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "computer_call",
        "computer_call_output", "mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response", "program",
        "program_output", "tool_search_call", "compaction",
    ],
)  # fmt: skip
def test_what_openai_did_itself_is_lost(kind: str) -> None:
    conversation, notes = read({"type": kind, "id": "x", "action": {"query": "q"}}, {"role": "user", "content": "Hi"})

    assert (conversation.turns, notes) == ((user(text("Hi")),), [("/input/0", "lost")])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "stored at OpenAI"),
        ({"id": "msg_1"}, "stored at OpenAI"),
        ({"type": None, "id": "msg_1"}, "stored at OpenAI"),
        ({"type": "compaction_trigger"}, "compacts"),
        ({"type": "hologram"}, "'hologram'"),
        ({}, "no items of the kind ''"),
    ],
)
def test_what_cannot_be_left_out_is_refused(item: dict[str, Any], words: str) -> None:
    with pytest.raises(chat.CannotCarry, match=words) as refused:
        read({"role": "user", "content": "Hi"}, item)

    assert refused.value.pointer == "/input/1"


def test_what_is_no_item_is_lost() -> None:
    conversation, notes = read(input=["Hi", {"role": "user", "content": "Hi", "mood": "merry"}])

    assert conversation.turns == (user(text("Hi")),)
    assert notes == [("/input/0", "lost"), ("/input/1/mood", "lost")]
