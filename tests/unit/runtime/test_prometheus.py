from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from korproxy.models.histogram import BOUNDS, Histogram
from korproxy.models.measures import MOST_SERIES, OTHERS, SeriesKey, Totals
from korproxy.runtime.instruments import Moment
from korproxy.runtime.prometheus import MOST_DETAILED, prometheus
from korproxy.runtime.supervise import ServiceState
from korproxy.version import VERSION

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
IDLE = Moment(started=1_800_000_000.25, running=0)
KEY = SeriesKey("claude", "opus", "day", "chat", "ok", "")
WORK = {"provider": "claude", "model": "opus", "profile": "day", "type": "chat"}
CLAUDE = {
    "id": "claude",
    "running": 2,
    "waiting": 5,
    "accounts": ["well", "refused", "disabled", "without a key", "limited for a model"],
    "no_key": ["without a key"],
    "disabled": ["disabled"],
    "health": [
        {"account": "well", "model": "", "state": "available"},
        {"account": "refused", "model": "", "state": "refused"},
        {"account": "limited for a model", "model": "opus", "state": "rate_limited"},
    ],
}
BAD = KEY._replace(outcome="refused", code="KP-PROV-101")
BUSY = Totals(
    requests=3,
    attempts=4,
    tokens_in=10,
    cache_read=20,
    cache_write=30,
    tokens_out=40,
    reasoning=50,
    bytes_in=600,
    bytes_out=700,
    seconds=Histogram.of([0.001, 0.0011, 5000.0]),
    first_byte=Histogram.of([0.5]),
)


def samples(
    counted: Sequence[tuple[SeriesKey, Totals]],
    now: Moment = IDLE,
    names: Mapping[str, str] | None = None,
    providers: Sequence[Mapping[str, Any]] = (),
) -> list[Sample]:
    """Return what a parser that is not ours reads."""
    text = prometheus(counted, now, lambda name: (names or {}).get(name, name), providers).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def values(found: Sequence[Sample], name: str) -> dict[tuple[str, ...], float]:
    """Return the values of one metric by its labels' values."""
    return {tuple(each.labels.values()): each.value for each in found if each.name == f"korproxy_{name}"}


def test_a_daemon_that_has_done_nothing_yet_tells_so() -> None:
    told = {each.name: (each.labels, each.value) for each in samples([])}

    assert told == {
        "korproxy_build_info": ({"version": VERSION}, 1),
        "korproxy_start_time_seconds": ({}, 1_800_000_000.25),
        "korproxy_requests_running": ({}, 0),
        "korproxy_store_up": ({}, 1),
        "korproxy_events_waiting": ({}, 0),
    }


def test_what_is_so_right_now_is_told() -> None:
    states = [
        ServiceState(name="purge", state="running", restarts=2),
        ServiceState(name="sink store", state="waiting to restart", restarts=1),
    ]
    now = Moment(
        started=0,
        running=7,
        turned_away={"KP-AUTH-002": 3},
        services=states,
        store_up=False,
        events_waiting=11,
        events_dropped={("store", "queue full"): 5},
        lines_dropped={"file": 9, "queue": 0},
    )

    found = samples([], now)

    assert values(found, "requests_running") == {(): 7}
    assert values(found, "turned_away_total") == {("KP-AUTH-002",): 3}
    assert (values(found, "store_up"), values(found, "events_waiting")) == ({(): 0}, {(): 11})
    assert values(found, "events_dropped_total") == {("store", "queue full"): 5}
    assert values(found, "log_lines_dropped_total") == {("file",): 9, ("queue",): 0}
    assert values(found, "service_running") == {("purge",): 1, ("sink store",): 0}
    assert values(found, "service_restarts_total") == {("purge",): 2, ("sink store",): 1}


def test_what_each_provider_and_account_does_is_told() -> None:
    found = samples([], providers=[CLAUDE])

    assert values(found, "provider_requests_running") == {("claude",): 2}
    assert values(found, "provider_requests_waiting") == {("claude",): 5}
    assert {account: value for (_, account), value in values(found, "account_available").items()} == {
        "well": 1,
        "refused": 0,
        "disabled": 0,
        "without a key": 0,
        "limited for a model": 1,
    }


