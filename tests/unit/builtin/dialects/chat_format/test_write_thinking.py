"""How much to think, in a provider's words."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.write_thinking import write_thinking
from tests.unit.builtin.dialects.chat_format.said import DEEPSEEK, OPENAI, PLAIN, QWEN

READ = chat.Tool(name="read", at="/tools/0")
POINTERS = {"thinking": "/thinking", "effort": "/effort", "budget": "/budget", "shown": "/shown"}
NOT_BESIDE_TOOLS = attrs.evolve(OPENAI, tools_while_reasoning=False)


def written(
    wish: chat.Thinking | None, abilities: Abilities, *, has_tools: bool = False, forced: bool = False
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    report = chat.Report()
    names = [name for name in ("effort", "budget", "shown") if getattr(wish, name, None) is not None]
    pointers = {name: POINTERS[name] for name in ("thinking", *names)} if wish else {}
    options = chat.Options(thinking=wish, pointers=pointers)
    conversation = chat.Conversation(turns=(), tools=(READ,) if has_tools else (), options=options)
    found = write_thinking(conversation, abilities, report, has_tools=has_tools, forced=forced)
    return dict(found), [(each.pointer, each.fate) for each in report.notes]


@pytest.mark.parametrize("abilities", [PLAIN, OPENAI, DEEPSEEK, QWEN, NOT_BESIDE_TOOLS])
def test_without_a_wish_nothing_is_said(abilities: Abilities) -> None:
    assert written(None, abilities) == ({}, [])


def test_a_model_that_does_not_reason_loses_the_wish() -> None:
    wish = chat.Thinking(effort="high", budget=9)

    assert written(wish, PLAIN) == ({}, [("/thinking", "lost"), ("/effort", "lost"), ("/budget", "lost")])


@pytest.mark.parametrize(
    ("wish", "abilities", "effort", "notes"),
    [
        (chat.Thinking(effort="low"), OPENAI, "low", []),
        (chat.Thinking(effort="none"), OPENAI, "none", []),
        (chat.Thinking(), OPENAI, None, []),
        (chat.Thinking(budget=5000), OPENAI, "medium", [("/budget", "mapped")]),
        (chat.Thinking(effort="low", budget=5000), OPENAI, "low", [("/budget", "lost")]),
        (chat.Thinking(effort="low", shown=True), OPENAI, "low", [("/shown", "lost")]),  # OpenAI shows nothing in this format
        (chat.Thinking(effort="low", shown=True), DEEPSEEK, "low", [("/shown", "mapped")]),  # others show all they have
        (chat.Thinking(effort="low", shown=False), DEEPSEEK, "low", [("/shown", "lost")]),
    ],
)
def test_a_wish_is_said_as_an_effort(
    wish: chat.Thinking, abilities: Abilities, effort: str | None, notes: list[tuple[str, str]]
) -> None:
    assert written(wish, abilities) == ({} if effort is None else {"reasoning_effort": effort}, notes)


@pytest.mark.parametrize(
    ("effort", "abilities", "expected"),
    [
        ("max", OPENAI, "xhigh"),
        ("max", attrs.evolve(OPENAI, efforts=(*OPENAI.efforts, "max")), "xhigh"),
        ("minimal", OPENAI, "low"),
        ("xhigh", DEEPSEEK, "high"),
        ("none", DEEPSEEK, "low"),
    ],
)
def test_edge_60_an_effort_that_the_model_does_not_know_becomes_the_nearest(
    effort: chat.Effort, abilities: Abilities, expected: str
) -> None:
    assert written(chat.Thinking(effort=effort), abilities) == ({"reasoning_effort": expected}, [("/effort", "mapped")])


def test_a_model_that_chooses_itself_loses_the_effort() -> None:
    abilities = Abilities(reasoning="effort")

    assert written(chat.Thinking(effort="low"), abilities) == ({}, [("/thinking", "lost"), ("/effort", "lost")])


@pytest.mark.parametrize(
    ("wish", "expected", "notes"),
    [
        (chat.Thinking(), {"enable_thinking": True}, []),
        (chat.Thinking(budget=300), {"enable_thinking": True, "thinking_budget": 300}, []),
        (chat.Thinking(effort="low"), {"enable_thinking": True, "thinking_budget": 2048}, [("/effort", "mapped")]),
        (chat.Thinking(effort="none"), {"enable_thinking": False}, []),
        (chat.Thinking(budget=0), {"enable_thinking": False}, []),
    ],
)
def test_qwen_has_a_switch_and_a_budget(wish: chat.Thinking, expected: dict[str, Any], notes: list[tuple[str, str]]) -> None:
    assert written(wish, QWEN) == (expected, notes)


def test_thinking_that_cannot_be_switched_off_stays_on() -> None:
    abilities = attrs.evolve(QWEN, reasoning_off=False)

    assert written(chat.Thinking(effort="none"), abilities) == ({}, [("/thinking", "lost"), ("/effort", "lost")])


def test_a_demanded_call_switches_thinking_off_where_the_two_exclude_each_other() -> None:
    wish = chat.Thinking(budget=300)

    assert written(wish, QWEN, has_tools=True, forced=True) == (
        {"enable_thinking": False},
        [("/thinking", "lost"), ("/budget", "lost")],
    )
    assert written(None, QWEN, has_tools=True, forced=True) == ({"enable_thinking": False}, [])
    assert written(wish, QWEN, has_tools=True)[0]["enable_thinking"] is True


@pytest.mark.parametrize("wish", [None, chat.Thinking(effort="none")])
def test_tools_switch_thinking_off_where_the_two_exclude_each_other(wish: chat.Thinking | None) -> None:
    assert written(wish, NOT_BESIDE_TOOLS, has_tools=True) == ({"reasoning_effort": "none"}, [])


def test_thinking_that_tools_have_switched_off_is_lost() -> None:
    assert written(chat.Thinking(effort="high"), NOT_BESIDE_TOOLS, has_tools=True) == (
        {"reasoning_effort": "none"},
        [("/thinking", "lost"), ("/effort", "lost")],
    )


def test_tools_for_a_model_that_always_reasons_and_takes_none_then_are_refused() -> None:
    abilities = attrs.evolve(NOT_BESIDE_TOOLS, efforts=("low", "medium", "high"))
    with pytest.raises(chat.CannotCarry, match="takes no tools while it reasons") as refused:
        written(None, abilities, has_tools=True)

    assert refused.value.pointer == "/tools/0"
