"""Other wishes about the answer, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.write_options import JSON_ONLY
from tests.unit.builtin.dialects.messages_format.said import NEW, OLD, asking, write

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 5),
        ("presence_penalty", 0.1),
        ("frequency_penalty", 0.1),
        ("logprobs", False),
        ("top_logprobs", 3),
        ("verbosity", "low"),
        ("cache_key", "k"),
        ("metadata", {"a": "b"}),
        ("store", False),
        ("tier", "flex"),
    ],
)
def test_what_the_format_has_no_place_for_is_lost(name: str, value: Any) -> None:
    plain, _ = write(asking())
    body, notes = write(asking(**{name: value}))

    assert (body, notes) == (plain, [(f"/{name}", "lost")])


def test_several_answers_cannot_be_carried() -> None:
    with pytest.raises(chat.CannotCarry, match="one answer, not 2") as caught:
        write(asking(choices=2))

    assert caught.value.pointer == "/choices"
    assert write(asking(choices=1))[1] == []


@pytest.mark.parametrize(
    ("abilities", "said", "expected", "lost"),
    [
        (Abilities(), {"temperature": 0.5, "top_p": 0.9, "top_k": 4}, {"temperature": 0.5, "top_p": 0.9, "top_k": 4}, []),
        (OLD, {"temperature": 0.5, "top_p": 0.9, "top_k": 4}, {"temperature": 0.5, "top_k": 4}, ["/top_p"]),
        (OLD, {"top_p": 0.9}, {"top_p": 0.9}, []),
        (NEW, {"temperature": 1, "top_p": 0.9, "top_k": 4}, {}, ["/temperature", "/top_p", "/top_k"]),
    ],
)
def test_edge_58_sampling_is_what_the_model_takes(
    abilities: Abilities, said: dict[str, Any], expected: dict[str, Any], lost: list[str]
) -> None:
    body, notes = write(asking(**said), abilities)

    assert {key: body[key] for key in ("temperature", "top_p", "top_k") if key in body} == expected
    assert notes == [(each, "lost") for each in lost]


def test_a_temperature_above_1_is_1() -> None:
    body, notes = write(asking(temperature=1.7))

    assert (body["temperature"], notes) == (1, [("/temperature", "mapped")])


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [("temperature", 1, True), ("temperature", 0.5, False), ("top_p", 0.95, True), ("top_p", 0.9, False), ("top_k", 4, False)],
)
def test_while_it_thinks_only_some_sampling_is_taken(name: str, value: float, kept: bool) -> None:
    thinking = chat.Thinking(budget=2048)
    body, notes = write(asking(max_tokens=9000, thinking=thinking, **{name: value}), attrs.evolve(OLD, sampling="all"))

    assert (name in body, notes) == (kept, [] if kept else [(f"/{name}", "lost")])


def test_stop_sequences_are_written_but_for_those_of_white_space() -> None:
    body, notes = write(asking(stop=("END", "\n\n")))

    assert (body["stop_sequences"], notes) == (["END"], [("/stop/1", "lost")])
    assert "stop_sequences" not in write(asking(stop=("\n",)))[0]


def test_who_asks_is_written() -> None:
    assert write(asking(user="me"))[0]["metadata"] == {"user_id": "me"}


@pytest.mark.parametrize(
    ("tier", "expected"), [("auto", "auto"), ("standard_only", "standard_only"), ("default", "standard_only")]
)
def test_edge_63_tiers_that_anthropic_has_are_written(tier: str, expected: str) -> None:
    body, notes = write(asking(tier=tier))

    assert (body["service_tier"], notes) == (expected, [])


def test_edge_65_a_schema_is_the_form_of_the_output() -> None:
    body, notes = write(asking(output=chat.OutputFormat(kind="schema", schema=SCHEMA, strict=True)))

    assert (body["output_config"], notes) == ({"format": {"type": "json_schema", "schema": SCHEMA}}, [])


PLACES = {name: f"/f/{name}" for name in ("schema", "name", "description", "strict")}


def test_a_schema_keeps_its_name_and_becomes_exact() -> None:
    loose = {"type": "object", "properties": {}}
    output = chat.OutputFormat(
        kind="schema", schema=loose, name="weather", description="Of today", strict=False, pointers=PLACES
    )
    body, notes = write(asking(output=output))

    assert body["output_config"]["format"]["schema"] == {"title": "weather", "description": "Of today", **SCHEMA}
    assert sorted(notes) == sorted((each, "mapped") for each in PLACES.values())


def test_a_schema_keeps_a_title_and_a_description_of_its_own() -> None:
    named = {"title": "T", "description": "d", **SCHEMA}
    output = chat.OutputFormat(kind="schema", schema=named, name="weather", description="Of today", pointers=PLACES)
    body, notes = write(asking(output=output))

    assert body["output_config"]["format"]["schema"] == {**named, "description": "Of today\n\nd"}
    assert notes == [("/f/name", "lost"), ("/f/description", "mapped")]


def test_a_schema_for_a_model_that_has_none_cannot_be_carried() -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        write(asking(output=chat.OutputFormat(kind="schema", schema=SCHEMA)), Abilities(structured=False))

    assert caught.value.pointer == "/output"


def test_edge_65_plain_json_is_asked_for_in_words_behind_the_system_text() -> None:
    system = chat.Turn(role="system", parts=(chat.Text(text="Be kind."),))
    conversation = asking(system, *asking().turns, output=chat.OutputFormat(kind="json"))
    body, notes = write(conversation)

    assert [each["text"] for each in body["system"]] == ["Be kind.", JSON_ONLY]
    assert ("output_config" in body, notes) == (False, [("/output", "mapped")])
