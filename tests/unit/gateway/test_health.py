"""What becomes of an account's health: each rule by an example."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import attrs
import pytest

from korproxy.gateway import health as rules
from korproxy.gateway.backoff import CAP
from korproxy.gateway.health import WELL, Health, may

NOW = 1000.0


def limited(health: Health, now: float = NOW, after: float | None = None) -> Health:
    return rules.limited(health, now, after, 0.5, "KP-RATE-401")


def failed(health: Health, now: float = NOW, after: float | None = None, times: int = 1) -> Health:
    for _ in range(times):
        health = rules.failed(health, now, after, 0.5, "KP-PROV-102")
    return health


REFUSED = rules.refused(WELL, NOW, "KP-AUTH-007")
PROBED = attrs.evolve(limited(WELL), probing=7)


def test_a_429_makes_it_rest_at_once() -> None:
    health = limited(WELL)

    assert (health.state, health.until, health.code, health.since) == ("rate_limited", NOW + 1.5, "KP-RATE-401", NOW)
    assert [may(health, now) for now in (NOW, NOW + 1.49, NOW + 1.5)] == ["no", "no", "probe"]


def test_it_rests_as_long_as_the_provider_asks_up_to_half_an_hour() -> None:
    assert limited(WELL, after=20).until == NOW + 20
    assert limited(WELL, after=1e9).until == NOW + CAP
    assert failed(WELL, after=20, times=3).until == NOW + 20


def test_two_failures_are_borne_and_the_third_makes_it_rest() -> None:
    assert (failed(WELL, times=2).state, may(failed(WELL, times=2), NOW)) == ("available", "yes")

    health = failed(WELL, times=3)

    assert (health.state, health.until, health.failures, health.code) == ("erroring", NOW + 1.5, 3, "KP-PROV-102")


def test_a_good_end_between_them_starts_the_count_again() -> None:
    health = failed(rules.succeeded(failed(WELL, times=2), NOW), times=2)

    assert (health.state, health.failures) == ("available", 2)


def test_an_answer_that_only_began_does_not() -> None:
    assert failed(rules.began(failed(WELL, times=2), NOW)).state == "erroring"


@pytest.mark.parametrize("again", [limited, failed])
def test_after_each_wait_that_was_in_vain_the_next_one_is_twice_as_long(again: Callable[[Health, float], Health]) -> None:
    health, now = limited(WELL), NOW
    waits: list[float] = []
    for _ in range(8):
        waits.append(health.until - now)
        now = health.until
        health = again(health, now)
    assert waits == [1.5, 2.5, 4.5, 8.5, 16.5, 32.5, 60, 60]


@pytest.mark.parametrize("again", [limited, failed])
def test_who_was_under_way_when_the_wait_began_does_not_make_it_grow(again: Callable[[Health, float], Health]) -> None:
    health = limited(WELL)
    for _ in range(10):
        health = again(health, NOW + 1)
    assert (health.until, health.attempt, health.state) == (NOW + 1.5, 1, "rate_limited")


def test_but_a_later_word_of_the_provider_on_how_long_it_takes_counts() -> None:
    assert limited(limited(WELL, after=30), NOW + 1, after=60).until == NOW + 61
    assert limited(limited(WELL, after=30), NOW + 1, after=2).until == NOW + 30
    assert limited(limited(WELL, after=30), NOW + 1, after=1e9).until == NOW + 1 + CAP


def test_while_one_request_probes_no_other_goes() -> None:
    assert may(PROBED, PROBED.until + 1) == "no"


@pytest.mark.parametrize("again", [limited, failed])
def test_who_fails_while_another_one_probes_does_not_let_a_second_one_probe(again: Callable[[Health, float], Health]) -> None:
    health = again(PROBED, PROBED.until)

    assert may(health, health.until + 1) == "no"


def test_a_probe_that_is_answered_ends_the_wait_for_all() -> None:
    health = rules.began(PROBED, PROBED.until + 1)

    assert (health.state, health.attempt, health.probing, may(health, NOW)) == ("available", 1, 0, "yes")


def test_until_a_good_end_the_next_wait_is_still_the_longer_one() -> None:
    begun = rules.began(PROBED, NOW + 10)

    assert limited(begun, NOW + 11).until == NOW + 11 + 2.5
    assert limited(rules.succeeded(begun, NOW + 11), NOW + 12).until == NOW + 12 + 1.5


@pytest.mark.parametrize("well", [rules.began, rules.succeeded])
def test_answers_to_who_was_under_way_do_not_end_a_wait(well: Callable[[Health, float], Health]) -> None:
    for health in (limited(WELL), failed(WELL, times=3)):
        assert well(health, NOW + 1) == health


@pytest.mark.parametrize("well", [rules.began, rules.succeeded])
def test_a_refused_credential_stays_refused_whatever_comes(well: Callable[[Health, float], Health]) -> None:
    assert (REFUSED.state, REFUSED.until, REFUSED.code) == ("refused", inf, "KP-AUTH-007")
    assert may(REFUSED, 1e300) == "no"
    assert REFUSED == well(REFUSED, NOW + 1e6) == limited(REFUSED, NOW + 1) == failed(REFUSED, NOW + 1)
    assert rules.refused(REFUSED, NOW + 5, "KP-PROV-110") == REFUSED == rules.spent(REFUSED, NOW, NOW + 60, "KP-RATE-401")


def test_any_wait_is_refused_by_a_refusal() -> None:
    health = rules.refused(PROBED, NOW + 1, "KP-AUTH-007")

    assert (health.state, may(health, NOW + 1e6)) == ("refused", "no")


@pytest.mark.parametrize("health", [WELL, REFUSED, PROBED, limited(WELL), failed(WELL, times=5)])
def test_who_is_woken_is_well(health: Health) -> None:
    assert rules.woken(health) == WELL


def test_who_says_that_nothing_is_left_rests_until_then_and_needs_no_probe() -> None:
    health = rules.spent(WELL, NOW, NOW + 6, "KP-RATE-401")

    assert (health.state, health.spent) == ("rate_limited", True)
    assert [may(health, now) for now in (NOW, NOW + 5.9, NOW + 6)] == ["no", "no", "yes"]
    assert rules.settled(health, NOW + 6).state == "available"


def test_of_two_words_on_when_there_is_more_the_later_one_counts_and_the_past_none() -> None:
    health = rules.spent(rules.spent(WELL, NOW, NOW + 6, ""), NOW + 1, NOW + 3, "")

    assert health.until == NOW + 6
    assert rules.spent(WELL, NOW, NOW - 1, "") == WELL == rules.spent(WELL, NOW, NOW, "")
    assert rules.spent(WELL, NOW, NOW + 1e9, "").until == NOW + CAP
    assert rules.spent(limited(WELL), NOW, NOW + 9, "").until == NOW + 9


def test_a_429_in_spite_of_that_makes_it_a_wait_like_any_other() -> None:
    health = limited(rules.spent(WELL, NOW, NOW + 6, ""), NOW + 1)

    assert (health.until, health.attempt, may(health, NOW + 6)) == (NOW + 6, 1, "probe")


def test_failures_count_while_nothing_is_left_too() -> None:
    health = failed(rules.spent(WELL, NOW, NOW + 6, ""), times=3)

    assert (health.state, health.until, may(health, NOW + 6)) == ("erroring", NOW + 6, "probe")


def test_of_account_and_model_the_worse_one_counts_with_what_both_know() -> None:
    short, long = limited(WELL), limited(WELL, after=30)

    assert rules.worse(long, REFUSED).state == "refused" == rules.worse(REFUSED, long).state
    assert rules.worse(short, long).until == NOW + 30 == rules.worse(long, short).until
    assert rules.worse(failed(WELL, times=2), WELL).failures == 2
    assert may(rules.worse(PROBED, long), NOW + 31) == "no"
    assert may(rules.worse(rules.spent(WELL, NOW, NOW + 60, ""), short), NOW + 61) == "probe"
    assert may(rules.worse(rules.spent(WELL, NOW, NOW + 60, ""), failed(WELL)), NOW + 61) == "yes"
