from __future__ import annotations

import attrs
import pytest

from korproxy.api import Rule, When
from korproxy.builtin.commands.steer.rule import rule_text

EVERYTHING = When(
    model="claude-*",
    types=("chat", "other"),
    key="k*",
    headers={"x-a": "b"},
    min_body=1,
    max_body=2,
    tools=True,
    images=False,
    reasoning=True,
    profile="p",
    hours="22:00-06:00",
    days=("mon", "tue"),
)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(name="a", group="g"), "always: to group g"),
        (Rule(name="a", when=When(model="x*"), model="m", safe_mode=True), "if model x*: as model m and in safe mode"),
        (Rule(name="a", refuse="KP-PROV-124", enabled=False), "always: refuse with KP-PROV-124 (switched off)"),
        (Rule(name="a", refuse="KP-PROV-124", message="No."), "always: refuse with KP-PROV-124 (No.)"),
        (
            Rule(name="a", when=EVERYTHING, group="g"),
            "if model claude-*, type chat or other, key k*, header x-a: b, at least 1 bytes, at most 2 bytes, with tools,"
            " without images, with reasoning, profile p, hours 22:00-06:00, days mon tue: to group g",
        ),
    ],
)
def test_a_rule_is_a_line(rule: Rule, words: str) -> None:
    assert rule_text(rule) == words


@pytest.mark.parametrize("name", [each.name for each in attrs.fields(When)])
def test_no_condition_is_left_out(name: str) -> None:
    only = attrs.evolve(When(), **{name: getattr(EVERYTHING, name)})

    assert rule_text(Rule(name="a", when=only, group="g")).startswith("if ")
