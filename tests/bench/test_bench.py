"""The bench's own arithmetic. Nothing is timed here: the suite runs on machines that do other things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.__main__ import main
from tests.bench.figures import MEASURES, Figure, Measure, as_json, exit_code, figures_of, table
from tests.bench.load import EVENTS, Answers, chat_request, messages_request
from tests.bench.machine import lines
from tests.bench.processes import BenchFailed, environment, python, resident_in, running, ticks_in

BARRED = Measure(name="start_ms", label="start", unit="ms", bar=200)
SHOWN = Measure(name="rate", label="rate", unit="1/s")
GOOD = {"version_ms": 50.0, "ready_ms": 400.0, "idle_memory_mb": 45.0}
REST = {"ready_cpu_ms": 350.0, "cpu_us": 1500.0, "added_p50_us": 1200.0, "requests_per_second": 600.0, "busy_memory_mb": 47.0}
REST |= {"translated_cpu_us": 2000.0, "event_cpu_us": 60.0, "translated_event_cpu_us": 90.0}


def figure(*values: float, measure: Measure = BARRED) -> Figure:
    return Figure(measure=measure, values=values)


@pytest.mark.parametrize(
    ("values", "median", "missed"),
    [
        ((1.0,), 1.0, False),
        ((900.0, 10.0, 30.0, 20.0, 800.0), 30.0, False),  # two disturbed runs of five do not count
        ((900.0, 10.0, 700.0, 20.0, 800.0), 700.0, True),
        ((100.0, 299.8), 199.9, False),
        ((200.0,), 200.0, True),  # under the bar, not on it
    ],
)
def test_the_median_is_held_against_the_bar(values: tuple[float, ...], median: float, missed: bool) -> None:
    found = figure(*values)
    assert (found.median, found.missed) == (median, missed)


def test_what_has_no_bar_is_never_missed() -> None:
    assert not figure(1e9, measure=SHOWN).missed


@pytest.mark.parametrize(
    ("figures", "code"),
    [([], 0), ([figure(1)], 0), ([figure(1), figure(201)], 1), ([figure(1), figure(1e9, measure=SHOWN)], 0)],
)
def test_one_missed_bar_decides_the_exit_code(figures: list[Figure], code: int) -> None:
    assert exit_code(figures) == code


def test_the_bars_are_those_that_were_promised() -> None:
    assert {each.name: each.bar for each in MEASURES if each.bar} == {"version_ms": 200, "ready_ms": 700, "idle_memory_mb": 65}


def test_runs_become_one_figure_for_each_measure() -> None:
    runs = [{"start_ms": 1.0, "rate": 5.0}, {"start_ms": 3.0, "rate": 7.0}]
    assert figures_of(runs, [SHOWN, BARRED]) == [figure(5, 7, measure=SHOWN), figure(1, 3)]


def test_the_table_has_a_line_for_each_figure() -> None:
    shown = table([figure(45.24, 44, 61), figure(250), figure(1234.5, measure=SHOWN)])
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        "median lowest highest bar",
        "start 45.2 44.0 61.0 ms < 200 ok",
        "start 250 250 250 ms < 200 MISSED",
        "rate 1,234 1,234 1,234 1/s",
    ]
    assert len({line.rindex("250") for line in shown.splitlines() if "250" in line}) == 1


def test_the_json_has_every_value() -> None:
    assert as_json([figure(3, 250, 300)], {"python": "3.11"}) == {
        "about": {"python": "3.11"},
        "figures": {
            "start_ms": {"label": "start", "unit": "ms", "median": 250, "values": [3, 250, 300], "bar": 200, "missed": True}
        },
        "missed": True,
    }


@pytest.mark.parametrize("load", [0.1, 3.0])
def test_a_busy_machine_is_owned_up_to(load: float) -> None:
    about = {
        "machine": "m",
        "system": "s",
        "load": load,
        "python": "p",
        "korproxy": "0.1.0, editable",
        "packages": {"trio": "1"},
    }
    shown = lines(about)
    assert shown.startswith(f"m; s; load {load} before the first run\np; korproxy 0.1.0, editable\ntrio 1")
    assert ("busy" in shown) == (load > 1)


@pytest.mark.parametrize(("version_ms", "code"), [(50.0, 0), (250.0, 1)])
def test_the_command_prints_a_table_writes_json_and_exits_by_the_bars(
    version_ms: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def measured(runs: int) -> list[Mapping[str, float]]:
        asked.append(runs)
        return [{**GOOD, **REST, "version_ms": version_ms}] * runs

    assert main(["--json", str(tmp_path / "bench.json")], measured) == code

    written = json.loads((tmp_path / "bench.json").read_text())
    assert (asked, written["missed"], written["figures"]["version_ms"]["values"]) == ([5], bool(code), [version_ms] * 5)
    assert ("MISSED" in capsys.readouterr().out) == bool(code)


def test_a_bench_that_cannot_measure_says_why_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    def measured(runs: int) -> Iterator[Mapping[str, float]]:
        yield GOOD
        raise BenchFailed(f"no daemon in any of {runs} runs")

    assert main(["--runs", "3"], measured) == 2
    assert capsys.readouterr().err == "no daemon in any of 3 runs\n"


def test_ticks_are_found_behind_a_name_with_brackets_and_spaces() -> None:
    assert ticks_in("7 (py) thon (3) S 1 7 7 0 -1 4194304 900 0 0 0 41 9 3 2 20 0 1 0 100 200 300\n") == 50


def test_resident_bytes_are_read() -> None:
    assert resident_in("5581-7fff ---p 00000000 00:00 0   [rollup]\nRss:     44000 kB\nPss:   100 kB\n") == 44_000 * 1024


def test_programs_see_no_proxy_no_other_home_and_no_switches_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "KORPROXY_HOME", "PYTHONDEVMODE", "PYTHONPATH", "MORE"):
        monkeypatch.setenv(name, "set")
    found = environment(KORPROXY_HOME="mine")
    seen = {
        name: found.get(name) for name in ("HTTP_PROXY", "https_proxy", "PYTHONDEVMODE", "PYTHONPATH", "MORE", "KORPROXY_HOME")
    }
    assert seen == {
        "HTTP_PROXY": None,
        "https_proxy": None,
        "PYTHONDEVMODE": None,
        "PYTHONPATH": "set",
        "MORE": "set",
        "KORPROXY_HOME": "mine",
    }


def test_a_program_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="ended with 3: no such thing"):
        with running(python("-c", "import sys; sys.stderr.write('no such thing'); sys.exit(3)"), tmp_path):
            pass


def test_a_program_does_not_outlive_its_block(tmp_path: Path) -> None:
    with running(python("-c", "print('{\"a\": 1}', flush=True); input()"), tmp_path) as program:
        assert Path(f"/proc/{program.pid}").exists()
    assert (program.said, Path(f"/proc/{program.pid}").exists()) == ({"a": 1}, False)


def test_the_request_is_a_whole_one_of_about_a_kilobyte() -> None:
    head, _, body = chat_request("http://127.0.0.1:9", "kp").partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert 900 < len(head) + len(body) < 1100
    assert list(json.loads(body)) == ["model", "messages", "stream"]


def test_the_translated_request_says_the_same_and_a_stream_has_a_known_number_of_events() -> None:
    ask = "http://127.0.0.1:9", "kp"
    messages = json.loads(messages_request(*ask, stream=True).partition(b"\r\n\r\n")[2])
    chat = json.loads(chat_request(*ask, stream=True).partition(b"\r\n\r\n")[2])

    assert messages.pop("max_tokens") > 4 * EVENTS
    assert messages == chat
    assert chat["messages"][0]["content"].endswith(f"{{{{mock: words={EVENTS}}}}}")


@given(st.data())
def test_answers_are_counted_however_they_are_cut(data: st.DataObject) -> None:
    one = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    other = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    answers, complete = Answers(), []
    for wire in (one, other, one):  # one after the other: the next is sent only after the last was read
        cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1))))
        complete += [answers.feed(wire[a:b]) for a, b in pairwise([0, *cuts, len(wire)])]
    assert complete.count(True) == 3
    assert complete[-1]


def test_an_answer_that_is_no_200_stops_the_bench() -> None:
    with pytest.raises(BenchFailed, match="answered 401: who are you"):
        Answers().feed(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 11\r\n\r\nwho are you")