def test_each_way_to_end_is_counted_by_itself_and_the_work_together() -> None:
    found = samples([(KEY, BUSY), (BAD, Totals(requests=2, attempts=2, seconds=Histogram.of([0.001, 1])))])

    work = tuple(WORK.values())
    assert values(found, "requests_total") == {(*work, "ok", ""): 3, (*work, "refused", "KP-PROV-101"): 2}
    assert values(found, "attempts_total") == {work: 6}
    assert values(found, "bytes_total") == {(*work, "in"): 600, (*work, "out"): 700}
    assert {kind[-1]: value for kind, value in values(found, "tokens_total").items()} == {
        "in": 10,
        "cache_read": 20,
        "cache_write": 30,
        "out": 40,
        "reasoning": 50,
    }
    assert values(found, "request_seconds_count") == {work: 5}


def test_the_buckets_of_a_histogram_are_exact() -> None:
    found = samples([(KEY, BUSY)])

    work = tuple(WORK.values())
    buckets = {float(labels[-1]): value for labels, value in values(found, "request_seconds_bucket").items()}
    assert buckets == {bound: 1 if bound < 0.0011 else 2 for bound in BOUNDS} | {float("inf"): 3}
    assert values(found, "request_seconds_sum")[work] == pytest.approx(5000.0021, abs=1e-6)
    assert values(found, "first_byte_seconds_count") == {work: 1}


@given(st.text(), st.text(st.characters(codec="utf-8")))
def test_a_name_may_hold_any_character(provider: str, model: str) -> None:
    found = samples([(KEY._replace(provider=provider, model=model), BUSY)])

    sent = provider.encode(errors="replace").decode()
    assert list(values(found, "requests_total")) == [(sent, model, "day", "chat", "ok", "")]


def test_names_are_redacted_and_those_that_are_then_alike_are_counted_together() -> None:
    rows = [(KEY._replace(model="sk-one"), Totals(1)), (KEY._replace(model="sk-two"), Totals(2))]
    states = [ServiceState(name="sk-one")]
    now = Moment(started=0, running=0, services=states, events_dropped={("sk-two", "queue full"): 1})

    found = samples(rows, now, {"sk-one": "***", "sk-two": "***"})

    assert values(found, "requests_total") == {("claude", "***", "day", "chat", "ok", ""): 3}
    assert values(found, "service_running") == {("***",): 0}
    assert values(found, "events_dropped_total") == {("***", "queue full"): 1}


def test_whatever_names_clients_make_up_there_are_few_series_and_nothing_is_missing() -> None:
    rows = [(KEY._replace(model=f"model-{number}"), Totals(1, attempts=1)) for number in range(3 * MOST_SERIES)]

    found = samples(rows)

    requests, attempts = values(found, "requests_total"), values(found, "attempts_total")
    assert (len(requests), sum(requests.values())) == (MOST_SERIES + 1, len(rows))
    assert (len(attempts), sum(attempts.values())) == (MOST_DETAILED + 1, len(rows))
    assert attempts["claude", OTHERS, OTHERS, "chat"] == len(rows) - MOST_DETAILED


def test_the_reference_names_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(korproxy_\w+)` \| (\w+) \|([^|]*)\|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    now = Moment(
        started=0,
        running=0,
        turned_away={"KP-AUTH-002": 1},
        services=[ServiceState(name="purge")],
        events_dropped={("store", "queue full"): 1},
        lines_dropped={"file": 1},
    )

    text = prometheus([(KEY, BUSY)], now, str, [CLAUDE]).decode()

    labels: dict[str, list[str]] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels[name] = [each for each in family.samples[0].labels if each != "le"]
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    assert {name: (kind, re.findall(r"`(\w+)`", told)) for name, kind, told in rows} == {
        name: (kinds[name], named) for name, named in labels.items()
    }


def test_no_series_is_told_twice() -> None:
    found = samples([(KEY, BUSY), (BAD, BUSY), (KEY, BUSY), (KEY._replace(model=""), BUSY)])

    told = [(each.name, *each.labels.items()) for each in found]
    assert len(told) == len(set(told))
