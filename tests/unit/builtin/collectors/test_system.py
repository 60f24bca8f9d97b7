from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import threading
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from korproxy.builtin.collectors.system import PACKAGES, korproxy_collectors
from tests.fakes.settings import FakeSettings


async def collected() -> dict[str, Any]:
    [collector] = korproxy_collectors(FakeSettings())
    return {"section": collector.name, **await collector.collect()}


async def test_the_machine_python_and_packages_are_told() -> None:
    found = await collected()

    assert found == {
        "section": "system",
        "os": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    assert json.loads(json.dumps(found)) == found


async def test_packages_that_are_missing_or_damaged_cost_only_their_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str | None:
        if package == "trio":
            raise PackageNotFoundError(package)
        if package == "quart":
            raise KeyError("Version")
        return None if package == "httpx" else "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    packages = (await collected())["packages"]

    assert packages == {
        **dict.fromkeys(PACKAGES, "1.0"),
        "trio": "not installed",
        "quart": "unknown",
        "httpx": "unknown",
    }


async def test_the_files_of_packages_are_not_read_in_the_trio_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: str(threading.get_ident()))
    readers = {*(await collected())["packages"].values()}

    assert len(readers) == 1
    assert str(threading.get_ident()) not in readers
