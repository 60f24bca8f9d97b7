"""Wishes about the answer, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.write_options import write_options
from tests.unit.builtin.dialects.responses_format.talk import OPENAI, PLAIN, Notes, asking

CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {}}}


def written(abilities: Abilities = OPENAI, **said: Any) -> tuple[dict[str, Any], Notes]:
    report = chat.Report()
    found = write_options(asking(**said).options, abilities, report)
    return dict(found), [(each.pointer, each.fate) for each in report.notes]


def schema(**more: Any) -> chat.OutputFormat:
    return chat.OutputFormat(kind="schema", **more, pointers={"name": "/o/name", "strict": "/o/strict"})


def test_nothing_said_is_nothing_sent() -> None:
    assert written() == ({}, [])


@pytest.mark.parametrize(
    ("wanted", "abilities", "limit", "notes"),
    [
        (1000, OPENAI, 1000, []),
        (1_000_000, OPENAI, 128_000, [("/max_tokens", "mapped")]),
        (1, OPENAI, 16, [("/max_tokens", "mapped")]),
        (1, PLAIN, 1, []),
    ],
)
def test_the_answer_is_as_long_as_the_api_lets_it_be(wanted: int, abilities: Abilities, limit: int, notes: Notes) -> None:
    assert written(abilities, max_tokens=wanted) == ({"max_output_tokens": limit}, notes)


def test_edge_94_who_takes_no_sampling_is_sent_none() -> None:
    assert written(temperature=0, top_p=0.5) == ({}, [("/temperature", "lost"), ("/top_p", "lost")])


def test_sampling_goes_where_it_is_taken() -> None:
    one = attrs.evolve(PLAIN, sampling="one")

    assert written(PLAIN, temperature=0, top_p=0.5) == ({"temperature": 0, "top_p": 0.5}, [])
    assert written(one, temperature=0, top_p=0.5) == ({"temperature": 0}, [("/top_p", "lost")])
    assert written(one, top_p=0.5) == ({"top_p": 0.5}, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", 3),
        ("seed", 1),
        ("presence_penalty", 0.5),
        ("frequency_penalty", 0.5),
        ("logprobs", True),
        ("top_logprobs", 2),
        ("stop", ("END",)),
        ("store", True),
    ],
)
def test_what_the_api_does_not_have_is_lost(name: str, value: object) -> None:
    assert written(PLAIN, **{name: value}) == ({}, [(f"/{name}", "lost")])


def test_who_wants_nothing_stored_gets_that() -> None:
    assert written(store=False) == ({}, [])


def test_several_answers_are_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="not 3") as refused:
        written(choices=3)

    assert refused.value.pointer == "/choices"
    assert written(choices=1) == ({}, [])


def test_openai_is_told_who_asks_and_how_to_serve() -> None:
    said: dict[str, Any] = {"cache_key": "k", "metadata": {"a": "b"}, "user": "anna", "tier": "flex", "verbosity": "low"}

    assert written(**said) == (
        {
            "text": {"verbosity": "low"},
            "prompt_cache_key": "k",
            "metadata": {"a": "b"},
            "safety_identifier": "anna",
            "service_tier": "flex",
        },
        [],
    )
    found, notes = written(PLAIN, **said)
    assert (found, sorted(notes)) == ({}, [(f"/{name}", "lost") for name in sorted(said)])


def test_openais_models_that_do_not_reason_take_no_verbosity() -> None:
    assert written(attrs.evolve(OPENAI, reasoning="none"), verbosity="low") == ({}, [("/verbosity", "lost")])


def test_who_does_not_reason_has_no_verbosity() -> None:
    plain = attrs.evolve(OPENAI, reasoning="none", efforts=())

    assert written(plain, verbosity="low") == ({}, [("/verbosity", "lost")])


@pytest.mark.parametrize(
    ("tier", "members", "notes"),
    [
        ("priority", {"service_tier": "priority"}, []),
        ("standard_only", {"service_tier": "default"}, [("/tier", "mapped")]),
        ("batch", {}, [("/tier", "lost")]),
    ],
)
def test_edge_63_only_openais_tiers_are_sent(tier: str, members: dict[str, Any], notes: Notes) -> None:
    assert written(tier=tier) == (members, notes)


def test_a_long_name_is_a_hash() -> None:
    found, notes = written(user="a" * 129)

    assert (len(found["safety_identifier"]), notes) == (64, [("/user", "mapped")])
    assert found == written(user="a" * 129)[0] != written(user="a" * 130)[0]
    assert written(user="a" * 128) == ({"safety_identifier": "a" * 128}, [])
    assert len(written(cache_key="a" * 65)[0]["prompt_cache_key"]) == 64
    assert written(cache_key="a" * 64) == ({"prompt_cache_key": "a" * 64}, [])


@pytest.mark.parametrize(
    ("output", "expected", "notes"),
    [
        (chat.OutputFormat(kind="json"), {"type": "json_object"}, []),
        (schema(), {"type": "json_object"}, []),
        (schema(schema=OPEN), {"type": "json_schema", "name": "answer", "schema": OPEN}, []),
        (
            schema(schema=CLOSED, name="a", description="b", strict=True),
            {"type": "json_schema", "name": "a", "description": "b", "schema": CLOSED, "strict": True},
            [],
        ),
        (
            schema(schema=OPEN, name="a", strict=True),
            {"type": "json_schema", "name": "a", "schema": OPEN},
            [("/o/strict", "lost")],
        ),
        (
            schema(schema=OPEN, name="größe " + "x" * 70),
            {"type": "json_schema", "name": "gr__e_" + "x" * 58, "schema": OPEN},
            [("/o/name", "mapped")],
        ),
    ],
)
def test_edge_65_a_form_of_the_answer_is_flat(output: chat.OutputFormat, expected: Any, notes: Notes) -> None:
    assert written(output=output) == ({"text": {"format": expected}}, notes)


def test_a_model_without_schemas_is_refused_one() -> None:
    with pytest.raises(chat.CannotCarry, match="JSON schema") as refused:
        written(Abilities(structured=False), output=schema(schema=OPEN))

    assert refused.value.pointer == "/output"
