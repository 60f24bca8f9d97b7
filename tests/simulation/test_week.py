"""A simulated week: whatever goes wrong, accounts rest no longer than they may, and nothing is lost that could be answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

import pytest

from korproxy.gateway import backoff, health, rejecting
from korproxy.gateway.asking import Asker
from korproxy.gateway.health import Health
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.journey import Journey
from korproxy.gateway.sessions import Sessions
from tests.simulation.__main__ import main
from tests.simulation.figures import table
from tests.simulation.weather import Kind
from tests.simulation.week import NARROW, STRATEGIES, Plan, Week, simulate

IN_A_ROW = 60  # choices that may pass by one of six accounts: by chance alone that happens once in 50,000 of them

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def quiet(expected_logs: list[logging.LogRecord], caplog: pytest.LogCaptureFixture) -> None:
    """Let waits be said, but not kept: there are thousands."""
    caplog.set_level(logging.ERROR, "korproxy")


def judge(week: Week) -> None:
    assert week.referee.breaches == [], table(week)
    assert week.books.outcomes["answered"] > 100 * week.plan.days
    assert week.referee.probes > 0
    assert week.books.longest_passed_by <= IN_A_ROW or week.plan.strategy == "priority", table(week)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_day_of_trouble(strategy: str) -> None:
    judge(simulate(Plan(seed=20 + STRATEGIES.index(strategy), days=1, strategy=strategy)))


def test_a_day_of_trouble_where_there_are_too_few_places_for_all() -> None:
    week = simulate(Plan(seed=31, days=1, crowd=60, room=NARROW))

    judge(week)
    assert week.books.codes["KP-RATE-402"] > 0  # there were


@pytest.mark.parametrize(
    "plan",
    [
        Plan(seed=941310, days=0.4, strategy="random", trouble=30, max_wait=0, room=NARROW),
        Plan(seed=85831, days=0.4, strategy="random", trouble=30, crowd=40, max_wait=30),
        Plan(seed=834228, days=0.4, strategy="priority", trouble=30, crowd=40, max_wait=0),
    ],
    ids=["a probe in line", "buckets that are empty", "stragglers"],
)
def test_times_in_which_hardly_anything_is_well(plan: Plan) -> None:
    week = simulate(plan)

    assert week.referee.breaches == [], table(week)
    assert week.books.outcomes["lost"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_week_of_trouble(seed: int) -> None:
    week = simulate(Plan(seed=seed, strategy=STRATEGIES[seed - 1]))

    judge(week)
    assert set(week.sky.met) == {"well", *get_args(Kind)}
    assert week.referee.longest_wait > 1700  # some have asked for a day
    assert week.seconds < 120


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(41, 44))
def test_a_week_of_trouble_where_there_are_too_few_places_for_all(seed: int) -> None:
    judge(simulate(Plan(seed=seed, crowd=60, room=NARROW)))


def test_the_same_seed_is_the_same_week() -> None:
    weeks = [simulate(Plan(seed=5, days=0.3)) for _ in range(2)]

    told = [table(each).splitlines()[2:] for each in [*weeks, simulate(Plan(seed=6, days=0.3))]]
    assert told[0] == told[1] != told[2]


def test_the_command_prints_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "3", "--days", "0.2", "--strategy", "weighted"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("3, 0.2, weighted")
    assert lines[-1].split() == ["laws", "broken", "none"]


def lets_all_probe(known: Health, now: float) -> str:
    """Do what ``health.may`` does, but for others who are there already."""
    return "yes" if known.state == "available" else "no" if now < known.until else "probe"


async def does_not_close(*_: object) -> None: ...


Patch: TypeAlias = tuple[Any, str, Callable[..., object]]
DEFECTS: Mapping[str, tuple[str, Sequence[Patch]]] = {  # what somebody could break, and the law that has to notice it
    "probes are not counted": (
        "one probe at a time",
        [(health, "may", lets_all_probe), (rejecting, "may", lets_all_probe)],
    ),
    "who waited in line does not look again": (
        "a resting account is left alone",
        [(Asker, "_is_overtaken", lambda *_, **__: False)],
    ),
    "a wrong key is forgotten": (
        "an account is left alone whose key is wrong",
        [(HealthBoard, "refused", lambda *_, **__: None)],
    ),
    "a limit is forgotten": (
        "nobody is asked before the time that it has named",
        [(HealthBoard, "limited", lambda *_, **__: None)],
    ),
    "what a provider asks for is ignored": (
        "nobody is asked before the time that it has named",
        [(health, "wait", lambda *given: backoff.delay(*given[:2]))],
    ),
    "a probe keeps its turn": ("a probe that is over gives its turn back", [(HealthBoard, "release", lambda *_: None)]),
    "waits have no cap": ("no wait is beyond its cap", [(health, "wait", lambda *_: 4000.0)]),
    "waits are too long": (
        "nobody rests for longer than it has asked for, or a minute",
        [(health, "wait", lambda *_: 90.0)],
    ),
    "waits do not grow": ("probes per hour are bounded", [(health, "wait", lambda *_: 0.0)]),
    "sessions are forgotten": (
        "a session moves only when its account cannot answer",
        [(Sessions, "account", lambda *_: "")],
    ),
    "nobody else is asked": ("nothing is lost that somebody could have answered", [(Journey, "_next", lambda _: None)]),
    "the refused answer stays open": ("one request is at one account at a time", [(Journey, "_drop", does_not_close)]),
    "attempts are not put down": ("what is told is what happened", [(Journey, "_note", lambda *_, **__: None)]),
}


@pytest.mark.parametrize(("law", "patches"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_does_not_go_unnoticed(monkeypatch: pytest.MonkeyPatch, law: str, patches: Sequence[Patch]) -> None:
    for where, name, wrong in patches:
        monkeypatch.setattr(where, name, wrong)
    week = simulate(Plan(seed=9, days=0.25, trouble=12, crowd=30, room=NARROW))

    assert law in week.referee.broken_laws, table(week)
