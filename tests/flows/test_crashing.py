"""A plugin that takes the daemon down again and again, in real processes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.fakes.process import daemon, korproxy

PLUGIN = """
import os

import trio
from korproxy.api import hookimpl


class Bomb:
    name = "bomb"

    async def run(self, *, task_status):
        task_status.started()
        await trio.sleep(0.3)
        os._exit(9)


@hookimpl
def korproxy_services(settings):
    return [Bomb()]
"""


@pytest.mark.code("KP-SYS-525")
def test_a_plugin_that_crashes_the_daemon_three_times_is_left_out(home: Path) -> None:
    folder = home / "plugins"
    folder.mkdir(parents=True)
    (folder / "bomb.py").write_text(PLUGIN)
    codes = []
    for _ in range(3):
        with daemon(home, "--plugins-dir", str(folder)) as running:
            codes.append(running.wait())
    with daemon(home, "--plugins-dir", str(folder)) as running:
        health = httpx.get(f"{running.url}/v1/diagnostics/health", trust_env=False).json()
        status = korproxy("status", home=home)
        running.ask_to_stop()
        clean = running.wait()

    assert (codes, clean) == ([9, 9, 9], 0)
    assert (health["safe_start"], "bomb" in health["left_out"]) == (True, True)
    assert "bomb" not in [each["name"] for each in health["services"]]
    assert any("KP-SYS-525" in line for line in running.log)
    assert "KP-SYS-525" in status.stdout
