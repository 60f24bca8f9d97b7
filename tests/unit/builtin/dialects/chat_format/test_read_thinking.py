"""How much to think, in the words of many servers."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.read_thinking import read_thinking


def thinking(**said: Any) -> tuple[chat.Thinking | None, dict[str, str], list[tuple[str, str]]]:
    report = chat.Report()
    request = chat.Fields(said, "", report)
    found, pointers = read_thinking(request)
    request.close()
    return found, dict(pointers), [(each.pointer, each.fate) for each in report.notes]


@pytest.mark.parametrize(
    ("said", "expected", "pointer"),
    [
        ({"reasoning_effort": "high"}, chat.Thinking(effort="high"), "/reasoning_effort"),
        ({"reasoning_effort": "none"}, chat.Thinking(effort="none"), "/reasoning_effort"),
        ({"reasoning": {"effort": "xhigh"}}, chat.Thinking(effort="xhigh"), "/reasoning/effort"),
        ({"reasoning": {"max_tokens": 2000}}, chat.Thinking(budget=2000), "/reasoning/max_tokens"),
        ({"reasoning": {"exclude": True}}, chat.Thinking(shown=False), "/reasoning/exclude"),
        ({"reasoning": {"enabled": True}}, chat.Thinking(), "/reasoning/enabled"),
        ({"reasoning": {"enabled": False}}, chat.Thinking(effort="none"), "/reasoning/enabled"),
        ({"enable_thinking": True}, chat.Thinking(), "/enable_thinking"),
        ({"enable_thinking": False}, chat.Thinking(effort="none"), "/enable_thinking"),
        ({"thinking_budget": 300}, chat.Thinking(budget=300), "/thinking_budget"),
        ({"thinking": {"type": "enabled"}}, chat.Thinking(), "/thinking/type"),
        ({"thinking": {"type": "disabled"}}, chat.Thinking(effort="none"), "/thinking/type"),
        (
            {"chat_template_kwargs": {"enable_thinking": False}},
            chat.Thinking(effort="none"),
            "/chat_template_kwargs/enable_thinking",
        ),
        ({"chat_template_kwargs": {"thinking": True}}, chat.Thinking(), "/chat_template_kwargs/thinking"),
    ],
)
def test_each_servers_field_is_understood(said: dict[str, Any], expected: chat.Thinking, pointer: str) -> None:
    found, pointers, notes = thinking(**said)

    assert (found, pointers["thinking"], notes) == (expected, pointer, [])


def test_nothing_said_is_no_wish() -> None:
    assert thinking() == (None, {}, [])


def test_effort_budget_and_display_know_where_they_stood() -> None:
    found, pointers, _ = thinking(reasoning={"effort": "low", "max_tokens": 500, "exclude": False})

    assert found == chat.Thinking(effort="low", budget=500, shown=True)
    assert pointers == {
        "effort": "/reasoning/effort",
        "budget": "/reasoning/max_tokens",
        "shown": "/reasoning/exclude",
        "thinking": "/reasoning/effort",
    }


@pytest.mark.parametrize(
    ("said", "expected", "notes"),
    [
        (
            {"reasoning_effort": "high", "reasoning": {"effort": "low"}},
            chat.Thinking(effort="high"),
            [("/reasoning/effort", "lost")],
        ),
        (
            {"reasoning_effort": "high", "reasoning": {"effort": "high"}},
            chat.Thinking(effort="high"),
            [("/reasoning/effort", "mapped")],
        ),
        (
            {"enable_thinking": True, "thinking_budget": 300},
            chat.Thinking(budget=300),
            [("/enable_thinking", "mapped")],
        ),
        (
            {"enable_thinking": False, "thinking_budget": 300},
            chat.Thinking(effort="none"),
            [("/thinking_budget", "lost")],
        ),
        (
            {"thinking": {"type": "disabled"}, "reasoning_effort": "high"},
            chat.Thinking(effort="none"),
            [("/reasoning_effort", "lost")],
        ),
        (
            {"thinking": {"type": "disabled"}, "reasoning_effort": "none"},
            chat.Thinking(effort="none"),
            [("/reasoning_effort", "mapped")],
        ),
        (
            {"enable_thinking": True, "reasoning_effort": "none"},
            chat.Thinking(effort="none"),
            [("/enable_thinking", "lost")],
        ),
    ],
)
def test_of_fields_that_say_the_same_thing_one_counts(
    said: dict[str, Any], expected: chat.Thinking, notes: list[tuple[str, str]]
) -> None:
    found, _, told = thinking(**said)

    assert (found, told) == (expected, notes)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"reasoning_effort": "boundless"}, "/reasoning_effort"),
        ({"reasoning_effort": 7}, "/reasoning_effort"),
        ({"reasoning": {"effort": "boundless"}}, "/reasoning/effort"),
        ({"reasoning": {"summary": "auto"}}, "/reasoning/summary"),
        ({"thinking": {"type": "sometimes"}}, "/thinking/type"),
        ({"enable_thinking": "yes"}, "/enable_thinking"),
        ({"chat_template_kwargs": {"custom": 1}}, "/chat_template_kwargs/custom"),
    ],
)
def test_what_nobody_understands_is_lost(said: dict[str, Any], pointer: str) -> None:
    found, _, notes = thinking(**said)

    assert found is None
    assert set(notes) == {(pointer, "lost")}
