"""Wishes about the answer other than thinking, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.write_options import write_options
from tests.unit.builtin.dialects.chat_format.said import OPENAI, PLAIN

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}
CLOSED = {**SCHEMA, "required": ["name"], "additionalProperties": False}
OLDER = Abilities(family="openai", output=4096)


def written(abilities: Abilities = PLAIN, **said: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    report = chat.Report()
    options = chat.Options(**said, pointers={name: f"/{name}" for name in said})
    found = write_options(options, abilities, report)
    return dict(found), [(each.pointer, each.fate) for each in report.notes]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {}),
        ({"max_tokens": 9}, {"max_tokens": 9}),
        ({"temperature": 1.5, "top_p": 0.5}, {"temperature": 1.5, "top_p": 0.5}),
        ({"top_k": 40}, {"top_k": 40}),
        ({"presence_penalty": 1.0, "frequency_penalty": -1.0}, {"presence_penalty": 1.0, "frequency_penalty": -1.0}),
        ({"seed": 0}, {"seed": 0}),
        ({"stop": ("a", "b", "c", "d", "e")}, {"stop": ("a", "b", "c", "d", "e")}),
        ({"choices": 1}, {}),
    ],
)
def test_a_server_that_nobody_knows_gets_what_was_said(said: dict[str, Any], expected: dict[str, Any]) -> None:
    assert written(**said) == (expected, [])


@pytest.mark.parametrize(
    ("abilities", "expected", "notes"),
    [
        (OPENAI, {"max_completion_tokens": 9000}, []),
        (OLDER, {"max_tokens": 4096}, [("/max_tokens", "mapped")]),
    ],
)
def test_the_limit_has_the_models_name_and_is_not_above_the_models_own(
    abilities: Abilities, expected: dict[str, int], notes: list[tuple[str, str]]
) -> None:
    assert written(abilities, max_tokens=9000) == (expected, notes)


@pytest.mark.parametrize(
    ("abilities", "sent"),
    [
        (PLAIN, ["temperature", "top_p", "top_k", "presence_penalty"]),
        (OLDER, ["temperature", "top_p", "presence_penalty"]),
        (Abilities(sampling="one"), ["temperature", "top_k", "presence_penalty"]),
        (Abilities(sampling="none"), []),
    ],
)
def test_sampling_is_what_the_model_takes_of_it(abilities: Abilities, sent: list[str]) -> None:
    said = {"temperature": 0.5, "top_p": 0.9, "top_k": 4, "presence_penalty": 0.1}
    members, notes = written(abilities, **said)

    assert list(members) == sent
    assert notes == [(f"/{name}", "lost") for name in said if name not in sent]


def test_of_two_ways_to_sample_the_only_one_said_is_sent() -> None:
    assert written(Abilities(sampling="one"), top_p=0.9) == ({"top_p": 0.9}, [])


@pytest.mark.parametrize(
    ("abilities", "sent", "notes"),
    [
        (OLDER, ("a", "b", "c", "d"), [("/stop/4", "lost"), ("/stop/5", "lost")]),
        (OPENAI, None, [("/stop", "lost")]),
    ],
)
def test_openai_takes_four_texts_that_end_the_answer_and_its_reasoning_models_none(
    abilities: Abilities, sent: tuple[str, ...] | None, notes: list[tuple[str, str]]
) -> None:
    members, told = written(abilities, stop=tuple("abcdef"))

    assert (members.get("stop"), told) == (sent, notes)


@pytest.mark.parametrize(
    ("abilities", "expected", "lost"),
    [
        (OPENAI, {"verbosity": "low", "prompt_cache_key": "k"}, []),
        (attrs.evolve(OPENAI, reasoning="none"), {"prompt_cache_key": "k"}, [("/verbosity", "lost")]),
        (PLAIN, {}, [("/verbosity", "lost"), ("/cache_key", "lost")]),
    ],
)
def test_what_only_openai_knows_goes_to_openai_only(
    abilities: Abilities, expected: dict[str, str], lost: list[tuple[str, str]]
) -> None:
    assert written(abilities, verbosity="low", cache_key="k") == (expected, lost)


def test_edge_63_tiers_and_what_another_vendor_stores_are_lost() -> None:
    said: dict[str, Any] = {"user": "u", "tier": "flex", "metadata": {"a": "b"}, "store": True, "logprobs": True}
    members, notes = written(OPENAI, **said)

    assert members == {}
    assert sorted(notes) == sorted((f"/{name}", "lost") for name in said)


def test_several_answers_are_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="one answer to a request, not 2") as refused:
        written(choices=2)

    assert refused.value.pointer == "/choices"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (chat.OutputFormat(kind="json"), {"type": "json_object"}),
        (chat.OutputFormat(kind="schema", name="bee"), {"type": "json_object"}),
        (
            chat.OutputFormat(kind="schema", schema=SCHEMA),
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        ),
        (
            chat.OutputFormat(kind="schema", schema=CLOSED, name="bee", description="d", strict=True),
            {"type": "json_schema", "json_schema": {"name": "bee", "description": "d", "schema": CLOSED, "strict": True}},
        ),
    ],
)
def test_the_form_of_the_answer_is_json_or_a_schema(output: chat.OutputFormat, expected: dict[str, Any]) -> None:
    assert written(output=output) == ({"response_format": expected}, [])


def test_the_name_of_a_schema_is_made_to_fit() -> None:
    members, notes = written(
        output=chat.OutputFormat(kind="schema", schema=SCHEMA, name="a bee!" + "e" * 70, pointers={"name": "/name"})
    )

    assert members["response_format"]["json_schema"]["name"] == ("a_bee_" + "e" * 70)[:64]
    assert notes == [("/name", "mapped")]


def test_a_schema_that_leaves_something_open_is_not_sent_as_a_strict_one() -> None:
    output = chat.OutputFormat(kind="schema", schema=SCHEMA, strict=True, pointers={"strict": "/strict"})
    members, notes = written(output=output)

    assert members["response_format"]["json_schema"] == {"name": "answer", "schema": SCHEMA}
    assert notes == [("/strict", "lost")]


def test_a_schema_for_a_model_that_cannot_be_held_to_it_is_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="cannot be held to a JSON schema") as refused:
        written(Abilities(structured=False), output=chat.OutputFormat(kind="schema", schema=SCHEMA))

    assert refused.value.pointer == "/output"
