"""Where the figures were taken: figures without this cannot be compared with others."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

BUSY = 0.5  # load above which times say more about the machine than about KorProxy
PACKAGES = ("trio", "hypercorn", "httptools", "httpx", "httpcore", "msgspec", "attrs", "cattrs", "pluggy", "click")


def about() -> dict[str, Any]:
    """Return the machine, how busy it is now, and the versions of all that has a part in the figures."""
    return {
        "machine": f"{_cpu()}, {len(os.sched_getaffinity(0))} cores, {_memory():.0f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "korproxy": _korproxy(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def lines(about: Mapping[str, Any]) -> str:
    """Return *about* for people."""
    found = [
        f"{about['machine']}; {about['system']}; load {about['load']} before the first run",
        f"{about['python']}; korproxy {about['korproxy']}",
        ", ".join(f"{name} {number}" for name, number in about["packages"].items()),
    ]
    if about["load"] > BUSY:
        found.append(f"The machine was busy (load over {BUSY:g}): times are upper bounds, the lowest is nearest to the truth.")
    return "\n".join(found)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown CPU"


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _korproxy() -> str:
    try:
        found = distribution("korproxy")
    except PackageNotFoundError:
        return "is not installed"
    return f"{found.version}, {'editable' if _is_editable(found) else 'from a wheel'}"


def _is_editable(found: Distribution) -> bool:
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))
