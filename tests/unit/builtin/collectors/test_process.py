from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from korproxy.builtin.collectors.process import Process, korproxy_collectors
from tests.fakes.settings import FakeSettings


async def test_what_the_process_takes_is_told() -> None:
    [collector] = korproxy_collectors(FakeSettings())
    found: dict[str, Any] = dict(await collector.collect())

    assert collector.name == "process"
    assert json.loads(json.dumps(found)) == found
    assert found["pid"] == os.getpid()
    assert 10 * 1024**2 < found["memory_bytes"] <= found["peak_memory_bytes"] * 1.1
    assert 3 <= found["open_files"] < found["most_open_files"]
    assert found["threads"] >= 1
    assert found["cpu_seconds"] > 0


async def test_what_the_system_does_not_tell_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("nonsense")
    found = await Process(proc=tmp_path).collect()

    assert (found["memory_bytes"], found["open_files"]) == (None, None)
