"""The environment of this process, for programs that it starts."""

from __future__ import annotations

import os


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process, but for proxies and the home, and with *more*."""
    return {name: value for name, value in os.environ.items() if _is_kept(name)} | more


def _is_kept(name: str) -> bool:
    return not name.lower().endswith("_proxy") and name != "KORPROXY_HOME"
