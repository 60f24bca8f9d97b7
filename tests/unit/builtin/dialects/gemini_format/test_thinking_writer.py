"""How much to think, as thinkingConfig."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.thinking_writer import thinking_config

FLASH = Abilities(reasoning="budget")
PRO = Abilities(reasoning="budget", reasoning_off=False)
LEVELS = Abilities(reasoning="level", efforts=("minimal", "low", "medium", "high"), reasoning_off=False)
TWO = Abilities(reasoning="level", efforts=("low", "high"), reasoning_off=False)
POINTERS = {name: f"/{name}" for name in ("thinking", "effort", "budget", "shown")}


def config(abilities: Abilities, max_tokens: int | None = None, **thinking: Any) -> tuple[Any, dict[str, str]]:
    report = chat.Report()
    options = chat.Options(thinking=chat.Thinking(**thinking), max_tokens=max_tokens, pointers=POINTERS)
    return thinking_config(options, abilities, report), {each.pointer: each.fate for each in report.notes}


@pytest.mark.parametrize(
    ("abilities", "thinking", "tokens"),
    [
        (FLASH, {}, -1),
        (FLASH, {"budget": -1}, -1),
        (FLASH, {"effort": "minimal"}, 1024),
        (FLASH, {"effort": "medium"}, 8192),
        (FLASH, {"effort": "max"}, 24_576),
        (PRO, {"effort": "max"}, 32_768),
        (FLASH, {"budget": 5000}, 5000),
        (FLASH, {"budget": 100}, 512),
        (PRO, {"budget": 1}, 128),
        (PRO, {"budget": 99_999}, 32_768),
        (FLASH, {"budget": 5000, "effort": "high"}, 5000),
        (PRO, {"effort": "none"}, 128),
        (PRO, {"budget": 0}, 128),
    ],
)
def test_models_that_count_get_a_budget_that_they_take(abilities: Abilities, thinking: Any, tokens: int) -> None:
    found, _ = config(abilities, **thinking)

    assert found["thinkingBudget"] == tokens
    assert "thinkingLevel" not in found


@pytest.mark.parametrize(
    ("abilities", "thinking", "level"),
    [
        (LEVELS, {"effort": "minimal"}, "MINIMAL"),
        (LEVELS, {"effort": "none"}, "MINIMAL"),
        (LEVELS, {"effort": "xhigh"}, "HIGH"),
        (LEVELS, {"effort": "max"}, "HIGH"),
        (TWO, {"effort": "medium"}, "LOW"),
        (TWO, {"effort": "none"}, "LOW"),
        (LEVELS, {"budget": 8000}, "MEDIUM"),
        (LEVELS, {"budget": 0}, "MINIMAL"),
        (Abilities(reasoning="level"), {"effort": "max"}, "HIGH"),
    ],
)
def test_edge_60_models_with_levels_get_the_nearest(abilities: Abilities, thinking: Any, level: str) -> None:
    found, _ = config(abilities, **thinking)

    assert found["thinkingLevel"] == level
    assert "thinkingBudget" not in found


def test_as_much_as_the_model_likes_names_no_level() -> None:
    assert config(LEVELS) == ({"includeThoughts": True}, {})


@pytest.mark.parametrize("abilities", [FLASH, LEVELS])
@pytest.mark.parametrize(("shown", "expected"), [(None, True), (True, True), (False, False)])
def test_thoughts_are_shown_unless_the_client_does_not_want_them(abilities: Abilities, shown: Any, expected: bool) -> None:
    assert config(abilities, effort="high", shown=shown)[0]["includeThoughts"] is expected


def test_thinking_that_is_off_shows_nothing() -> None:
    assert config(FLASH, effort="none", shown=True) == ({"thinkingBudget": 0}, {"/shown": "lost"})
    assert config(FLASH, budget=0)[0] == {"thinkingBudget": 0}
    assert "includeThoughts" not in config(LEVELS, effort="none")[0]
    assert "includeThoughts" not in config(PRO, effort="none")[0]


@pytest.mark.parametrize(
    ("max_tokens", "effort", "tokens"), [(4096, "high", 2048), (600, "high", 512), (1, "low", 512), (60_000, "high", 24_576)]
)
def test_the_answer_keeps_some_of_the_tokens(max_tokens: int, effort: str, tokens: int) -> None:
    assert config(FLASH, max_tokens, effort=effort)[0]["thinkingBudget"] == tokens


@pytest.mark.parametrize(
    ("abilities", "thinking", "fates"),
    [
        (FLASH, {"effort": "high"}, {"/effort": "mapped"}),
        (FLASH, {"budget": 5000}, {}),
        (FLASH, {"budget": 100}, {"/budget": "mapped"}),
        (FLASH, {"budget": 5000, "effort": "high"}, {"/effort": "lost"}),
        (LEVELS, {"effort": "high"}, {}),
        (LEVELS, {"effort": "max"}, {"/effort": "mapped"}),
        (LEVELS, {"budget": 5000}, {"/budget": "mapped"}),
        (LEVELS, {"budget": 5000, "effort": "high"}, {"/budget": "lost"}),
        (Abilities(), {"effort": "high"}, {"/thinking": "lost", "/effort": "lost", "/budget": "lost", "/shown": "lost"}),
    ],
)
def test_what_is_said_in_other_words_is_reported_where_it_stands(abilities: Abilities, thinking: Any, fates: Any) -> None:
    assert config(abilities, **thinking)[1] == fates


def test_whoever_says_nothing_gets_nothing() -> None:
    assert thinking_config(chat.Options(), LEVELS, chat.Report()) is None
    assert config(Abilities(), effort="high")[0] is None


@given(
    st.sampled_from([FLASH, PRO, LEVELS, TWO]),
    st.sampled_from([None, *chat.EFFORTS]),
    st.none() | st.integers(-1, 10**6),
    st.none() | st.integers(1, 10**6),
)
def test_never_both_and_never_outside_what_the_model_takes(abilities: Abilities, effort: Any, budget: Any, most: Any) -> None:
    found, _ = config(abilities, most, effort=effort, budget=budget)
    least, largest = (512, 24_576) if abilities.reasoning_off else (128, 32_768)

    assert not {"thinkingBudget", "thinkingLevel"} <= found.keys()
    if abilities.reasoning == "budget":
        tokens = found["thinkingBudget"]
        assert tokens == -1 or (tokens == 0 and abilities.reasoning_off) or least <= tokens <= largest
    assert found.get("thinkingLevel", "LOW").lower() in {*abilities.efforts, "low"}
