"""A client's request as a whole."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.responses_format.request_reader import read_request
from tests.unit.builtin.dialects.responses_format.talk import (
    Notes,
    asked,
    assistant,
    call,
    called,
    given,
    input_text,
    message,
    read,
    result,
    system,
    text,
    user,
)

READ = {"type": "function", "name": "read", "parameters": {"type": "object"}, "strict": False}
HI = {"role": "user", "content": "Hi"}


def test_the_smallest_request_is_read() -> None:
    report = chat.Report()

    assert read_request(b'{"model": "gpt-x", "input": "Hi"}', report) == (
        chat.Conversation(turns=(user(text("Hi")),)),
        chat.Asked(model="gpt-x", usage=True),
    )
    assert report.notes == []


def test_what_codex_sends_is_read() -> None:
    tools = [
        {**READ, "name": "exec_command"},
        {
            "type": "custom",
            "name": "apply_patch",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"},
        },
        {"type": "namespace", "name": "mcp__files", "description": "Files.", "tools": [READ]},
        {"type": "web_search", "external_web_access": True},
    ]
    conversation, notes = read(
        message("developer", input_text("<permissions>")),
        message("user", input_text("Go on.")),
        called("a", "read", namespace="mcp__files"),
        given("a"),
        instructions="You are Codex.",
        tools=tools,
        tool_choice="auto",
        parallel_tool_calls=False,
        reasoning={"effort": "medium", "summary": "auto"},
        store=False,
        stream=True,
        include=["reasoning.encrypted_content"],
        prompt_cache_key="thread",
        text={"verbosity": "low"},
        client_metadata={"x-codex-installation-id": "1"},
    )

    assert conversation.turns == (
        system(text("You are Codex.")),
        system(text("<permissions>")),
        user(text("Go on.")),
        assistant(call("a", "mcp__files__read")),
        user(result("a")),
    )
    assert [each.name for each in conversation.functions] == ["exec_command", "apply_patch", "mcp__files__read"]
    assert conversation.options == chat.Options(
        parallel=False, thinking=chat.Thinking(effort="medium", shown=True), cache_key="thread", verbosity="low"
    )
    assert [pointer for pointer, fate in notes if fate == "lost"] == ["/client_metadata"]


def test_what_the_answer_needs_is_remembered() -> None:
    patch = {"type": "custom", "name": "patch"}
    found = asked(HI, stream=True, tools=[READ, patch])

    assert (found.model, found.stream, found.usage) == ("gpt-x", True, True)
    assert found.freeform == {"patch"}


def test_values_that_an_answer_says_again_are_kept_as_they_stood() -> None:
    said: dict[str, Any] = {
        "instructions": "Be kind.",
        "max_output_tokens": 100,
        "metadata": {"a": "b"},
        "parallel_tool_calls": True,
        "prompt_cache_key": "k",
        "reasoning": {"effort": "low", "summary": "auto"},
        "safety_identifier": "anna",
        "service_tier": "flex",
        "store": False,
        "temperature": 0.5,
        "text": {"verbosity": "low"},
        "tool_choice": "auto",
        "tools": [READ],
        "top_p": 1,
        "truncation": "disabled",
        "user": "anna",
    }

    assert asked(HI, **said, stream=True, include=[], client_metadata={}).repeated == said


@pytest.mark.parametrize(
    ("options", "stream", "note"),
    [
        ({"include_obfuscation": True}, True, [("/stream_options/include_obfuscation", "mapped")]),
        ({"include_obfuscation": True}, False, [("/stream_options", "lost")]),
        ({"mood": "merry"}, True, [("/stream_options/mood", "lost")]),
    ],
)
def test_edge_66_options_of_a_stream_count_for_streams_only(options: Any, stream: bool, note: Notes) -> None:
    assert read(HI, stream=stream, stream_options=options)[1] == note
    assert asked(HI, stream=stream, stream_options=options).stream == stream


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", "conv_1"),
        ("conversation", {"id": "conv_1"}),
        ("prompt", {"id": "pmpt_1"}),
        ("background", True),
    ],
)
def test_what_builds_on_openais_store_is_refused(key: str, value: object) -> None:
    with pytest.raises(chat.CannotCarry) as refused:
        read(HI, **{key: value})

    assert refused.value.pointer == f"/{key}"
    with pytest.raises(chat.CannotCarry):  # nothing need be said beside it
        read_request(json.dumps({"model": "gpt-x", key: value}).encode(), chat.Report())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "KP-SYS-509"),
        (b"[]", "KP-SYS-509"),
        (b'{"model": "gpt-x"}', "KP-SYS-509"),
        (b'{"model": "gpt-x", "input": {}}', "KP-SYS-509"),
        (b'{"input": "Hi"}', "KP-SYS-519"),
        (b'{"model": "", "input": "Hi"}', "KP-SYS-519"),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(body, chat.Report())

    assert refused.value.code == code


def test_values_of_any_type_are_read_without_a_fall() -> None:
    odd: list[Any] = [None, True, 7, 1.5, "x", [], [[]], {}, {"type": []}, [{"type": {}}, 7, {"type": "function", "name": []}]]
    keys = ("tools", "tool_choice", "reasoning", "text", "include", "metadata", "stream_options", "truncation", "instructions")
    for value in odd:
        for key in keys:
            read(HI, **{key: value})
        for kind in ("message", "function_call", "function_call_output", "reasoning", "additional_tools", "shell_call"):
            item = dict.fromkeys(("role", "output", "action", "summary", "status", "caller", "tools", "id", "name"), value)
            with contextlib.suppress(chat.CannotCarry):
                read({"type": kind, **item})
