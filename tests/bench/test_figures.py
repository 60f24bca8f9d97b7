"""What is held against which bar, and how."""

from __future__ import annotations

import pytest

from tests.bench.figures import (
    AT_LEAST,
    FLOOR,
    MEASURES,
    UNDER,
    Figure,
    Measure,
    NotMeasured,
    Round,
    figures_of,
    ideal_events,
    measures_for,
    over_direct,
    own,
    times,
)

START = Measure(name="start_ms", label="start", unit="ms", of=own("start_ms"), bar=200)
SHORTER = Measure(name="start_ms", label="start", unit="ms", of=own("start_ms"), bar=200, sense=UNDER)
SHARE = Measure(name="share", label="share", unit="%", of=own("share"), bar=99, sense=AT_LEAST)
SHOWN = Measure(name="rate", label="rate", unit="1/s", of=own("rate"))


@pytest.mark.parametrize(
    ("measure", "values", "median", "missed"),
    [
        (START, (1.0,), 1.0, False),
        (START, (900.0, 10.0, 30.0, 20.0, 800.0), 30.0, False),  # two disturbed rounds of five do not count
        (START, (900.0, 10.0, 700.0, 20.0, 800.0), 700.0, True),
        (START, (200.0,), 200.0, False),
        (SHORTER, (200.0,), 200.0, True),
        (SHORTER, (199.9,), 199.9, False),
        (SHARE, (99.0,), 99.0, False),
        (SHARE, (98.9,), 98.9, True),
        (SHOWN, (1e9,), 1e9, False),
    ],
)
def test_the_median_is_held_against_the_bar(measure: Measure, values: tuple[float, ...], median: float, missed: bool) -> None:
    found = Figure(measure=measure, values=values)
    assert (found.median, found.missed) == (median, missed)


@pytest.mark.parametrize(
    ("measure", "lacks", "missed"), [(START, "korproxy", True), (START, "litellm", False), (SHOWN, "korproxy", False)]
)
def test_what_korproxy_could_not_do_misses_its_bar_and_what_a_peer_could_not_does_not(
    measure: Measure, lacks: str, missed: bool
) -> None:
    assert Figure(measure=measure, values=(), lacks=lacks).missed == missed


def test_rounds_become_one_figure_for_each_measure() -> None:
    rounds = [Round({"korproxy": {"start_ms": 1.0, "rate": 5.0}}), Round({"korproxy": {"start_ms": 3.0}})]
    found = figures_of(rounds, [SHOWN, START])
    assert found == [Figure(measure=SHOWN, values=(5.0,)), Figure(measure=START, values=(1.0, 3.0))]


def test_a_measure_names_whose_values_it_lacks() -> None:
    ratio = Measure(name="ratio", label="ratio", unit="", of=times("litellm", "korproxy", "cpu"), bar=50, sense=AT_LEAST)
    assert figures_of([Round({"korproxy": {"cpu": 1.0}})], [ratio]) == [Figure(measure=ratio, values=(), lacks="litellm")]


def test_values_are_compared_within_one_round() -> None:
    each = Round({"korproxy": {"p50": 410.0}, "direct": {"p50": 10.0}})
    assert (times("korproxy", "direct", "p50")(each), over_direct("p50")(each)) == (41.0, 0.4)
    with pytest.raises(NotMeasured, match="nginx has no p50"):
        times("korproxy", "nginx", "p50")(each)


def test_a_round_can_be_given_more() -> None:
    each = Round({"korproxy": {"a": 1.0}, "nginx": {"a": 2.0}})
    assert each.adding("korproxy", {"b": 3.0}).values == {"korproxy": {"a": 1.0, "b": 3.0}, "nginx": {"a": 2.0}}
    assert each.adding("direct", {"b": 3.0}).values == {**each.values, "direct": {"b": 3.0}}


def test_the_bars_are_those_that_were_promised() -> None:
    assert {each.name: (each.sense, each.bar) for each in (*MEASURES, *FLOOR) if each.bar is not None} == {
        "cpu_us": ("<=", 150),
        "litellm_times": (">=", 50),
        "portkey_times": (">=", 10),
        "nginx_times": ("<=", 8),
        "observing_us": ("<", 25),
        "added_p50_ms": ("<=", 0.3),
        "added_p95_ms": ("<=", 0.6),
        "first_byte_ms": ("<=", 0.4),
        "stream_percent": (">=", 80),
        "paced_percent": (">=", 99),
        "paced_event_us": ("<=", 40),
        "streams_mb": ("<", 150),
        "translated_us": ("<=", 400),
        "translated_event_us": ("<=", 15),
        "large_us": ("<=", 500),
        "huge_times": ("<=", 3),
        "cancel_p99_ms": ("<", 20),
        "grown_mb": ("<", 5),
        "version_ms": ("<", 120),
        "help_ms": ("<", 120),
        "ready_s": ("<=", 0.35),
        "idle_mb": ("<", 50),
        "loaded_mb": ("<", 65),
        "floor_start_s": ("<", 3),
        "floor_p50_ms": ("<", 50),
        "floor_p95_ms": ("<", 100),
        "floor_idle_mb": ("<", 200),
    }


def test_a_short_run_leaves_out_what_takes_long() -> None:
    names = [{each.name for each in measures_for(short=short)} for short in (False, True)]
    assert names[0] - names[1] == {"grown_mb"}


def test_200_streams_with_an_event_each_10_ms_have_20_000_a_second() -> None:
    assert ideal_events(200, 1.5) == 30_000
