"""How much to think, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.write_thinking import write_thinking
from tests.unit.builtin.dialects.responses_format.talk import OPENAI, Notes

ALWAYS = attrs.evolve(OPENAI, efforts=("low", "medium", "high", "xhigh", "max"))
OLD = attrs.evolve(OPENAI, efforts=("low", "medium", "high"))
POINTERS = {"thinking": "/t", "effort": "/e", "budget": "/b", "shown": "/s"}


def written(abilities: Abilities = OPENAI, *, forced: bool = False, searches: bool = False, **said: Any) -> tuple[Any, Notes]:
    report = chat.Report()
    options = chat.Options(thinking=chat.Thinking(**said) if said else None, pointers=POINTERS)
    found = write_thinking(options, abilities, report, forced=forced, searches=searches)
    return found.get("reasoning"), [(each.pointer, each.fate) for each in report.notes]


def test_nothing_said_is_nothing_sent() -> None:
    assert written() == (None, [])


@pytest.mark.parametrize(("shown", "lost"), [(None, []), (True, [("/s", "lost")])])
def test_an_account_that_is_shown_no_summary_is_not_asked_for_one(shown: bool | None, lost: Any) -> None:
    assert written(attrs.evolve(OPENAI, summaries=False), shown=shown, effort="high") == ({"effort": "high"}, lost)


@pytest.mark.parametrize(("shown", "more"), [(None, {"summary": "auto"}), (True, {"summary": "auto"}), (False, {})])
def test_a_summary_is_asked_for_unless_the_client_does_not_want_to_see_it(shown: bool | None, more: Any) -> None:
    assert written(effort="high", shown=shown) == ({"effort": "high", **more}, [])


def test_a_model_may_be_asked_to_show_what_it_thinks_as_much_as_it_likes() -> None:
    assert written(shown=True) == ({"summary": "auto"}, [])
    assert written(budget=-1) == ({"summary": "auto"}, [])


def test_edge_96_the_highest_effort_goes_where_chat_completions_stops_below_it() -> None:
    assert written(effort="max") == ({"effort": "max", "summary": "auto"}, [])


@pytest.mark.parametrize(
    ("abilities", "effort", "expected", "notes"),
    [
        (OLD, "max", "high", [("/e", "mapped")]),
        (OPENAI, "minimal", "low", [("/e", "mapped")]),
        (OPENAI, "xhigh", "xhigh", []),
    ],
)
def test_edge_60_an_effort_that_the_model_lacks_is_the_nearest(
    abilities: Abilities, effort: str, expected: str, notes: Notes
) -> None:
    assert written(abilities, effort=effort) == ({"effort": expected, "summary": "auto"}, notes)


def test_edge_92_thinking_is_switched_off_only_where_the_model_knows_the_word() -> None:
    assert written(effort="none") == ({"effort": "none"}, [])
    assert written(ALWAYS, effort="none") == ({"effort": "low", "summary": "auto"}, [("/e", "mapped")])
    assert written(effort="none", shown=True) == ({"effort": "none"}, [("/s", "lost")])


@pytest.mark.parametrize(
    ("budget", "effort"), [(1024, "low"), (8192, "medium"), (24576, "high"), (50_000, "xhigh"), (0, "none")]
)
def test_a_number_of_tokens_is_an_effort(budget: int, effort: str) -> None:
    found, notes = written(budget=budget, shown=False)

    assert (found, notes) == ({"effort": effort}, [("/b", "mapped")])


def test_a_number_beside_an_effort_is_lost() -> None:
    assert written(budget=1024, effort="high", shown=False) == ({"effort": "high"}, [("/b", "lost")])


def test_who_does_not_reason_is_not_asked_to() -> None:
    plain = attrs.evolve(OPENAI, reasoning="none", efforts=())

    assert written(plain, effort="high") == (None, [(each, "lost") for each in ("/t", "/e", "/b", "/s")])


def test_who_has_no_efforts_chooses_itself() -> None:
    assert written(attrs.evolve(OPENAI, efforts=()), effort="high") == (
        {"summary": "auto"},
        [("/e", "lost"), ("/b", "lost")],
    )
    report = chat.Report()
    options = chat.Options(thinking=chat.Thinking(effort="high"), pointers={"thinking": "/t"})
    write_thinking(options, attrs.evolve(OPENAI, efforts=()), report, forced=False)
    assert report.losses == ("/t",)


def test_who_is_forced_only_while_calm_does_not_think() -> None:
    calm = attrs.evolve(OPENAI, forced_tools="calm")

    assert written(calm, forced=True, effort="high") == ({"effort": "none"}, [(each, "lost") for each in POINTERS.values()])
    assert written(calm, forced=True) == ({"effort": "none"}, [])
    assert written(calm, forced=False, effort="high")[0] == {"effort": "high", "summary": "auto"}


def test_openai_does_not_search_with_the_least_effort() -> None:
    able = attrs.evolve(OPENAI, efforts=("minimal", "low", "medium", "high"))

    assert written(able, effort="minimal")[0] == {"effort": "minimal", "summary": "auto"}
    assert written(able, searches=True, effort="minimal") == ({"effort": "low", "summary": "auto"}, [("/e", "mapped")])
