"""A story is data: it goes out as JSON, and two that are alike are equal."""

from __future__ import annotations

import json

import attrs

from korproxy.models.decisions import Attempt, Decision, Rejected, RuleTried, Way, Why

WHY = Why(
    id="id-1",
    correlation_id="cor-1",
    wall=1000.0,
    decision=Decision(
        type="chat",
        profile="default",
        wanted="one/m",
        model="m",
        rules=(RuleTried("night", "hours"), RuleTried("tools")),
        order=(Way(provider="one", account="a", model="m"),),
        rejected=(Rejected(provider="one", account="b", model="m", why="rate_limited", returns_in=3.0, code="KP-RATE-401"),),
    ),
    attempts=(Attempt(provider="one", account="a", model="m", at=0.0, seconds=1.0, outcome="answered", status=200),),
    outcome="ok",
)


def test_the_whole_story_is_json_in_its_own_types() -> None:
    told = json.loads(json.dumps(WHY.to_dict()))

    assert told["decision"]["rules"] == [{"name": "night", "why": "hours"}, {"name": "tools", "why": ""}]
    assert told["decision"]["rejected"][0]["returns_in"] == 3.0
    assert told["attempts"][0]["next"] == "done"
    assert set(told) == {each.name for each in attrs.fields(Why)}


def test_the_same_story_told_twice_is_equal_and_nothing_of_it_can_be_changed() -> None:
    assert attrs.evolve(WHY) == WHY
    assert hash(WHY.decision) == hash(attrs.evolve(WHY.decision))
