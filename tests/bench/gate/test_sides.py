"""The daemons that the gate compares run the code that they should run, and are measured by a clock that misses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.bench.gate.__main__ import ROOT
from tests.bench.gate.base import NotJudged, export_tree
from tests.bench.gate.measuring import measure, reference_loop, rest
from tests.bench.gate.planting import LOOPS, loop, plant
from tests.bench.gate.sides import Side, cpu_clock, environment, on_core, serving
from tests.bench.gate.traffic import SCENARIOS, Scenario, Traffic
from tests.bench.processes import BenchFailed

BURN = """
import sys, threading, time
def burn():
    until = time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
thread = threading.Thread(target=burn)
thread.start()
thread.join()
print(round(time.process_time() * 1e9), flush=True)
sys.stdin.read()
"""


def where_from(code: Path) -> str:
    command = [sys.executable, "-c", "import korproxy; print(korproxy.__file__)"]
    done = subprocess.run(command, cwd=code, env=environment(code, code), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_code_in_a_folder_goes_before_what_is_installed(tmp_path: Path) -> None:
    assert not where_from(tmp_path).startswith(str(tmp_path))  # the installed one, where there is no other
    (tmp_path / "korproxy").mkdir()
    (tmp_path / "korproxy" / "__init__.py").touch()
    assert where_from(tmp_path) == str(tmp_path / "korproxy" / "__init__.py")


def test_a_daemon_with_other_code_than_it_should_have_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match=f"ended: korproxy comes from .* and not from {tmp_path}"):
        with serving("base", tmp_path, "http://127.0.0.1:9"):
            pass


def test_a_daemon_that_fails_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "korproxy").mkdir()
    (tmp_path / "korproxy" / "__init__.py").touch()
    with pytest.raises(BenchFailed, match=r"ended: .*No module named 'korproxy\.cli'"):
        with serving("base", tmp_path, "http://127.0.0.1:9"):
            pass


def test_every_scenario_goes_through_a_daemon_and_events_go_one_by_one(tmp_path: Path) -> None:
    tree = partial(export_tree, ROOT)
    tree(tmp_path)
    few = Scenario(name="few", unit="event", path=SCENARIOS[-1].path, events=3, connections=2)
    with ExitStack() as stack:
        traffic = Traffic(stack)
        side = stack.enter_context(serving("now", tmp_path, traffic.url))
        before = side.cpu()
        answered = {}
        for each in (*SCENARIOS, few):
            with traffic.clients_of(side.url, side.key, each):
                traffic.ask(each.connections + 3)
                answered[each.name] = sum(client.answered for client in traffic.clients)
        used = side.cpu() - before
    assert answered == {**{each.name: 13 for each in SCENARIOS}, "few": 5}
    assert used > 1_000_000


def test_what_is_refused_is_not_measured(tmp_path: Path) -> None:
    export_tree(ROOT, tmp_path)
    with ExitStack() as stack:
        traffic = Traffic(stack)
        side = stack.enter_context(serving("now", tmp_path, traffic.url))
        with traffic.clients_of(side.url, "wrong", SCENARIOS[0]), pytest.raises(BenchFailed, match="answered 401: "):
            traffic.ask(1)


def test_the_clock_of_a_process_counts_threads_that_have_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        own = int(child.stdout.readline())
        seen = cpu_clock(child.pid)()
    assert own > 100_000_000
    assert own <= seen < own + 50_000_000  # it printed and read meanwhile


def test_the_clock_of_a_process_that_is_gone_is_no_measurement() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    with pytest.raises(BenchFailed, match=f"the CPU clock of process {child.pid} cannot be read"):
        cpu_clock(child.pid)()


def test_what_is_planted_costs_what_it_should(tmp_path: Path) -> None:
    place = tmp_path / "korproxy" / "server" / "front.py"
    place.parent.mkdir(parents=True)
    place.write_text("class Front:\n    async def handle(self, exchange): exchange.append('handled')\n")
    for _ in range(2):  # the gate plants in what is planted, too
        plant(tmp_path, 10 * LOOPS)
    found: dict[str, type] = {}
    exec(place.read_text(), found)
    seen: list[str] = []
    once = min(loop() for _ in range(5))
    began = time.thread_time_ns()
    with pytest.raises(StopIteration):
        found["Front"]().handle(seen).send(None)
    took = (time.thread_time_ns() - began) / 1e3
    assert seen == ["handled"]
    assert took > 10 * once  # 20 of them; how exactly depends on what else the machine does


def test_the_reference_is_read_on_one_core_and_this_thread_is_free_again() -> None:
    before = os.sched_getaffinity(0)
    with ExitStack() as stack, on_core(max(before)):
        found = reference_loop(stack)(), os.sched_getaffinity(0)
    assert (found[0] > 0, found[1], os.sched_getaffinity(0)) == (True, {max(before)}, before)


def test_a_daemon_that_works_by_itself_is_waited_for() -> None:
    busy_until = time.monotonic() + 0.3
    sides = [Side(name="now", url="", key="", cpu=lambda: min(time.monotonic_ns(), round(busy_until * 1e9)))]
    sides.append(Side(name="base", url="", key="", cpu=lambda: 7))

    rest(*sides, still=0.1)

    assert time.monotonic() > busy_until + 0.05


def test_a_base_that_does_not_run_here_is_not_judged_and_code_that_does_not_is_a_failure(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        (folder / "korproxy").mkdir()
        (folder / "korproxy" / "__init__.py").write_text("import not_installed_here")

    tree = partial(export_tree, ROOT)
    with pytest.raises(NotJudged, match=r"the base does not run with what is installed here: .*not_installed_here"):
        measure(broken, tree, 1)
    with pytest.raises(BenchFailed, match="not_installed_here"):
        measure(tree, broken, 1)
