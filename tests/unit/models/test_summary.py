from __future__ import annotations

import json

from korproxy.models.histogram import Histogram
from korproxy.models.measures import SeriesKey, Totals
from korproxy.models.summary import OFF, answer, summary

KEY = SeriesKey("claude", "opus", "day", "chat", "ok", "")
SPENT = Totals(
    requests=2,
    attempts=3,
    tokens_in=1,
    cache_read=2,
    cache_write=3,
    tokens_out=4,
    reasoning=5,
    bytes_in=6,
    bytes_out=7,
    seconds=Histogram.of([0.001, 0.002]),
    first_byte=Histogram.of([0.0005]),
)
NO_SPREAD = {"count": 0, "mean": None, "p50": None, "p90": None, "p99": None}
NOTHING = {
    "requests": 0,
    "ok": 0,
    "refused": 0,
    "failed": 0,
    "client_left": 0,
    "error_rate": 0.0,
    "errors": {},
    "attempts": 0,
    "tokens": {"in": 0, "cache_read": 0, "cache_write": 0, "out": 0, "reasoning": 0},
    "bytes": {"in": 0, "out": 0},
    "seconds": NO_SPREAD,
    "first_byte": NO_SPREAD,
}


def test_where_nothing_happened_all_is_nothing() -> None:
    assert summary([], since=60, until=120) == {
        "since": 60,
        "until": 120,
        "total": NOTHING,
        "by_provider": [],
        "by_model": [],
        "by_profile": [],
        "by_type": [],
    }


def test_all_that_was_counted_is_told() -> None:
    (model,) = summary([(KEY, SPENT)], since=0, until=1)["by_model"]

    assert model == {
        "provider": "claude",
        "model": "opus",
        "requests": 2,
        "ok": 2,
        "refused": 0,
        "failed": 0,
        "client_left": 0,
        "error_rate": 0.0,
        "errors": {},
        "attempts": 3,
        "tokens": {"in": 1, "cache_read": 2, "cache_write": 3, "out": 4, "reasoning": 5},
        "bytes": {"in": 6, "out": 7},
        "seconds": {"count": 2, "mean": 0.0015, "p50": 0.000996, "p90": 0.001992, "p99": 0.001992},
        "first_byte": {"count": 1, "mean": 0.0005, "p50": 0.000498, "p90": 0.000498, "p99": 0.000498},
    }


def test_errors_are_what_was_refused_or_failed_and_not_what_clients_left() -> None:
    rows = [
        (KEY, Totals(5)),
        (KEY._replace(outcome="refused", code="KP-PROV-101"), Totals(2)),
        (KEY._replace(outcome="failed", code="KP-PROV-105"), Totals(1)),
        (KEY._replace(outcome="failed", code="KP-AUTH-010", model="other"), Totals(1)),
        (KEY._replace(outcome="client left"), Totals(1)),
    ]

    total = summary(rows, since=0, until=1)["total"]

    assert (total["requests"], total["error_rate"], total["client_left"]) == (10, 0.4, 1)
    assert list(total["errors"].items()) == [("KP-PROV-101", 2), ("KP-AUTH-010", 1), ("KP-PROV-105", 1)]


def test_each_part_adds_up_to_the_whole_the_busiest_first() -> None:
    rows = [
        (SeriesKey("claude", "opus", "day", "chat", "ok", ""), Totals(1)),
        (SeriesKey("claude", "haiku", "night", "chat", "ok", ""), Totals(3)),
        (SeriesKey("local", "opus", "day", "background", "failed", "KP-PROV-105"), Totals(2)),
        (SeriesKey("", "", "", "", "failed", "KP-PROV-120"), Totals(1)),
    ]

    found = summary(rows, since=0, until=1)

    names = ("provider", "model", "profile", "type")
    parts = [f"by_{name}" for name in names]

    def rows_of(part: str) -> list[tuple[object, ...]]:
        return [(*[each[name] for name in names if name in each], each["requests"]) for each in found[part]]

    told = {part: rows_of(part) for part in parts}
    assert told == {
        "by_provider": [("claude", 4), ("local", 2), ("", 1)],
        "by_model": [("claude", "haiku", 3), ("local", "opus", 2), ("", "", 1), ("claude", "opus", 1)],
        "by_profile": [("day", 3), ("night", 3), ("", 1)],
        "by_type": [("chat", 4), ("background", 2), ("", 1)],
    }


def test_the_answer_says_what_is_missing_and_why() -> None:
    dropped = {("store", "queue full"): 0, ("log", "queue full"): 3}
    away = {"KP-AUTH-002": 1}
    found = answer([(KEY, SPENT), (KEY, SPENT)], str, since=60, until=120.00049, dropped=dropped, turned_away=away, notes=[OFF])

    assert found["dropped"] == [{"sink": "log", "reason": "queue full", "count": 3}]
    assert found["turned_away"] == away
    assert (found["until"], found["notes"], found["total"]["requests"]) == (120.0, [OFF], 4)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_names_are_made_safe() -> None:
    found = answer([(KEY._replace(model="secret"), SPENT)], lambda name: "***" if name == "secret" else name, since=0, until=1)

    assert [each["model"] for each in found["by_model"]] == ["***"]
