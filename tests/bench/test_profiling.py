"""Samples become tables, and the sampler takes them where the CPU is used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench import profiled
from tests.bench.profiling import area_of, areas, owners

STACKS = [
    ["trio._socket:send", "korproxy.net.wire:Wire.send", "korproxy.server.front:Front.answer"],
    ["korproxy.net.wire:Wire.send", "korproxy.server.front:Front.answer"],
    ["trio._core._run:GuestState.tick", "trio._core._run:unrolled_run", "korproxy.runtime.daemon:run_daemon"],
    ["httptools.parser:feed", "threading:run"],
]


@pytest.mark.parametrize(
    ("place", "area"),
    [("korproxy.net.wire:Wire.send", "korproxy.net"), ("korproxy:main", "korproxy"), ("trio._core._run:run", "trio")],
)
def test_a_place_belongs_to_a_package_of_ours_or_to_a_library(place: str, area: str) -> None:
    assert area_of(place) == area


def test_time_is_of_what_ran_and_for_whose_function_it_was() -> None:
    assert areas(STACKS) == Counter({"trio": 2, "korproxy.net": 1, "httptools": 1})
    assert owners(STACKS) == Counter({"korproxy.net.wire:Wire.send": 2, "Trio's loop, between tasks": 1, "nobody's": 1})


def test_the_sampler_runs_the_program_and_writes_what_it_saw(tmp_path: Path) -> None:
    package = tmp_path / "korproxy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    busy = "import sys, time\nassert sys.argv[1:] == ['run', '--json'], sys.argv\n"
    busy += "def work():\n  until = time.process_time() + 0.1\n  while time.process_time() < until: pass\nwork()\nsys.exit(7)\n"
    (package / "__main__.py").write_text(busy)
    output = tmp_path / "samples.json"
    command = [sys.executable, profiled.__file__, str(output), "run", "--json"]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=20, check=False)

    assert (done.returncode, done.stderr) == (7, "")
    samples = json.loads(output.read_text())
    assert len(samples) > 3
    assert sum(stack[0] == "__main__:work" for _, stack in samples) > len(samples) / 2
