"""What machine this is, and with which versions KorProxy runs on it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping

import attrs

from korproxy.api import Collector, Settings, hookimpl

PACKAGES = ("trio", "hypercorn", "quart", "quart-trio", "httpx", "httpcore", "pluggy", "attrs", "cattrs", "msgspec", "click")


@attrs.frozen
class System:
    """The section ``system`` of the diagnostics."""

    name: str = "system"

    async def collect(self) -> Mapping[str, object]:
        """Return operating system, Python, and the versions of the packages that matter."""
        import trio  # not at the top: commands that list plugins import this module, too

        return {
            "os": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "implementation": sys.implementation.name,
            # in a thread, for it reads files of every installed package; a thread that hangs in that is left behind
            "packages": await trio.to_thread.run_sync(_versions, abandon_on_cancel=True),
        }


def _versions() -> dict[str, str]:
    return {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # 20 ms that no start has to wait for

    try:
        return version(package) or "unknown"
    except PackageNotFoundError:
        return "not installed"
    except Exception:  # noqa: BLE001 -- importlib.metadata promises nothing about files that lie
        return "unknown"


@hookimpl
def korproxy_collectors(settings: Settings) -> Iterable[Collector]:
    """Offer the section."""
    del settings
    yield System()
