"""The bench of rules measures what it says. Nothing is timed here."""

from __future__ import annotations

import pytest

from korproxy.gateway.deciding import Situation, decide
from tests.bench import rules
from tests.bench.rules import BODY, CASES, HEADERS, RULES, Cost, ruled
from tests.fakes.routed import a_request


@pytest.mark.parametrize("name", CASES)
def test_in_each_case_all_rules_are_looked_at_and_the_last_one_holds(name: str) -> None:
    call = a_request("m", headers=HEADERS, key_name="laptop", body=BODY)
    made = decide(call, ruled(CASES[name]), Situation(wall=1_790_000_000.0)).decision

    assert (len(made.rules), made.rule, made.group) == (RULES, "the last", "g")
    assert [each.why == "" for each in made.rules] == [False] * (RULES - 1) + [True]


def test_without_rules_there_are_none() -> None:
    assert decide(a_request("m"), ruled([], 0), Situation()).decision.rules == ()


@pytest.mark.parametrize(("cost", "code", "verdict"), [(49.0, 0, "all under 50 us"), (51.0, 1, "over 50 us: headers")])
def test_the_bar_is_about_what_the_rules_add(
    cost: float, code: int, verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        rules, "costs", lambda: [Cost("headers", cost + 9, 9), Cost(rules.READ, 999, 9), Cost(rules.NEW, 99, 9)]
    )

    assert rules.main() == code
    assert capsys.readouterr().out.splitlines()[-1] == verdict
    assert [each.rules for each in rules.costs()] == [cost, 990, 90]


def test_every_case_is_measured() -> None:
    assert [each.name for each in rules.costs(loops=2, rounds=1)] == [*CASES, rules.NEW]
