from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.builtin.commands.look.metrics import lines
from korproxy.builtin.commands.look.row import from_files
from korproxy.builtin.commands.look.times import local
from korproxy.models.histogram import Histogram
from korproxy.models.measures import SeriesKey, Totals
from korproxy.models.summary import OFF, answer
from tests.fakes.daemon import answering
from tests.fakes.steered import furnished, run, said

SINCE = 1_780_000_000
OK = SeriesKey("claude", "claude-opus-5", "day", "chat", "ok", "")
BUSY = Totals(
    requests=3,
    attempts=4,
    tokens_in=1000,
    cache_read=9000,
    cache_write=500,
    tokens_out=42,
    bytes_in=60_000,
    bytes_out=700,
    seconds=Histogram.of([1.0, 2.0, 30.0]),
    first_byte=Histogram.of([0.5, 0.25, 0.5]),
)
REFUSED = Totals(requests=1, attempts=1, seconds=Histogram.of([0.02]))
COUNTED = [
    (OK, BUSY),
    (OK._replace(outcome="refused", code="KP-PROV-101"), REFUSED),
    (SeriesKey("", "", "", "", "failed", "KP-RATE-999"), Totals(requests=1, seconds=Histogram.of([0.0004]))),
]


def told(dropped: dict[tuple[str, str], int] | None = None, *notes: str) -> dict[str, Any]:
    return answer(COUNTED, str, since=SINCE, until=SINCE + 60, dropped=dropped, notes=notes)


@pytest.mark.code("KP-PROV-101")
def test_people_get_totals_and_a_table_for_each_name(home: Path) -> None:
    with answering(home, json.dumps(told()).encode()) as asked:
        done = run("metrics")

    assert (done.exit_code, done.stderr, [each.path for each in asked]) == (0, "", ["/v1/metrics?since=86400s"])
    assert done.stdout.splitlines() == [
        f"since        {local(SINCE)}",
        "requests     5: ok 3 (60.0%), refused 1 (20.0%), failed 1 (20.0%)",
        "attempts     5",
        "tokens       in 1 k, read from a cache 9 k, written to it 500, out 42",
        "bytes        in 60 k, out 700",
        "took         p50 996 ms, p90 30.1 s, p99 30.1 s, mean 6.6 s",
        "first byte   p50 498 ms, p90 498 ms, p99 498 ms, mean 417 ms",
        "",
        "provider  requests  errors     p50     p90     p99  1st byte p50     p90     p99  tokens in  out",
        "claude           4   25.0%  996 ms  30.1 s  30.1 s        498 ms  498 ms  498 ms     10.5 k   42",
        "-                1  100.0%  0.4 ms  0.4 ms  0.4 ms             -       -       -          0    0",
        "",
        "model                 requests  errors     p50     p90     p99  1st byte p50     p90     p99  tokens in  out",
        "claude/claude-opus-5         4   25.0%  996 ms  30.1 s  30.1 s        498 ms  498 ms  498 ms     10.5 k   42",
        "-                            1  100.0%  0.4 ms  0.4 ms  0.4 ms             -       -       -          0    0",
        "",
        "profile  requests  errors     p50     p90     p99  1st byte p50     p90     p99  tokens in  out",
        "day             4   25.0%  996 ms  30.1 s  30.1 s        498 ms  498 ms  498 ms     10.5 k   42",
        "-               1  100.0%  0.4 ms  0.4 ms  0.4 ms             -       -       -          0    0",
        "",
        "type  requests  errors     p50     p90     p99  1st byte p50     p90     p99  tokens in  out",
        "chat         4   25.0%  996 ms  30.1 s  30.1 s        498 ms  498 ms  498 ms     10.5 k   42",
        "-            1  100.0%  0.4 ms  0.4 ms  0.4 ms             -       -       -          0    0",
        "",
        "errors",
        "  KP-PROV-101  1  The provider refused the request.",
        "  KP-RATE-999  1",
    ]


def test_programs_get_what_the_daemon_says_and_that_it_was_the_daemon(home: Path) -> None:
    with answering(home, json.dumps(told()).encode()):
        code, data = said("metrics")

    assert (code, data) == (0, {"asked": "daemon", **told()})


