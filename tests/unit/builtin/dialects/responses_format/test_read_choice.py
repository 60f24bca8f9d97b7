"""Which tools may be called, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import Notes, read

FILES = {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "list"}]}


def choice(said: Any) -> tuple[chat.ToolChoice | None, Notes]:
    conversation, notes = read(tools=[{"type": "function", "name": "read"}, FILES], tool_choice=said)
    assert conversation.choice is None or conversation.choice.at == "/tool_choice"
    return conversation.choice, notes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("auto", chat.ToolChoice(mode="auto")),
        ("none", chat.ToolChoice(mode="none")),
        ("required", chat.ToolChoice(mode="any")),
        ({"type": "function", "name": "read"}, chat.ToolChoice(mode="any", names=("read",))),
        ({"type": "function", "function": {"name": "read"}}, chat.ToolChoice(mode="any", names=("read",))),
        ({"type": "custom", "name": "patch"}, chat.ToolChoice(mode="any", names=("patch",))),
        ({"type": "function", "name": "list", "namespace": "files"}, chat.ToolChoice(mode="any", names=("files__list",))),
        ({"type": "function", "name": "list"}, chat.ToolChoice(mode="any", names=("files__list",))),
    ],
)
def test_a_choice_is_read(said: Any, expected: chat.ToolChoice) -> None:
    assert choice(said) == (expected, [])


@pytest.mark.parametrize(("mode", "expected"), [("auto", "auto"), ("required", "any")])
def test_some_tools_may_be_chosen_from(mode: str, expected: Any) -> None:
    allowed = [{"type": "function", "name": "read"}, {"type": "custom", "name": "patch"}, {"type": "mcp", "server_label": "x"}]

    assert choice({"type": "allowed_tools", "mode": mode, "tools": allowed}) == (
        chat.ToolChoice(mode=expected, names=("read", "patch")),
        [("/tool_choice/tools/2", "lost")],
    )


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (None, []),
        ("any", [("/tool_choice", "lost")]),
        (7, [("/tool_choice", "lost")]),
        ({"type": "function"}, [("/tool_choice", "lost")]),
        ({"type": "web_search_preview"}, [("/tool_choice", "lost")]),
        ({"type": "mcp", "server_label": "x", "name": "y"}, [("/tool_choice", "lost")]),
        ({"type": "apply_patch"}, [("/tool_choice", "lost")]),
        ({"type": "shell"}, [("/tool_choice", "lost")]),
        ({"type": "programmatic_tool_calling"}, [("/tool_choice", "lost")]),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "shell"}]}, [("/tool_choice/tools/0", "lost")]),
    ],
)
def test_a_choice_that_nobody_else_has_is_lost(said: Any, note: Notes) -> None:
    assert choice(said) == (None, note)


def test_an_unknown_mode_of_a_list_is_the_models_choice() -> None:
    said = {"type": "allowed_tools", "mode": "maybe", "tools": [{"type": "function", "name": "read", "mood": "merry"}]}

    assert choice(said) == (
        chat.ToolChoice(mode="auto", names=("read",)),
        [("/tool_choice/tools/0/mood", "lost"), ("/tool_choice/mode", "lost")],
    )
