"""How much to think, and how long the answer may be."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.write_thinking import Plan, plan
from tests.unit.builtin.dialects.messages_format.said import EFFORTS, NEW, OLD

POINTERS = {each: f"/{each}" for each in ("max_tokens", "thinking", "effort", "budget", "shown")}
BOTH = attrs.evolve(OLD, reasoning="both", efforts=("low", "medium", "high", "max"))
ALWAYS = attrs.evolve(NEW, reasoning="always", reasoning_off=False)
SHOWN = {"type": "adaptive", "display": "summarized"}
OFF = {"type": "disabled"}


def planned(
    thinking: chat.Thinking | None, abilities: Abilities, max_tokens: int | None = 50_000, **facts: bool
) -> tuple[Plan, list[tuple[str, str]]]:
    """Return the plan, and the notes."""
    report = chat.Report()
    options = chat.Options(max_tokens=max_tokens, thinking=thinking, pointers=POINTERS)
    return plan(options, abilities, report, **facts), [(each.pointer, each.fate) for each in report.notes]


@pytest.mark.parametrize("abilities", [OLD, NEW, BOTH, ALWAYS])
def test_who_says_nothing_of_thinking_gets_what_the_model_does(abilities: Abilities) -> None:
    assert planned(None, abilities) == (Plan(max_tokens=50_000), [])


def test_a_budget_stays_one_where_the_model_wants_one() -> None:
    expected = Plan(max_tokens=50_000, thinking={"type": "enabled", "budget_tokens": 2048})

    assert planned(chat.Thinking(budget=2048), OLD) == (expected, [])
    assert planned(chat.Thinking(budget=2048), BOTH) == (expected, [])


@pytest.mark.parametrize(
    ("thinking", "budget"),
    [
        (chat.Thinking(effort="minimal"), 1024),
        (chat.Thinking(effort="low"), 2048),
        (chat.Thinking(effort="medium"), 8192),
        (chat.Thinking(effort="high"), 24_576),
        (chat.Thinking(), 8192),
        (chat.Thinking(budget=5), 1024),
        (chat.Thinking(budget=-1), 8192),
    ],
)
def test_an_effort_becomes_a_budget(thinking: chat.Thinking, budget: int) -> None:
    expected = Plan(max_tokens=50_000, thinking={"type": "enabled", "budget_tokens": budget})

    assert planned(thinking, OLD) == (expected, [("/thinking", "mapped")])


@pytest.mark.parametrize(
    ("budget", "effort"), [(1024, "low"), (8192, "medium"), (24_576, "high"), (30_000, "xhigh"), (90_000, "xhigh")]
)
def test_edge_59_a_budget_becomes_an_effort_where_the_model_adapts(budget: int, effort: str) -> None:
    expected = Plan(max_tokens=50_000, thinking=SHOWN, effort=effort)

    assert planned(chat.Thinking(budget=budget), NEW) == (expected, [("/thinking", "mapped")])


@pytest.mark.parametrize(
    ("effort", "known", "expected"),
    [
        ("minimal", EFFORTS, "low"),
        ("xhigh", EFFORTS, "xhigh"),
        ("xhigh", ("low", "medium", "high"), "high"),
        ("max", ("low", "medium", "high"), "high"),
    ],
)
def test_edge_60_an_effort_becomes_the_nearest_that_the_model_knows(
    effort: chat.Effort, known: tuple[str, ...], expected: str
) -> None:
    found, notes = planned(chat.Thinking(effort=effort), attrs.evolve(NEW, efforts=known))

    assert found.effort == expected
    assert notes == ([] if effort == expected else [("/thinking", "mapped")])


def test_adaptive_stays_adaptive() -> None:
    assert planned(chat.Thinking(), NEW) == (Plan(max_tokens=50_000, thinking=SHOWN), [])
    assert planned(chat.Thinking(effort="high"), BOTH) == (Plan(max_tokens=50_000, thinking=SHOWN, effort="high"), [])


def test_edge_59_off_is_the_least_effort_of_a_model_that_always_thinks() -> None:
    assert planned(chat.Thinking(effort="none"), ALWAYS) == (Plan(max_tokens=50_000, effort="low"), [("/thinking", "mapped")])


@pytest.mark.parametrize("thinking", [chat.Thinking(effort="none"), chat.Thinking(budget=0)])
@pytest.mark.parametrize("abilities", [OLD, NEW, BOTH])
def test_off_is_off(thinking: chat.Thinking, abilities: Abilities) -> None:
    found, notes = planned(thinking, abilities)

    assert (found, found.on, notes) == (Plan(max_tokens=50_000, thinking=OFF), False, [])


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    found, notes = planned(chat.Thinking(effort="high"), Abilities())

    assert found == Plan(max_tokens=50_000)
    assert notes == [("/thinking", "lost"), ("/effort", "lost"), ("/budget", "lost"), ("/shown", "lost")]


@pytest.mark.parametrize(("shown", "display"), [(True, "summarized"), (False, "omitted")])
def test_whether_it_is_shown_is_said(shown: bool, display: str) -> None:
    old, _ = planned(chat.Thinking(budget=2048, shown=shown), OLD)
    new, _ = planned(chat.Thinking(shown=shown), NEW)

    assert old.thinking == {"type": "enabled", "budget_tokens": 2048, "display": display}
    assert new.thinking == {"type": "adaptive", "display": display}


def test_a_budget_beside_an_effort_is_lost_where_only_efforts_count() -> None:
    found, notes = planned(chat.Thinking(effort="high", budget=2048), NEW)

    assert (found.effort, notes) == ("high", [("/budget", "lost")])


def test_a_model_without_efforts_chooses_itself() -> None:
    found, notes = planned(chat.Thinking(effort="high"), attrs.evolve(NEW, efforts=()))

    assert (found, notes) == (Plan(max_tokens=50_000, thinking=SHOWN), [("/effort", "lost")])


def test_edge_61_the_answer_has_room_behind_the_thinking() -> None:
    found, notes = planned(chat.Thinking(budget=8192), OLD, 4096)

    assert found == Plan(max_tokens=12_288, thinking={"type": "enabled", "budget_tokens": 8192})
    assert notes == [("/max_tokens", "mapped")]


def test_edge_61_but_no_more_than_the_model_can_say() -> None:
    found, notes = planned(chat.Thinking(budget=64_000), attrs.evolve(OLD, output=32_000), 10_000)

    assert found == Plan(max_tokens=32_000, thinking={"type": "enabled", "budget_tokens": 31_999})
    assert notes == [("/max_tokens", "mapped"), ("/thinking", "mapped")]


def test_an_answer_without_room_for_thinking_has_none() -> None:
    short, _ = planned(chat.Thinking(budget=2048), attrs.evolve(OLD, output=1000), 500)
    probe, notes = planned(chat.Thinking(effort="high"), OLD, 1)

    assert short == Plan(max_tokens=1000, thinking=OFF)
    assert (probe, notes[0]) == (Plan(max_tokens=1, thinking=OFF), ("/thinking", "lost"))


@pytest.mark.parametrize("abilities", [OLD, BOTH, NEW])
def test_who_can_be_forced_to_call_only_while_calm_does_not_think(abilities: Abilities) -> None:
    found, notes = planned(chat.Thinking(budget=2048), abilities, forced=True)

    assert (found, notes[0]) == (Plan(max_tokens=50_000, thinking=OFF), ("/thinking", "lost"))


@pytest.mark.parametrize("forced_tools", ["always", "never"])
def test_who_can_always_be_forced_may_think(forced_tools: Any) -> None:
    found, _ = planned(chat.Thinking(budget=2048), attrs.evolve(NEW, forced_tools=forced_tools), forced=True)

    assert found.on


def test_a_model_that_may_think_by_itself_is_kept_from_it_where_a_call_is_forced() -> None:
    assert planned(None, NEW, forced=True) == (Plan(max_tokens=50_000, thinking=OFF), [])
    assert planned(None, OLD, forced=True) == (Plan(max_tokens=50_000), [])


def test_a_budget_behind_calls_without_thinking_is_off() -> None:
    found, notes = planned(chat.Thinking(budget=2048), OLD, unsealed=True)

    assert (found, notes[0]) == (Plan(max_tokens=50_000, thinking=OFF), ("/thinking", "lost"))


@pytest.mark.parametrize("abilities", [BOTH, NEW, ALWAYS])
def test_adaptive_thinking_behind_calls_without_thinking_is_taken(abilities: Abilities) -> None:
    found, _ = planned(chat.Thinking(budget=2048), abilities, unsealed=True)

    assert (found.thinking, found.effort) == (SHOWN, "medium")


@pytest.mark.parametrize("form", ["effort", "switch", "level"])
def test_models_of_others_get_a_budget(form: Any) -> None:
    abilities = Abilities(reasoning=form, efforts=("low", "high"))
    found, _ = planned(chat.Thinking(effort="high"), abilities, unsealed=True)

    assert found.thinking == {"type": "enabled", "budget_tokens": 24_576}
    assert planned(chat.Thinking(effort="none"), abilities)[0].thinking == OFF


def test_models_of_others_that_always_think_do_so() -> None:
    found, notes = planned(chat.Thinking(effort="none"), Abilities(reasoning="effort", reasoning_off=False))

    assert (found, notes[0]) == (Plan(max_tokens=50_000), ("/thinking", "lost"))


@pytest.mark.parametrize(
    ("wanted", "limit", "expected", "fates"),
    [
        (None, 64_000, 32_000, []),
        (None, 8_000, 8_000, []),
        (None, None, 32_000, []),
        (1, 64_000, 1, []),
        (70_000, 64_000, 64_000, ["mapped"]),
        (70_000, None, 70_000, []),
    ],
)
def test_the_length_of_the_answer_is_what_the_model_can_say(
    wanted: int | None, limit: int | None, expected: int, fates: list[str]
) -> None:
    found, notes = planned(None, Abilities(output=limit), wanted)

    assert (found.max_tokens, [fate for _, fate in notes]) == (expected, fates)


def test_every_budget_is_below_the_length_of_the_answer() -> None:
    odd: list[Any] = []
    for budget in (1, 1024, 4096, 100_000):
        for wanted in (1, 2, 1024, 4097, 64_000):
            found, _ = planned(chat.Thinking(budget=budget), OLD, wanted)
            said = found.thinking or {}
            if said["type"] == "enabled" and not 1024 <= said["budget_tokens"] < found.max_tokens <= 64_000:
                odd.append((budget, wanted, found))

    assert odd == []
