"""Calls of tools and their results, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import (
    PNG,
    assistant,
    call,
    called,
    given,
    image,
    input_text,
    read,
    result,
    text,
    turns,
    user,
)


def test_calls_keep_id_name_and_arguments_as_they_are() -> None:
    arguments = '{"a": 1.10, "b": 1e400}'
    found = turns(called("fs.read:0", "read", arguments), called("b", "ls", "{broken"))

    assert found == (assistant(call("fs.read:0", "read", arguments), call("b", "ls", "{broken")),)
    assert [each.at for each in found[0].parts] == ["/input/0", "/input/1"]


@pytest.mark.parametrize(("arguments", "expected"), [({"a": [1]}, '{"a":[1]}'), (None, ""), ("", "")])
def test_arguments_that_a_client_has_decoded_are_text_again(arguments: Any, expected: str) -> None:
    assert turns(called(arguments=arguments)) == (assistant(call(arguments=expected)),)


def test_edge_40_calls_with_bare_text_are_read_as_such() -> None:
    found = turns(
        {"type": "custom_tool_call", "call_id": "a", "name": "apply_patch", "input": "*** Begin Patch"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "Done"},
    )

    assert found == (
        assistant(call("a", "apply_patch", "*** Begin Patch", freeform=True)),
        user(result("a", text("Done"))),
    )


def test_edge_41_calls_in_a_namespace_have_its_name_in_front() -> None:
    conversation, notes = read(called(namespace="files"), given(name="read", namespace="files"))

    assert conversation.turns == (assistant(call(name="files__read")), user(result(name="files__read")))
    assert notes == [("/input/1/name", "mapped"), ("/input/1/namespace", "mapped")]


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("Done", (text("Done"),)),
        ("", ()),
        (None, ()),
        ([], ()),
        ([input_text("a"), {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}], (text("a"), image())),
        ({"ok": True}, (text('{"ok":true}'),)),
    ],
)
def test_edge_48_and_85_a_result_is_text_or_a_list_with_pictures(output: Any, parts: Any) -> None:
    assert turns(given("a", output)) == (user(chat.ToolResult(call_id="a", parts=parts)),)


def test_what_no_tool_gives_back_is_lost() -> None:
    conversation, notes = read(given("a", [{"type": "refusal", "refusal": "No."}]))

    assert (conversation.turns, notes) == ((user(chat.ToolResult(call_id="a")),), [("/input/0/output/0", "lost")])


def test_the_ids_of_items_do_not_count() -> None:
    conversation, notes = read(called("a", id="fc_1", status="completed"), given("a", id="fco_1", status="incomplete"))

    assert conversation.turns == (assistant(call("a")), user(result("a")))
    assert notes == [
        ("/input/0/id", "mapped"),
        ("/input/0/status", "mapped"),
        ("/input/1/id", "mapped"),
        ("/input/1/status", "lost"),
    ]


def test_a_result_without_an_id_says_the_name() -> None:
    conversation, _ = read({"type": "function_call_output", "name": "read", "output": "x"})

    assert conversation.turns == (user(result("", text("x"), name="read")),)


def test_who_called_is_told_by_a_direct_call() -> None:
    _, notes = read(
        {**called("a", caller={"type": "direct"}), "async": False},
        {**called("b", caller={"type": "program", "caller_id": "p"}), "async": True},
        given("a", caller={"type": "direct"}),
    )

    assert notes == [
        ("/input/0/async", "mapped"),
        ("/input/0/caller", "mapped"),
        ("/input/1/async", "lost"),
        ("/input/1/caller", "lost"),
        ("/input/2/caller", "mapped"),
    ]


def test_calls_of_a_shell_of_old_are_ordinary_ones_and_found_by_either_id() -> None:
    action = {"type": "exec", "command": ["ls", "-l"], "env": {}}
    conversation, notes = read(
        {"type": "local_shell_call", "id": "lsh_1", "call_id": "a", "action": action, "status": "completed"},
        {"type": "local_shell_call_output", "id": "lsh_1", "output": "x"},
        {"type": "local_shell_call", "call_id": "b", "action": action, "status": "completed"},
        {"type": "local_shell_call_output", "call_id": "b", "output": "y"},
    )

    assert conversation.turns == (
        assistant(call("a", "local_shell", '{"command":["ls","-l"],"env":{}}')),
        user(result("a", text("x"))),
        assistant(call("b", "local_shell", '{"command":["ls","-l"],"env":{}}')),
        user(result("b", text("y"))),
    )
    assert [each for each in notes if each[1] == "lost"] == []


def test_calls_of_openais_shell_are_ordinary_ones() -> None:
    told = [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]
    conversation, notes = read(
        {
            "type": "shell_call",
            "call_id": "a",
            "action": {"commands": ["ls"], "timeout_ms": 5},
            "environment": {"type": "local"},
        },
        {"type": "shell_call_output", "call_id": "a", "output": told, "max_output_length": 9},
        {"type": "shell_call_output", "call_id": "b", "output": "plain"},
    )

    assert conversation.turns == (
        assistant(call("a", "shell", '{"commands":["ls"],"timeout_ms":5}')),
        user(result("a", text('[{"stdout":"a","stderr":"","outcome":{"type":"exit","exit_code":0}}]'))),
        user(result("b", text("plain"))),
    )
    assert notes == [("/input/0/environment", "lost"), ("/input/0", "mapped"), ("/input/1/max_output_length", "lost")]


def test_calls_of_openais_patch_tool_are_ordinary_ones_that_may_fail() -> None:
    operation = {"type": "delete_file", "path": "a"}
    conversation, notes = read(
        {"type": "apply_patch_call", "call_id": "a", "status": "completed", "operation": operation},
        {"type": "apply_patch_call_output", "call_id": "a", "status": "failed", "output": "no such file"},
        {"type": "apply_patch_call_output", "call_id": "b", "status": "completed"},
    )

    assert conversation.turns == (
        assistant(call("a", "apply_patch", '{"type":"delete_file","path":"a"}')),
        user(result("a", text("no such file"), error=True)),
        user(chat.ToolResult(call_id="b")),
    )
    assert [each for each in notes if each[1] == "lost"] == []
