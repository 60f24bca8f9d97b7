"""The real daemon in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.fakes.roads import on_this_road

READY_SECONDS = 20.0


@attrs.define(kw_only=True)
class DaemonProcess:
    """A running ``korproxy run``.

    Attributes:
        url: Its first address.
        log: What it wrote on stderr so far.
    """

    url: str
    home: Path
    process: subprocess.Popen[str]
    log: list[str]
    _reader: threading.Thread

    @property
    def key(self) -> str:
        """The client key."""
        return (self.home / "secrets" / "client.key").read_text().strip()

    @property
    def management_key(self) -> str:
        return (self.home / "secrets" / "management.key").read_text().strip()

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal a supervisor sends."""
        self.process.send_signal(number)

    def wait(self, timeout: float = 15.0) -> int:
        """Return its exit code once it has ended."""
        code = self.process.wait(timeout)
        self._reader.join(5)
        return code


def mock_settings(url: str, *, grace: float = 5.0) -> str:
    """Return a korproxy.toml with one provider, ``mock``, that is the mock at *url*."""
    return f"""
[server]
grace = {grace}
[providers.mock]
type = "compatible"
base_url = "{url}/v1"
[[providers.mock.accounts]]
name = "work"
key = "env:MOCK_KEY"
"""


def korproxy(*args: str, home: Path, timeout: float = 30.0, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in the environment of a fresh user."""
    return subprocess.run(
        [sys.executable, "-m", "korproxy", *args],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(home, **env),
        check=False,
    )


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return this process's environment with *home*, without proxies and colours."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    own = {"KORPROXY_HOME": str(home), "NO_COLOR": "1", "MOCK_KEY": "sk-mock", "PYTHONWARNINGS": "error::ResourceWarning"}
    return {**kept, **own, **more}


@contextmanager
def daemon(
    home: Path, *args: str, settings: str | None = None, command: Sequence[str] = (), **env: Any
) -> Iterator[DaemonProcess]:
    """Run ``korproxy run --port 0`` for the block; whatever still runs at its end is killed.

    Args:
        settings: The text of korproxy.toml.
        command: Run this in place of ``python -m korproxy run``; it has to print the same first line.
    """
    if settings is not None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "korproxy.toml").write_text(on_this_road(settings))
    started = [*(command or (sys.executable, "-m", "korproxy", "run")), "--port", "0", "--json", *args]
    process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home, **env))
    log: list[str] = []
    reader = threading.Thread(target=_collect, args=(process, log), daemon=True)
    reader.start()
    try:
        yield DaemonProcess(url=_ready_url(process, log), home=home, process=process, log=log, reader=reader)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        reader.join(5)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _collect(process: subprocess.Popen[str], log: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:  # one by one: a test looks at the log while the daemon runs
        log.append(line)  # noqa: PERF402


def _ready_url(process: subprocess.Popen[str], log: list[str]) -> str:
    assert process.stdout is not None
    watchdog = threading.Timer(READY_SECONDS, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if not line:
        process.wait(5)
        raise AssertionError(f"the daemon ended with {process.returncode}: {''.join(log)}")
    return str(json.loads(line)["ready"]["urls"][0])