def test_since_when_is_what_the_daemon_is_asked(home: Path) -> None:
    with answering(home, json.dumps(told()).encode()) as asked:
        run("metrics", "--since", "1h30m")

    assert [each.path for each in asked] == ["/v1/metrics?since=5400s"]


def test_without_a_daemon_the_disk_is_read_and_nothing_is_made_there(home: Path) -> None:
    furnished(home)
    before = sorted(home.iterdir())
    done = run("metrics")

    assert (done.exit_code, done.stderr, done.stdout.splitlines()[0]) == (0, "", from_files(home))
    assert done.stdout.splitlines()[2:] == ["requests     0"]
    assert sorted(home.iterdir()) == before


@pytest.mark.code("KP-SYS-534")
def test_who_has_switched_metrics_off_is_told_so(home: Path) -> None:
    furnished(home, "[store]\nmetrics = false\n")
    done = run("metrics")

    assert (done.exit_code, done.stdout.splitlines()[1]) == (
        0,
        "[KP-SYS-534] Metrics are switched off ([store] metrics = false), so requests are not counted at present.",
    )


def test_where_nobody_got_an_answer_nothing_is_said_of_first_bytes() -> None:
    found = answer([(OK._replace(outcome="failed"), REFUSED)], str, since=SINCE, until=SINCE)

    shown = list(lines(found, {}))
    named = [line.split()[0] for line in shown[: shown.index("")]]
    assert named == ["since", "requests", "attempts", "tokens", "bytes", "took"]


def test_what_is_missing_is_told() -> None:
    found = told({("store", "queue full"): 7, ("log", "queue full"): 0}, OFF)

    assert list(lines(found, {}))[:2] == [
        OFF,
        "Missing: 7 requests since the start, lost on the way to the store (queue full)",
    ]


@pytest.mark.code("KP-AUTH-002")
def test_what_never_became_a_request_is_told_by_itself(home: Path) -> None:
    found = answer([], str, since=SINCE, until=SINCE, turned_away={"KP-SYS-506": 1, "KP-AUTH-002": 12})
    with answering(home, json.dumps(found).encode()):
        done = run("metrics")

    assert done.stdout.splitlines()[1:] == [
        "requests     0",
        "",
        "turned away since the start, before it was a request",
        "  KP-AUTH-002  12  The KorProxy key in the request is wrong.",
        "  KP-SYS-506   1   KorProxy has nothing at this address.",
    ]


def test_of_very_many_models_the_busiest_are_shown() -> None:
    counted = [(OK._replace(model=f"m{number:02}"), Totals(requests=100 - number)) for number in range(50)]
    shown = list(lines(answer(counted, str, since=SINCE, until=SINCE), {}))

    models = [line.split()[0] for line in shown if line.startswith("claude/")]
    assert models == [f"claude/m{number:02}" for number in range(20)]
    assert "and 30 more; `korproxy metrics --json` has all" in shown


@pytest.mark.parametrize("args", [["--since", "soon"], ["--since"], ["x"]])
def test_a_wrong_command_line_asks_nobody(home: Path, args: list[str]) -> None:
    with answering(home, b"{}") as asked:
        done = run("metrics", *args)

    assert (done.exit_code, asked) == (2, [])


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NAMES = st.sampled_from([*told()["total"], "p50", "in", "model", "sink"])
JSON = LEAF | st.lists(LEAF | st.dictionaries(NAMES, LEAF)) | st.dictionaries(NAMES, LEAF | st.dictionaries(NAMES, LEAF))


@given(st.dictionaries(st.sampled_from(sorted(told())), JSON))
def test_whatever_a_daemon_of_another_version_says_is_no_error_and_does_nothing_to_the_terminal(found: dict[str, Any]) -> None:
    assert all(each.isprintable() for each in lines(found, {}))


def test_names_that_clients_made_up_do_nothing_to_the_terminal() -> None:
    found = answer([(OK._replace(model="\x1b[31mred\n"), BUSY)], str, since=SINCE, until=SINCE)

    assert all(each.isprintable() for each in lines(found, {}))
