"""Wishes about the answer, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import Notes, read

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def options(**said: Any) -> tuple[chat.Options, Notes]:
    conversation, notes = read(**said)
    return conversation.options, notes


def test_wishes_that_others_have_are_read_with_their_places() -> None:
    found, notes = options(
        temperature=0.5,
        top_p=1,
        top_logprobs=2,
        max_output_tokens=100,
        parallel_tool_calls=False,
        service_tier="flex",
        prompt_cache_key="k",
        metadata={"a": "b"},
        safety_identifier="anna",
        text={"verbosity": "low"},
        include=["message.output_text.logprobs"],
    )

    assert notes == []
    assert found == chat.Options(
        temperature=0.5,
        top_p=1,
        top_logprobs=2,
        max_tokens=100,
        parallel=False,
        tier="flex",
        cache_key="k",
        metadata={"a": "b"},
        user="anna",
        verbosity="low",
        logprobs=True,
    )
    assert found.pointers == {
        "temperature": "/temperature",
        "top_p": "/top_p",
        "top_logprobs": "/top_logprobs",
        "max_tokens": "/max_output_tokens",
        "parallel": "/parallel_tool_calls",
        "tier": "/service_tier",
        "cache_key": "/prompt_cache_key",
        "metadata": "/metadata",
        "user": "/safety_identifier",
        "verbosity": "/text/verbosity",
        "logprobs": "/include/0",
    }


def test_nothing_said_is_nothing_wished() -> None:
    nothing = dict.fromkeys(("temperature", "reasoning", "text", "include", "metadata", "store", "truncation", "background"))

    assert options(**nothing) == (chat.Options(), [])


def test_who_asks_may_be_said_in_two_fields() -> None:
    assert options(user="anna")[0].user == "anna"
    assert options(user="anna", safety_identifier="berta") == (chat.Options(user="berta"), [("/user", "lost")])


@pytest.mark.parametrize("effort", chat.EFFORTS)
def test_each_effort_is_read(effort: str) -> None:
    found, notes = options(reasoning={"effort": effort})

    assert (found.thinking, notes) == (chat.Thinking(effort=effort), [])  # type: ignore[arg-type]
    assert found.pointers == {"effort": "/reasoning/effort", "thinking": "/reasoning/effort"}


@pytest.mark.parametrize(
    ("key", "word", "shown"),
    [
        ("summary", "auto", True),
        ("summary", "concise", True),
        ("summary", "detailed", True),
        ("generate_summary", "auto", True),
        ("summary", "none", False),
    ],
)
def test_who_wants_a_summary_wants_to_see_reasoning(key: str, word: str, shown: bool) -> None:
    found, notes = options(reasoning={key: word})

    assert (found.thinking, notes) == (chat.Thinking(shown=shown), [(f"/reasoning/{key}", "mapped")])
    assert found.pointers == {"shown": f"/reasoning/{key}", "thinking": f"/reasoning/{key}"}


@pytest.mark.parametrize(
    ("reasoning", "note"),
    [
        ({"effort": "huge"}, [("/reasoning/effort", "lost")]),
        ({"summary": "rhymed"}, [("/reasoning/summary", "lost")]),
        (
            {"summary": "auto", "generate_summary": "auto"},
            [("/reasoning/summary", "mapped"), ("/reasoning/generate_summary", "lost")],
        ),
        ({"mode": "standard"}, [("/reasoning/mode", "mapped")]),
        ({"mode": "pro", "context": "all_turns"}, [("/reasoning/mode", "lost"), ("/reasoning/context", "lost")]),
        ({"mood": "merry"}, [("/reasoning/mood", "lost")]),
    ],
)
def test_what_is_unknown_of_reasoning_is_told(reasoning: Any, note: Notes) -> None:
    assert options(reasoning=reasoning)[1] == note


def test_a_schema_for_the_answer_is_flat() -> None:
    form = {"type": "json_schema", "name": "a", "description": "b", "schema": SCHEMA, "strict": True}
    found, notes = options(text={"format": form})

    assert notes == []
    assert found.output == chat.OutputFormat(kind="schema", name="a", description="b", schema=SCHEMA, strict=True)
    assert found.pointers == {"output": "/text/format"}
    assert found.output.pointers["schema"] == "/text/format/schema"


@pytest.mark.parametrize(
    ("form", "output", "note"),
    [
        ({"type": "json_object"}, chat.OutputFormat(kind="json"), []),
        ({"type": "text"}, None, [("/text/format", "mapped")]),
        ({"type": "poem"}, None, [("/text/format", "lost")]),
        ({"type": "json_object", "mood": "merry"}, chat.OutputFormat(kind="json"), [("/text/format/mood", "lost")]),
    ],
)
def test_other_forms_of_the_answer(form: Any, output: chat.OutputFormat | None, note: Notes) -> None:
    found, notes = options(text={"format": form})

    assert (found.output, notes) == (output, note)


def test_the_last_change_of_the_configuration_counts() -> None:
    conversation, notes = read(
        {"type": "configuration_update", "reasoning": {"effort": "high"}},
        {"role": "user", "content": "Hi"},
        {"type": "configuration_update", "id": "cu_1", "reasoning": {"effort": "low"}, "text": {"format": {"type": "text"}}},
        reasoning={"effort": "max", "summary": "auto"},
        text={"format": {"type": "json_object"}},
    )

    assert conversation.options == chat.Options(thinking=chat.Thinking(effort="low", shown=True))
    assert conversation.options.pointers["effort"] == "/input/2/reasoning/effort"
    assert notes == [
        ("/reasoning/summary", "mapped"),
        ("/reasoning/effort", "lost"),
        ("/text/format", "lost"),
        ("/input/2/text/format", "mapped"),
        ("/input/0/reasoning/effort", "lost"),
        ("/input/2/id", "mapped"),
    ]


@pytest.mark.parametrize(
    ("included", "fate"),
    [("reasoning.encrypted_content", "mapped"), ("file_search_call.results", "lost"), (7, "lost")],
)
def test_what_an_answer_should_tell_beside_its_text(included: object, fate: str) -> None:
    assert options(include=[included]) == (chat.Options(), [("/include/0", fate)])
    assert options(include="all")[1] == [("/include", "lost")]


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        ({"store": True}, "mapped"),
        ({"store": False}, "mapped"),
        ({"truncation": "disabled"}, "mapped"),
        ({"truncation": "auto"}, "lost"),
        ({"background": False}, "mapped"),
    ],
)
def test_what_is_stored_or_cut_is_openais_affair(said: dict[str, Any], fate: str) -> None:
    assert options(**said) == (chat.Options(), [(f"/{next(iter(said))}", fate)])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("access_programs", {"cyber": "standard"}),
        ("background_options", {"completion_window": "2h"}),
        ("client_metadata", {"a": "b"}),
        ("context_management", [{"type": "compaction"}]),
        ("image", {"context_compression": "auto"}),
        ("max_tool_calls", 3),
        ("moderation", {"model": "m"}),
        ("prompt_cache_options", {"mode": "explicit"}),
        ("prompt_cache_retention", "24h"),
        ("top_k", 3),
    ],
)
def test_what_only_openai_has_is_lost(key: str, value: object) -> None:
    assert options(**{key: value}) == (chat.Options(), [(f"/{key}", "lost")])


@pytest.mark.parametrize(
    ("key", "value"), [("temperature", "hot"), ("max_output_tokens", True), ("metadata", []), ("user", 7), ("text", "x")]
)
def test_values_of_no_use_are_lost(key: str, value: object) -> None:
    assert options(**{key: value}) == (chat.Options(), [(f"/{key}", "lost")])
