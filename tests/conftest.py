"""What holds for every test: nobody's real home, no way out of this machine, no warning in the log that nobody expected."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

WATCHED = ("korproxy", "hypercorn", "quart")  # loggers, with everything below them
HIDDEN = ("_PROXY", "_API_KEY", "_BASE_URL")  # ends of environment variables that would lead a test somewhere else
COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")

settings.register_profile("default", deadline=None, max_examples=60)
settings.register_profile(
    "ci", parent=settings.get_profile("default"), derandomize=True, print_blob=True
)  # the same every time
settings.register_profile(
    "slow", parent=settings.get_profile("default"), max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A KorProxy home of this test's own; it does not exist yet, and ``KORPROXY_HOME`` leads to it."""
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _own_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().endswith(HIDDEN) or name.startswith("KORPROXY_") or name in COLOURS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("KORPROXY_HOME", str(home))


@pytest.fixture
def expected_logs(_watched_logs: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Everything from WARNING upwards that was logged so far. Whoever takes this says: I expect some, and look at it."""
    return _watched_logs


@pytest.fixture(autouse=True)
def _watched_logs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    found: list[logging.LogRecord] = []
    call_handlers = logging.Logger.callHandlers

    def watch(logger: logging.Logger, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING and f"{record.name}.".startswith(tuple(f"{each}." for each in WATCHED)):
            found.append(record)
        call_handlers(logger, record)

    # Not a handler: the code under test replaces handlers and cuts propagation, and this has to see the record all the same.
    monkeypatch.setattr(logging.Logger, "callHandlers", watch)
    yield found
    if found and "expected_logs" not in request.fixturenames:
        lines = "\n".join(_line(each) for each in found)
        pytest.fail(f"logged, and not expected (the fixture expected_logs says otherwise):\n{lines}", pytrace=False)


def _line(record: logging.LogRecord) -> str:
    cause = f" ({record.exc_info[1]!r})" if record.exc_info else ""
    return f"  {record.levelname} {record.name}: {record.getMessage()}{cause}"


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    went_out: list[object] = []
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            went_out.append(address)
            raise OSError(f"a test may not connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield
    if went_out:
        pytest.fail(f"tried to connect beyond this machine: {went_out}", pytrace=False)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
