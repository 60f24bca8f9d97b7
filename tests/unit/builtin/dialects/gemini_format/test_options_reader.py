"""Wishes about the answer, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.options_reader import read_options

AT = "/generationConfig"


def read(config: Any = None, **top: Any) -> tuple[chat.Options, dict[str, str]]:
    report = chat.Report()
    body = top if config is None else {**top, "generationConfig": config}
    found = read_options(chat.Fields(body, "", report))
    return found, {each.pointer: each.fate for each in report.notes}


def test_all_wishes_are_read_with_their_places() -> None:
    config = {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "candidateCount": 2,
        "maxOutputTokens": 100,
        "stopSequences": ["END"],
        "seed": 7,
        "presencePenalty": 1,
        "frequencyPenalty": -1,
        "responseLogprobs": True,
        "logprobs": 3,
    }
    found, fates = read(config, serviceTier="flex", store=False)

    assert found == chat.Options(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        choices=2,
        max_tokens=100,
        stop=("END",),
        seed=7,
        presence_penalty=1,
        frequency_penalty=-1,
        logprobs=True,
        top_logprobs=3,
        tier="flex",
        store=False,
    )
    assert found.pointers["max_tokens"] == f"{AT}/maxOutputTokens"
    assert found.pointers["tier"] == "/serviceTier"
    assert fates == {}


def test_edge_47_snake_case_is_read() -> None:
    found, fates = read(None, generation_config={"max_output_tokens": 5, "thinking_config": {"thinking_budget": 100}})

    assert (found.max_tokens, found.thinking) == (5, chat.Thinking(budget=100))
    assert (found.pointers["budget"], fates) == ("/generation_config/thinking_config/thinking_budget", {})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"thinkingBudget": 0}, chat.Thinking(effort="none")),
        ({"thinkingBudget": -1, "includeThoughts": True}, chat.Thinking(shown=True)),
        ({"thinkingBudget": 2000}, chat.Thinking(budget=2000)),
        ({"thinkingLevel": "HIGH", "includeThoughts": False}, chat.Thinking(effort="high", shown=False)),
        ({"thinkingLevel": "minimal"}, chat.Thinking(effort="minimal")),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, chat.Thinking()),
    ],
)
def test_thinking_is_read(config: Any, expected: chat.Thinking) -> None:
    assert (read({"thinkingConfig": config})[0].thinking, read({"thinkingConfig": config})[1]) == (expected, {})


def test_a_level_that_nobody_knows_is_lost() -> None:
    assert read({"thinkingConfig": {"thinkingLevel": "GALACTIC", "x": 1}})[1] == {
        f"{AT}/thinkingConfig/thinkingLevel": "lost",
        f"{AT}/thinkingConfig/x": "lost",
    }


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"responseMimeType": "application/json"}, chat.OutputFormat(kind="json")),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
            chat.OutputFormat(kind="schema", schema={"type": "string"}),
        ),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
            chat.OutputFormat(kind="schema", schema={"type": "object"}),
        ),
        ({"responseMimeType": "text/plain"}, None),
    ],
)
def test_the_form_of_the_answer_is_read(config: Any, expected: chat.OutputFormat | None) -> None:
    found, fates = read(config)

    assert (found.output, fates) == (expected, {})


def test_forms_that_only_gemini_knows_are_lost() -> None:
    assert read({"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING"}})[1] == {
        f"{AT}/responseMimeType": "lost",
        f"{AT}/responseSchema": "lost",
    }
    assert read({"responseSchema": {"type": "STRING"}})[1] == {f"{AT}/responseSchema": "lost"}


def test_an_answer_of_sound_or_pictures_is_refused() -> None:
    assert read({"responseModalities": ["TEXT"]})[1] == {}
    with pytest.raises(chat.CannotCarry, match="Only Gemini") as caught:
        read({"responseModalities": ["TEXT", "IMAGE"]})

    assert caught.value.pointer == f"{AT}/responseModalities"


def test_the_rest_is_lost() -> None:
    config = {"mediaResolution": "LOW", "speechConfig": {}, "stopSequences": ["a", 7], "topK": 1.5, "newOne": 1}

    assert read(config)[1] == {
        f"{AT}/mediaResolution": "lost",
        f"{AT}/speechConfig": "lost",
        f"{AT}/stopSequences/1": "lost",
        f"{AT}/topK": "lost",
        f"{AT}/newOne": "lost",
    }
    assert read({"stopSequences": "END"})[1] == {f"{AT}/stopSequences": "lost"}
