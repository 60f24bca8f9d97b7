"""The command: what it prints, what it writes and how it exits. Nothing is timed here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import peers
from tests.bench.__main__ import main
from tests.bench.asking import CHAT, chat, messages, post
from tests.bench.cases import CASES, Case
from tests.bench.compiled import Result, Times, compiled, mocking
from tests.bench.figures import FLOOR, MEASURES, Measure, NotMeasured, Round
from tests.bench.gateways import DIRECT, KORPROXY, LITELLM, NGINX, PORTKEY, Gateway, direct
from tests.bench.machine import lines
from tests.bench.measuring import cancel_p99, run_case, settle, values_of
from tests.bench.peers import not_equal, set_up, starts
from tests.bench.plan import Bench, Measured, Plan
from tests.bench.processes import BenchFailed, cpu_seconds, python, running

GATEWAY = Gateway(name=KORPROXY, version="1", port=1, headers={"authorization": "Bearer kp"})
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: the bench says so and exits with 2")


class Recorder(Round):
    """A round in which every value is there: 1, but for those of KorProxy that are named otherwise."""

    def __init__(self, **own: float) -> None:
        super().__init__({KORPROXY: own})

    def __call__(self, gateway: str, name: str) -> float:
        if gateway == KORPROXY and name.replace(".", "_") in self.values[KORPROXY]:
            return self.values[KORPROXY][name.replace(".", "_")]
        return 0.001 if gateway == KORPROXY and name.endswith("_us") else 1.0


def measuring(*rounds: Round, **not_measured: str) -> Callable[[Plan], Measured]:
    versions = {DIRECT: "no gateway", NGINX: "1.2", LITELLM: "3.4", PORTKEY: "5.6"}
    return lambda _: Measured(rounds=list(rounds), versions=versions, not_measured=not_measured)


GOOD = {"paced_percent": 100.0, "stream_events_per_second": 1.0, "ready_s": 0.1}


@pytest.mark.parametrize(
    ("own", "not_measured", "code", "last"),
    [
        ({}, {}, 0, "27 of 27 bars hold"),
        ({"version_ms": 250.0}, {}, 1, "26 of 27 bars hold; missed: version_ms"),
        ({}, {"litellm": "not set up"}, 3, "27 of 27 bars hold"),
        ({}, {"korproxy, cancel": "of 100 streams 99 were closed"}, 1, "27 of 27 bars hold"),
        ({"version_ms": 250.0}, {"litellm": "not set up"}, 1, "26 of 27 bars hold; missed: version_ms"),
    ],
)
def test_the_exit_code_and_the_last_line_tell_what_came_out(
    own: dict[str, float], not_measured: dict[str, str], code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], measuring(Recorder(**{**GOOD, **own}), **not_measured)) == code
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == last
    assert [line for line in said if line.startswith("NOT MEASURED")] == [
        f"NOT MEASURED: {n}: {w}" for n, w in not_measured.items()
    ]


def test_everything_is_written_as_json_and_as_plots(tmp_path: Path) -> None:
    each = Round({KORPROXY: {"version_ms": 50.0, "chat_64.cpu_us": 90.0}, NGINX: {"chat_64.cpu_us": 19.0}})
    assert main(["--json", str(tmp_path / "bench.json"), "--svg", str(tmp_path / "plots")], measuring(each)) == 1
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written["about"]["gateways"] == {DIRECT: "no gateway", NGINX: "1.2", LITELLM: "3.4", PORTKEY: "5.6"}
    assert (written["figures"]["cpu_us"]["values"], written["rounds"]) == ([90.0], [each.values])
    assert "nginx" in (tmp_path / "plots" / "cpu-per-chat.svg").read_text()


def test_a_short_run_says_that_it_was_one_and_asks_for_less(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Plan] = []

    def measured(plan: Plan) -> Measured:
        asked.append(plan)
        return measuring(Recorder(**GOOD))(plan)

    assert [main(args, measured) for args in (["--short"], ["--short", "--peers", "none"], ["--rounds", "2"])] == [0, 0, 0]
    said = capsys.readouterr().out
    assert said.count("This was the short run") == 2
    assert [(plan.rounds, list(plan.peers), plan.short) for plan in asked] == [
        (3, [NGINX], True),
        (3, [], True),
        (2, [NGINX, LITELLM, PORTKEY], False),
    ]


def test_what_is_not_equal_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    main([], measuring(Recorder(**GOOD)))
    said = capsys.readouterr().out
    assert not_equal([KORPROXY, DIRECT, NGINX, LITELLM, PORTKEY]) in said
    assert "nginx: checks no key" in said


def test_a_bench_that_cannot_measure_says_why_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    def measured(_: Plan) -> Measured:
        raise BenchFailed("The bench needs gcc")

    assert main([], measured) == 2
    assert capsys.readouterr().err == "The bench needs gcc\n"


@pytest.mark.parametrize("args", [["--peers", "nginx,envoy"], ["--rounds", "0"], ["faster"]])
def test_a_wrong_call_is_refused(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args, measuring())
    assert ended.value.code == 2


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


def test_every_measure_is_of_values_that_a_round_has() -> None:
    """A name that nothing measures would be NOT MEASURED for ever."""
    result = Result(answers=1, events=1, bytes=1, seconds=1.0, latency=TIMES, first_byte=TIMES, closed={})
    values = {f"{case.name}.{name}": 1.0 for case in CASES for name in values_of(case, result, 1.0)}
    values |= dict.fromkeys(("huge.memory_mb", "cancel.p99_ms", "open_streams.memory_mb", "open_streams.each_kb"), 1.0)
    values["observing.cpu_us"] = 1.0
    values |= dict.fromkeys(("version_ms", "help_ms", "ready_s", "idle_mb", "loaded_mb", "grown_mb"), 1.0)
    each = Round(dict.fromkeys((KORPROXY, DIRECT, NGINX, LITELLM, PORTKEY), values))
    unknown = [measure.name for measure in (*MEASURES, *FLOOR) if not _has(each, measure)]
    assert unknown == []


def _has(each: Round, measure: Measure) -> bool:
    try:
        measure.of(each)
    except NotMeasured:
        return False
    return True


TIMES = Times(p50=1.0, p95=2.0, p99=3.0, max=4.0)


def test_cpu_is_shared_by_answers_and_by_events_and_paced_events_are_held_against_the_clock() -> None:
    result = Result(answers=4, events=90, bytes=1, seconds=2.0, latency=TIMES, first_byte=TIMES, closed={})
    paced = Case(name="paced", connections=1, stream=True)
    assert values_of(paced, result, 0.0009) == {
        "answers_per_second": 2.0,
        "p50": 1.0,
        "p95": 2.0,
        "first_p50": 1.0,
        "cpu_us": pytest.approx(225),
        "events_per_second": 45.0,
        "event_cpu_us": pytest.approx(10),
        "percent": 45.0,
    }
    none = Result(answers=0, events=0, bytes=0, seconds=2.0, latency=TIMES, first_byte=TIMES, closed={})
    assert values_of(Case(name="chat"), none, 1.0).keys() == {"answers_per_second", "p50", "p95", "first_p50"}


def test_a_chat_is_about_a_kilobyte_and_a_whole_request() -> None:
    head, _, body = CASES[0].request(GATEWAY).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert b"authorization: Bearer kp" in head
    assert 900 < len(head) + len(body) < 1100
    assert list(json.loads(body)) == ["model", "messages", "stream"]


def test_the_translated_request_says_the_same() -> None:
    translated = json.loads(messages("events=5", stream=True))
    assert translated.pop("max_tokens") > 500
    assert translated == json.loads(chat("events=5", stream=True))


@pytest.mark.parametrize("size", [124_000, 8_000_000])
def test_a_large_body_is_a_long_conversation_of_that_size(size: int) -> None:
    body = chat(size=size)
    said = json.loads(body)["messages"]
    assert abs(len(body) - size) < size * 0.05
    assert [each["role"] for each in said[-3:]] == ["user", "assistant", "user"]


@needs_gcc
def test_cases_run_against_the_mock_itself(tmp_path: Path) -> None:
    programs = compiled(tmp_path)
    with mocking(programs, tmp_path) as mock, direct(tmp_path, mock.said["url"]) as gateway:
        bench = Bench(programs=programs, mock=mock, folder=tmp_path, hurry=0.02)
        found = {case.name: run_case(bench, case, gateway, tmp_path) for case in CASES if case.fits(gateway)}
    assert found["stream"]["stream.events_per_second"] > 0
    assert found["cancel"].keys() >= {"cancel.p99_ms"}
    assert found["chat_64"]["chat_64.cpu_us"] == 0  # there is no process to be measured


def test_a_gateway_that_has_ended_or_rests_is_not_waited_for(tmp_path: Path) -> None:
    ready = "print('{\"a\": 1}', flush=True)"
    with running(python("-c", f"{ready}; import time; time.sleep(60)"), tmp_path) as program:
        gateway = Gateway(name=NGINX, version="", port=1, headers={}, pid=program.pid)
        settle(gateway)
    settle(gateway)


def test_a_gateway_that_still_works_is_waited_for(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.4: pass\ntime.sleep(60)"
    with running(python("-c", f"print('{{\"a\": 1}}', flush=True)\n{busy}"), tmp_path) as program:
        settle(Gateway(name=NGINX, version="", port=1, headers={}, pid=program.pid))
        assert cpu_seconds(program.pid) >= 0.4


@needs_gcc
def test_a_stream_that_is_not_closed_upstream_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.measuring.PATIENCE", 0.0)
    result = Result(answers=2, events=2, bytes=1, seconds=1.0, latency=TIMES, first_byte=TIMES, closed={0: 5, 1: 6})
    programs = compiled(tmp_path)
    with mocking(programs, tmp_path) as mock:
        bench = Bench(programs=programs, mock=mock, folder=tmp_path, hurry=1.0)
        with pytest.raises(BenchFailed, match="of 2 streams whose reader went, 0 were closed upstream"):
            cancel_p99(bench, result)


@pytest.mark.parametrize(("name", "reason"), [(LITELLM, "LiteLLM is not in"), (PORTKEY, "not (installed|in)")])
def test_a_peer_that_is_not_there_says_how_to_get_it(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match=reason):
        with starts(tmp_path)[name](tmp_path, "http://127.0.0.1:9"):
            pass


def test_peers_that_cannot_be_set_up_are_named_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def refuse(command: list[str], folder: Path) -> None:
        asked.append(command)
        raise OSError(f"no {command[0]} here")

    monkeypatch.setattr(peers, "_do", refuse)
    assert set_up(tmp_path, [PORTKEY]) == {PORTKEY: "no npm here"}
    assert json.loads((tmp_path / PORTKEY / "package.json").read_text())["overrides"] == {"@hono/node-server": "1.13.7"}
    (tmp_path / LITELLM / "bin").mkdir(parents=True)
    (tmp_path / LITELLM / "bin" / "litellm").touch()
    assert (set_up(tmp_path, [LITELLM]), len(asked)) == ({}, 1)  # what is there stays


def test_a_request_is_what_the_sdks_send() -> None:
    request = post(CHAT, b"{}", {"x-own": "1"})
    assert request.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nhost: ")
    assert request.endswith(b"x-own: 1\r\ncontent-length: 2\r\n\r\n{}")
