"""Pytest fixtures, found by pytest as soon as this package is installed."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_trio  # type: ignore[import-untyped]  # it ships no types

from korproxy_mock.server import MockServer, open_mock

_GRACE = 5.0  # seconds for the process to end by itself


@pytest_trio.trio_fixture  # type: ignore[untyped-decorator]
async def korproxy_mock() -> AsyncIterator[MockServer]:
    """Run a mock in the test's own Trio program."""
    async with open_mock() as mock:
        yield mock


@pytest.fixture
def korproxy_mock_process() -> Iterator[str]:
    """Run a mock in a process of its own; the value is its address. Steer it by ``/_mock``."""
    command = [sys.executable, "-m", "korproxy_mock", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- ourselves
        try:
            address = (process.stdout.readline() if process.stdout else "").strip()
            if not address:
                raise RuntimeError("the mock did not start; it says why above")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
