"""What machine this is, and with which versions KorProxy runs on it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

import attrs

from korproxy.api import Collector, Settings, hookimpl

PACKAGES = ("trio", "hypercorn", "quart", "quart-trio", "httpx", "httpcore", "pluggy", "attrs", "cattrs", "msgspec", "click")


@attrs.frozen
class System:
    """The section ``system`` of the diagnostics."""

    name: str = "system"

    async def collect(self) -> Mapping[str, object]:
        """Return operating system, Python, and the versions of the packages that matter."""
        return {
            "os": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "implementation": sys.implementation.name,
            "packages": {name: _version(name) for name in PACKAGES},
        }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@hookimpl
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Offer the section."""
    del settings
    yield System()
