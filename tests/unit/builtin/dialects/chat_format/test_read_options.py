"""Wishes about the answer."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.chat_format.said import read

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ({"max_completion_tokens": 9}, "max_tokens", 9),
        ({"max_tokens": 9}, "max_tokens", 9),
        ({"max_tokens": 9.0}, "max_tokens", 9),
        ({"temperature": 1.5}, "temperature", 1.5),
        ({"top_p": 0}, "top_p", 0),
        ({"top_k": 40}, "top_k", 40),
        ({"stop": "END"}, "stop", ("END",)),
        ({"stop": ["a", "b"]}, "stop", ("a", "b")),
        ({"seed": 7}, "seed", 7),
        ({"presence_penalty": -2}, "presence_penalty", -2),
        ({"frequency_penalty": 0.5}, "frequency_penalty", 0.5),
        ({"n": 1}, "choices", 1),
        ({"logprobs": True}, "logprobs", True),
        ({"top_logprobs": 3}, "top_logprobs", 3),
        ({"parallel_tool_calls": False}, "parallel", False),
        ({"verbosity": "low"}, "verbosity", "low"),
        ({"safety_identifier": "u1"}, "user", "u1"),
        ({"user": "u1"}, "user", "u1"),
        ({"service_tier": "flex"}, "tier", "flex"),
        ({"prompt_cache_key": "k"}, "cache_key", "k"),
        ({"metadata": {"a": "b"}}, "metadata", {"a": "b"}),
        ({"store": False}, "store", False),
    ],
)
def test_each_wish_is_read_and_knows_where_it_stood(said: dict[str, Any], name: str, value: Any) -> None:
    conversation, notes = read(**said)

    assert conversation.options == chat.Options(**{name: value})
    assert conversation.options.pointers == {name: f"/{next(iter(said))}"}
    assert notes == []


def test_thinking_is_among_them() -> None:
    conversation, _ = read(reasoning_effort="low")

    assert conversation.options.thinking == chat.Thinking(effort="low")
    assert conversation.options.pointers == {"effort": "/reasoning_effort", "thinking": "/reasoning_effort"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "json_object"}, chat.OutputFormat(kind="json")),
        (
            {"type": "json_schema", "json_schema": {"name": "bee", "description": "d", "schema": SCHEMA, "strict": True}},
            chat.OutputFormat(kind="schema", schema=SCHEMA, name="bee", description="d", strict=True),
        ),
        ({"type": "json_schema", "json_schema": {"name": "bee"}}, chat.OutputFormat(kind="schema", name="bee")),
    ],
)
def test_the_form_of_the_answer_is_json_or_a_schema(said: object, expected: chat.OutputFormat) -> None:
    conversation, notes = read(response_format=said)

    assert (conversation.options.output, notes) == (expected, [])
    assert conversation.options.pointers == {"output": "/response_format"}


def test_a_schema_knows_where_its_members_stood() -> None:
    conversation, _ = read(response_format={"type": "json_schema", "json_schema": {"name": "bee", "schema": SCHEMA}})

    assert conversation.options.output is not None
    assert conversation.options.output.pointers == {
        "schema": "/response_format/json_schema/schema",
        "name": "/response_format/json_schema/name",
    }


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ({"response_format": {"type": "text"}}, ("/response_format", "mapped")),
        ({"response_format": {"type": "xml"}}, ("/response_format", "lost")),
        ({"response_format": {"type": "json_schema"}}, ("/response_format", "lost")),
        ({"modalities": ["text"]}, ("/modalities", "mapped")),
        ({"modalities": ["text", "audio"]}, ("/modalities", "lost")),
        ({"logit_bias": {"1": 5}}, ("/logit_bias", "lost")),
        ({"prediction": {"type": "content", "content": "a"}}, ("/prediction", "lost")),
        ({"audio": {"voice": "coral", "format": "mp3"}}, ("/audio", "lost")),
        ({"moderation": {"model": "m"}}, ("/moderation", "lost")),
        ({"prompt_cache_options": {"mode": "explicit"}}, ("/prompt_cache_options", "lost")),
        ({"prompt_cache_retention": "24h"}, ("/prompt_cache_retention", "lost")),
        ({"temperature": "warm"}, ("/temperature", "lost")),
        ({"max_tokens": 1.5}, ("/max_tokens", "lost")),
        ({"stop": 7}, ("/stop", "lost")),
        ({"stop": [7]}, ("/stop/0", "lost")),
        ({"metadata": {"a": 1}}, ("/metadata/a", "lost")),
        ({"repetition_penalty": 1.1}, ("/repetition_penalty", "lost")),
    ],
)
def test_what_has_no_place_is_reported(said: dict[str, Any], note: tuple[str, str]) -> None:
    conversation, notes = read(**said)

    assert (conversation.options, notes) == (chat.Options(), [note])


def test_null_is_no_wish() -> None:
    names = ("max_tokens", "stop", "n", "response_format", "tools", "tool_choice", "stream_options", "modalities", "logit_bias")

    assert read(**dict.fromkeys(names))[1] == []


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({"max_completion_tokens": 9, "max_tokens": 8}, "/max_tokens"),
        ({"safety_identifier": "a", "user": "b"}, "/user"),
    ],
)
def test_of_an_old_and_a_new_field_the_new_one_counts(said: dict[str, Any], lost: str) -> None:
    assert read(**said)[1] == [(lost, "lost")]


def test_several_answers_to_one_request_are_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="3 answers to one request") as refused:
        read(n=3)

    assert refused.value.pointer == "/n"
