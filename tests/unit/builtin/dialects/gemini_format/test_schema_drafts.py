"""Drafts: two that must both hold become one. The whole is tested with ``schema_cleaning``."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.schema_drafts import DEEPEST, LONGEST, MOST, Budget, Draft, Limit, Merging


def both(one: Draft, two: Draft) -> tuple[Draft, list[str]]:
    lost: list[str] = []
    return Merging(lambda: None, lambda at, _why: lost.append(at)).both(one, two), lost


def draft(at: str = "/a", **more: Any) -> Draft:
    return Draft(at=at, **more)


@pytest.mark.parametrize(
    ("one", "two", "types", "lost"),
    [
        ((), ("STRING",), ("STRING",), []),
        (("STRING", "INTEGER"), ("INTEGER",), ("INTEGER",), []),
        (("NUMBER",), ("INTEGER",), ("INTEGER",), []),
        (("INTEGER",), ("NUMBER",), ("INTEGER",), []),
        (("STRING",), ("NUMBER",), ("STRING",), ["/b/type"]),
    ],
)
def test_types_are_those_that_both_allow(one: Any, two: Any, types: Any, lost: list[str]) -> None:
    found, gone = both(draft(types=one), draft("/b", types=two))

    assert (found.types, gone) == (types, lost)


def test_null_will_do_only_where_both_allow_it_or_one_says_nothing() -> None:
    assert both(draft(types=("STRING",), nullable=True), draft(types=("STRING",)))[0].nullable is False
    assert both(draft(types=("STRING",), nullable=True), draft())[0].nullable is True


def test_limits_are_the_tighter_ones() -> None:
    one = draft(limits={"minimum": Limit(1, "/a"), "maximum": Limit(9, "/a")})
    two = draft(limits={"minimum": Limit(3, "/b"), "maximum": Limit(20, "/b")})

    assert both(one, two)[0].limits == {"minimum": Limit(3, "/b"), "maximum": Limit(9, "/a")}


def test_properties_and_what_is_required_come_together() -> None:
    one = draft(properties={"a": draft(types=("STRING",))}, required={"a": "/1"})
    two = draft(properties={"a": draft(limits={"minLength": Limit(1, "")}), "b": draft()}, required={"b": "/2"})
    found, _ = both(one, two)

    assert (list(found.properties), found.required) == (["a", "b"], {"a": "/1", "b": "/2"})
    assert found.properties["a"].limits == {"minLength": Limit(1, "")}


def test_the_first_is_heard_by_people_and_the_other_reported() -> None:
    found, lost = both(draft(notes={"title": "A"}), draft("/b", notes={"title": "B", "default": 1}))

    assert (found.notes, lost) == ({"title": "A", "default": 1}, ["/b/title"])


def test_a_draft_says_whether_it_has_a_shape() -> None:
    assert not draft(notes={"title": "T"}, words=["w"], nullable=True).shaped
    assert draft(types=("STRING",)).shaped
    assert draft(notes={"title": "T"}, types=("STRING",), words=["w"]).only_shape() == draft(types=("STRING",))


@pytest.mark.parametrize("spent", [{"depth": DEEPEST + 1}, {"characters": LONGEST + 1}])
def test_a_budget_is_spent_at_once(spent: dict[str, int]) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        Budget("/s").spend(**spent)

    assert caught.value.pointer == "/s"


def test_a_budget_is_spent_in_the_end() -> None:
    budget = Budget("/s")
    for _ in range(MOST):
        budget.spend()
    with pytest.raises(chat.CannotCarry):
        budget.spend()
