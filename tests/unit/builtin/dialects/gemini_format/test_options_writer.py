"""Wishes about the answer as generationConfig."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.options_writer import generation_config, refuse_choices, says_json

GEMINI_3, GEMINI_2 = Abilities(reasoning="level", efforts=("low", "high")), Abilities(reasoning="budget")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}


def config(abilities: Abilities = GEMINI_2, *, tools: bool = False, **options: Any) -> tuple[dict[str, Any], dict[str, str]]:
    report = chat.Report()
    wishes = chat.Options(**options, pointers={name: f"/{name}" for name in options})
    written = generation_config(wishes, abilities, report, tools=tools)
    return msgspec.json.decode(msgspec.json.encode(written)), {each.pointer: each.fate for each in report.notes}


def test_every_wish_that_gemini_knows_is_sent() -> None:
    wishes: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "presence_penalty": 1,
        "frequency_penalty": -1,
        "seed": 7,
    }

    assert config(**wishes, max_tokens=100, stop=("END",)) == (
        {
            "maxOutputTokens": 100,
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 40,
            "presencePenalty": 1,
            "frequencyPenalty": -1,
            "stopSequences": ["END"],
            "seed": 7,
        },
        {},
    )
    assert config() == ({}, {})


def test_edge_64_the_limit_is_mapped_and_fits_the_model() -> None:
    limited = Abilities(output=65_536)

    assert config(limited, max_tokens=4096) == ({"maxOutputTokens": 4096}, {})
    assert config(limited, max_tokens=99_999) == ({"maxOutputTokens": 65_536}, {"/max_tokens": "mapped"})
    assert config(limited, max_tokens=0) == ({"maxOutputTokens": 1}, {"/max_tokens": "mapped"})
    assert config(max_tokens=10**12) == ({"maxOutputTokens": 2**31 - 1}, {"/max_tokens": "mapped"})


@pytest.mark.parametrize(
    ("name", "value", "key", "sent"),
    [
        ("temperature", 3.5, "temperature", 2),
        ("temperature", -1, "temperature", 0),
        ("top_p", 1.5, "topP", 1),
        ("top_k", -1, "topK", 1),
        ("top_k", 10**12, "topK", 2**31 - 1),
        ("presence_penalty", 9, "presencePenalty", 2),
    ],
)
def test_what_is_out_of_range_is_brought_in(name: str, value: Any, key: str, sent: Any) -> None:
    assert config(**{name: value}) == ({key: sent}, {f"/{name}": "mapped"})


def test_models_that_refuse_sampling_get_none() -> None:
    wishes: dict[str, Any] = {"temperature": 0, "top_p": 0.9, "top_k": 4, "presence_penalty": 1, "frequency_penalty": 1}

    assert config(Abilities(sampling="none"), **wishes) == ({}, {f"/{name}": "lost" for name in wishes})
    assert config(Abilities(sampling="one"), temperature=0, top_p=0.9) == ({"temperature": 0}, {"/top_p": "lost"})
    assert config(Abilities(sampling="one"), top_p=0.9) == ({"topP": 0.9}, {})


def test_stop_texts_are_five_at_most_and_not_empty() -> None:
    assert config(stop=("a", "", "b", "c", "d", "e", "f")) == (
        {"stopSequences": ["a", "b", "c", "d", "e"]},
        {"/stop/1": "lost", "/stop/6": "lost"},
    )


def test_a_seed_that_is_too_large_is_lost() -> None:
    assert config(seed=2**31) == ({}, {"/seed": "lost"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logprobs", True),
        ("top_logprobs", 3),
        ("parallel", False),
        ("verbosity", "low"),
        ("user", "u"),
        ("tier", "flex"),
        ("cache_key", "k"),
        ("metadata", {"a": "b"}),
        ("store", True),
    ],
)
def test_what_gemini_has_no_place_for_is_lost(name: str, value: Any) -> None:
    assert config(**{name: value}) == ({}, {f"/{name}": "lost"})


def test_several_calls_at_once_are_what_gemini_makes_unasked() -> None:
    assert config(parallel=True) == ({}, {})


def test_several_answers_are_refused() -> None:
    refuse_choices(chat.Options(choices=1))
    with pytest.raises(chat.CannotCarry, match="3 answers") as caught:
        refuse_choices(chat.Options(choices=3, pointers={"choices": "/n"}))

    assert caught.value.pointer == "/n"


def test_edge_65_json_is_a_media_type_and_a_schema_is_cleaned() -> None:
    pointers = {"schema": "/s", "name": "/n", "strict": "/strict"}
    schema = chat.OutputFormat(
        kind="schema", schema=SCHEMA, name="thing", description="A thing.", strict=True, pointers=pointers
    )

    assert config(output=chat.OutputFormat(kind="json")) == ({"responseMimeType": "application/json"}, {})
    assert config(output=schema) == (
        {
            "responseMimeType": "application/json",
            "responseSchema": {
                "type": "OBJECT",
                "properties": {"a": {"type": "STRING"}},
                "title": "thing",
                "description": "A thing.",
            },
        },
        {"/s/additionalProperties": "lost", "/strict": "lost"},
    )


def test_a_schema_of_which_nobody_knows_where_it_stood_is_cleaned_without_a_word() -> None:
    assert config(output=chat.OutputFormat(kind="schema", schema=SCHEMA))[1] == {}


@pytest.mark.parametrize(
    ("abilities", "tools", "words"),
    [(Abilities(structured=False), False, "cannot be held to"), (GEMINI_2, True, "beside tools")],
)
def test_a_schema_that_cannot_be_promised_is_refused(abilities: Abilities, tools: bool, words: str) -> None:
    with pytest.raises(chat.CannotCarry, match=words) as caught:
        config(abilities, tools=tools, output=chat.OutputFormat(kind="schema", schema=SCHEMA))

    assert caught.value.pointer == "/output"


def test_gemini_3_takes_a_schema_beside_tools() -> None:
    assert "responseSchema" in config(GEMINI_3, tools=True, output=chat.OutputFormat(kind="schema", schema=SCHEMA))[0]


def test_a_schema_that_refers_to_itself_is_refused_where_it_does() -> None:
    recursive = {"properties": {"a": {"$ref": "#"}}}
    with pytest.raises(chat.CannotCarry, match="form of the answer: The schema refers to itself") as known:
        config(output=chat.OutputFormat(kind="schema", schema=recursive, pointers={"schema": "/s"}))
    with pytest.raises(chat.CannotCarry) as unknown:
        config(output=chat.OutputFormat(kind="schema", schema=recursive))

    assert (known.value.pointer, unknown.value.pointer) == ("/s/properties/a/$ref", "/output")


def test_json_beside_tools_is_asked_for_in_a_sentence_where_the_model_takes_no_form() -> None:
    options = chat.Options(output=chat.OutputFormat(kind="json"))

    assert says_json(options, GEMINI_2, tools=True)
    assert not says_json(options, GEMINI_2, tools=False)
    assert not says_json(options, GEMINI_3, tools=True)
    assert config(tools=True, output=chat.OutputFormat(kind="json")) == ({}, {"/output": "mapped"})


def test_thinking_goes_into_it() -> None:
    assert config(thinking=chat.Thinking(effort="none"))[0] == {"thinkingConfig": {"thinkingBudget": 0}}
