"""Tools and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.messages_format.said import read

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def test_a_tool_is_read_with_all_that_others_know() -> None:
    tool = {
        "name": "Read",
        "description": "Reads",
        "input_schema": SCHEMA,
        "strict": True,
        "cache_control": {"type": "ephemeral"},
    }
    conversation, notes = read(tools=[tool, {"type": "custom", "name": "Stop"}])

    assert conversation.tools == (
        chat.Tool(name="Read", description="Reads", schema=SCHEMA, strict=True, cache=chat.CacheMark()),
        chat.Tool(name="Stop"),
    )
    assert (conversation.tools[1].at, notes) == ("/tools/1", [])
    assert conversation.functions[0].pointers == {"schema": "/tools/0/input_schema", "strict": "/tools/0/strict"}


def test_edge_38_what_only_anthropic_does_with_tools_is_lost() -> None:
    more: dict[str, Any] = {
        "defer_loading": True,
        "eager_input_streaming": True,
        "input_examples": [{"path": "a"}],
        "allowed_callers": ["direct"],
        "mood": "merry",
    }
    conversation, notes = read(tools=[{"name": "Read", "input_schema": SCHEMA, **more}])

    assert conversation.tools == (chat.Tool(name="Read", schema=SCHEMA),)
    assert notes == [(f"/tools/0/{key}", "lost") for key in more]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("web_fetch_20260309", "web_fetch_20260309"),
        ("code_execution_20260521", "code_execution_20260521"),
        ("tool_search_tool_bm25_20251119", "tool_search_tool_bm25_20251119"),
    ],
)
def test_edge_68_a_tool_that_anthropic_runs_is_known_as_one(kind: str, expected: str) -> None:
    conversation, _ = read(tools=[{"type": kind, "name": "x", "max_uses": 5}])

    assert conversation.tools == (chat.HostedTool(kind=expected, settings={"name": "x", "max_uses": 5}, at="/tools/0"),)


@pytest.mark.parametrize("kind", ["web_search_20250305", "web_search_20260318"])
def test_edge_68_a_web_search_is_read_with_what_others_know_of_it(kind: str) -> None:
    settings = {"max_uses": 5, "blocked_domains": ["a.example"], "user_location": {"city": "Graz"}}
    more = {"allowed_domains": None, "cache_control": {"type": "ephemeral"}, "allowed_callers": ["direct"]}
    conversation, notes = read(tools=[{"type": kind, "name": "web_search", **settings, **more}])

    assert conversation.tools == (chat.HostedTool(kind="web_search", settings=settings, at="/tools/0"),)
    assert notes == [("/tools/0/name", "mapped"), ("/tools/0/cache_control", "lost"), ("/tools/0/allowed_callers", "lost")]


@pytest.mark.parametrize(
    "kind",
    [
        "bash_20250124",
        "text_editor_20250728",
        "memory_20250818",
        "computer_toolset_20260801",
        "browser_toolset_20260801",
        "unheard_of_20270101",
    ],
)
def test_a_tool_that_only_claude_can_call_cannot_be_carried(kind: str) -> None:
    with pytest.raises(chat.CannotCarry, match=kind) as caught:
        read(tools=[{"name": "Read"}, {"type": kind, "name": "it"}])

    assert caught.value.pointer == "/tools/1"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, chat.ToolChoice(mode="auto")),
        ({"type": "any"}, chat.ToolChoice(mode="any")),
        ({"type": "none"}, chat.ToolChoice(mode="none")),
        ({"type": "tool", "name": "Read"}, chat.ToolChoice(mode="any", names=("Read",))),
    ],
)
def test_every_choice_is_read(choice: dict[str, Any], expected: chat.ToolChoice) -> None:
    conversation, notes = read(tool_choice=choice)

    assert (conversation.choice, conversation.options.parallel, notes) == (expected, None, [])


@pytest.mark.parametrize("no_parallel", [True, False])
def test_whether_calls_may_be_parallel_is_read_from_the_choice(no_parallel: bool) -> None:
    conversation, _ = read(tool_choice={"type": "auto", "disable_parallel_tool_use": no_parallel})

    assert conversation.options.parallel is not no_parallel
    assert conversation.options.pointers["parallel"] == "/tool_choice/disable_parallel_tool_use"


def test_a_choice_that_nobody_knows_is_lost() -> None:
    conversation, notes = read(tool_choice={"type": "maybe"})

    assert (conversation.choice, notes) == (None, [("/tool_choice/type", "lost")])
