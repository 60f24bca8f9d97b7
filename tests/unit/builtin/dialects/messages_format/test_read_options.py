"""Wishes about the answer."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.messages_format.said import read

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def options(**body: Any) -> tuple[chat.Options, list[tuple[str, str]]]:
    conversation, notes = read(**body)
    return conversation.options, notes


def test_plain_wishes_are_read_and_know_where_they_stood() -> None:
    found, notes = options(
        max_tokens=4096,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop_sequences=["END", "\n"],
        service_tier="standard_only",
        metadata={"user_id": "me"},
    )

    assert found == chat.Options(
        max_tokens=4096, temperature=0.5, top_p=0.9, top_k=40, stop=("END", "\n"), tier="standard_only", user="me"
    )
    assert found.pointers == {
        "max_tokens": "/max_tokens",
        "temperature": "/temperature",
        "top_p": "/top_p",
        "top_k": "/top_k",
        "stop": "/stop_sequences",
        "tier": "/service_tier",
        "user": "/metadata/user_id",
    }
    assert notes == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"thinking": {"type": "adaptive"}}, chat.Thinking()),
        ({"thinking": {"type": "adaptive", "display": "summarized"}}, chat.Thinking(shown=True)),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"}},
            chat.Thinking(budget=2048, shown=False),
        ),
        ({"thinking": {"type": "disabled"}}, chat.Thinking(effort="none")),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, chat.Thinking(effort="max")),
        ({"output_config": {"effort": "low"}}, chat.Thinking(effort="low")),
    ],
)
def test_thinking_is_read_in_every_form(body: dict[str, Any], expected: chat.Thinking) -> None:
    found, notes = options(**body)

    assert (found.thinking, notes) == (expected, [])


def test_each_thing_said_of_thinking_knows_where_it_stood() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048, "display": "omitted"}
    found, _ = options(thinking=thinking, output_config={"effort": "low"})

    assert {key: found.pointers[key] for key in ("thinking", "budget", "shown", "effort")} == {
        "thinking": "/thinking",
        "budget": "/thinking/budget_tokens",
        "shown": "/thinking/display",
        "effort": "/output_config/effort",
    }


def test_an_effort_alone_is_the_whole_wish() -> None:
    assert options(output_config={"effort": "low"})[0].pointers["thinking"] == "/output_config/effort"


def test_an_effort_is_lost_where_thinking_is_off() -> None:
    found, notes = options(thinking={"type": "disabled"}, output_config={"effort": "high"})

    assert (found.thinking, notes) == (chat.Thinking(effort="none"), [("/output_config/effort", "lost")])


def test_thinking_between_tools_becomes_thinking() -> None:
    found, notes = options(thinking={"type": "between_tools"})

    assert (found.thinking, notes) == (chat.Thinking(), [("/thinking/type", "mapped")])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"thinking": {"type": "sideways"}}, "/thinking"),
        ({"thinking": {"type": "adaptive", "display": "sung"}}, "/thinking/display"),
        ({"thinking": {"type": "adaptive", "mood": "merry"}}, "/thinking/mood"),
        ({"output_config": {"effort": "heroic"}}, "/output_config/effort"),
        ({"output_config": {"format": {"type": "xml"}}}, "/output_config/format"),
        ({"output_config": {"task_budget": {"total": 5}}}, "/output_config/task_budget"),
        ({"metadata": {"session": "x"}}, "/metadata/session"),
        ({"stop_sequences": "END"}, "/stop_sequences"),
        ({"stop_sequences": ["END", 5]}, "/stop_sequences/1"),
        ({"temperature": "warm"}, "/temperature"),
    ],
)
def test_what_nobody_understands_is_lost_and_no_error(body: dict[str, Any], pointer: str) -> None:
    assert options(**body)[1] == [(pointer, "lost")]


def test_edge_65_the_wanted_form_of_the_answer_is_read() -> None:
    found, notes = options(output_config={"format": {"type": "json_schema", "schema": SCHEMA}})

    assert (found.output, notes) == (chat.OutputFormat(kind="schema", schema=SCHEMA), [])
    assert found.pointers["output"] == "/output_config/format"
    assert found.output is not None
    assert found.output.pointers == {"schema": "/output_config/format/schema"}


def test_old_clients_say_the_form_at_the_top() -> None:
    found, notes = options(output_format={"type": "json_schema", "schema": SCHEMA})

    assert (found.output, notes) == (chat.OutputFormat(kind="schema", schema=SCHEMA), [])
    assert found.pointers["output"] == "/output_format"


def test_of_two_forms_the_newer_place_counts() -> None:
    old = {"type": "json_schema", "schema": {"type": "object"}}
    found, notes = options(output_format=old, output_config={"format": {"type": "json_schema", "schema": SCHEMA}})

    assert (found.output, notes) == (chat.OutputFormat(kind="schema", schema=SCHEMA), [("/output_format", "lost")])
