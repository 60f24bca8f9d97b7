from __future__ import annotations

import re
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.steer.decision import REASONS, decision_lines
from korproxy.models.decisions import Decision, Rejected, RuleTried, Way

WAY = Way(provider="one", account="work", model="m")
MADE = Decision(
    type="chat",
    profile="night",
    wanted="fast",
    model="m",
    rule="b",
    rules=(RuleTried("a", "model is not x"), RuleTried("b")),
    group="both",
    strategy="weighted",
    session="abc",
    kept="one/work",
    order=(WAY, Way(provider="two", account="home", model="n")),
    rejected=(Rejected(provider="one", account="spare", model="m", why="rate_limited", returns_in=61.2, code="KP-RATE-401"),),
)


def lines(decision: Decision) -> list[str]:
    return decision_lines(attrs.asdict(decision))


def test_a_decision_is_told_from_top_to_bottom() -> None:
    assert lines(MADE) == [
        "model    fast -> m",
        "type     chat",
        "profile  night",
        "group    both, strategy weighted",
        "session  it had one/work before",
        "rules",
        "  a: model is not x",
        "  b: holds",
        "asked, in this order",
        "  1. one/work with m",
        "  2. two/home with n",
        "not asked",
        "  one/spare with m: rate limited, asked again in 1 min 2 s [KP-RATE-401]",
    ]


def test_what_was_not_asked_for_is_left_out() -> None:
    plain = Decision(type="chat", profile="default", wanted="m", model="m", order=(WAY,), safe_mode=True)

    assert lines(plain) == [
        "model    m (safe mode)",
        "type     chat",
        "profile  default",
        "rules    none",
        "group    none: whoever offers the model",
        "asked, in this order",
        "  1. one/work with m",
    ]


def test_a_decision_that_ended_at_a_rule_has_no_group() -> None:
    assert not [each for each in lines(attrs.evolve(MADE, order=(), rejected=())) if each.startswith("group")]


@pytest.mark.parametrize("why", REASONS)
def test_every_reason_has_words(why: str) -> None:
    rejected = (Rejected(provider="p", account="a", model="m", why=why),)

    assert lines(attrs.evolve(MADE, rejected=rejected))[-1] == f"  p/a with m: {REASONS[why]}"


def test_every_reason_that_there_is_has_words() -> None:
    documented = set(re.findall(r"``([a-z_ ]+)``", (Rejected.__doc__ or "").partition("why:")[2].partition("returns_in:")[0]))

    assert documented == set(REASONS)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FLAT = LEAF | st.dictionaries(st.text(), LEAF) | st.lists(LEAF)
JSON = FLAT | st.lists(FLAT) | st.dictionaries(st.text(), FLAT)


@given(st.dictionaries(st.sampled_from([each.name for each in attrs.fields(Decision)]), JSON))
def test_whatever_a_daemon_of_another_version_says_is_no_error(decision: dict[str, Any]) -> None:
    assert all(isinstance(each, str) for each in decision_lines(decision))
