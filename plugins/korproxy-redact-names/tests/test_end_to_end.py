"""A daemon with this plugin: what it answers and what it logs is without the names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import entry_points
from pathlib import Path

FOLDER = Path(__file__).parents[1]
SETTINGS = 'version = 1\n[plugin.redact-names]\nnames = ["Project Falcon"]\n'


def _url(home: Path, daemon: subprocess.Popen[bytes]) -> str:
    """Wait until the daemon says where it listens."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert daemon.poll() is None
        try:
            return str(json.loads((home / "daemon.json").read_text())["urls"][0])
        except (FileNotFoundError, ValueError):
            time.sleep(0.02)
    raise AssertionError("the daemon does not say where it listens")


def _refusal(url: str) -> str:
    """Ask for what nobody has, as a tool does that is set up wrongly; return the text of the error."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url):
            raise AssertionError("there is such a thing")
    except urllib.error.HTTPError as refused:
        return str(json.load(refused)["error"]["message"])


def test_neither_answers_nor_the_log_say_a_name(tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    home.mkdir(mode=0o700)
    (home / "korproxy.toml").write_text(SETTINGS)
    installed = any(each.name == "redact-names" for each in entry_points(group="korproxy"))
    plugin = () if installed else ("--plugins-dir", str(FOLDER))
    command = [sys.executable, "-m", "korproxy", "run", "--home", str(home), "--port", "0", *plugin]

    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=dict(os.environ)) as daemon:
        try:
            said = _refusal(f"{_url(home, daemon)}/v1/project-falcon/chat")
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(20)
        finally:
            daemon.kill()

    lines = log.read_text()
    assert said.startswith("Nothing is at '/v1/***REDACTED***/chat'")
    assert "'/v1/***REDACTED***/chat'" in lines
    assert "falcon" not in said + lines
    assert code == 0
