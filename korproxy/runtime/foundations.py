"""Python, Trio and msgspec as a daemon needs them: without what they import for others, which is 1.4 MB."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from korproxy.spared import spared

UNUSED = (
    *("trio._dtls", "trio._subprocess", "subprocess", "idna"),
    *("msgspec.inspect", "msgspec._json_schema", "msgspec.toml", "msgspec.yaml"),
)
TURN = 0.001  # seconds after which a thread that works beside requests lets them go on; Python's own are 5 ms
_ARENA_MAX = -8  # see mallopt(3)
_FINDER, _BACKPORTS = "ctypes.util", "typing_extensions"


def lay() -> None:
    """Import both, unless that was done before; and let threads take turns more often: requests are answered in one of them."""
    sys.setswitchinterval(TURN)
    _share_memory()
    with spared(*UNUSED), _without_backports(), _without_searching():
        import msgspec  # noqa: F401
        import trio  # noqa: F401


@contextmanager
def _without_backports() -> Iterator[None]:
    """Have msgspec take from ``typing`` what it takes from ``typing_extensions`` where that is installed."""
    if _BACKPORTS in sys.modules:
        yield
        return
    sys.modules[_BACKPORTS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_BACKPORTS]


@contextmanager
def _without_searching() -> Iterator[None]:
    """Tell Trio, which names its threads, where that function is: ``ctypes.util`` starts a program to find out."""
    if not _is_glibc() or _FINDER in sys.modules:
        yield
        return
    import ctypes

    finder = ModuleType(_FINDER)
    vars(finder)["find_library"] = {"pthread": "libpthread.so.0"}.get
    vars(ctypes)["util"] = sys.modules[_FINDER] = finder
    try:
        yield
    finally:
        del sys.modules[_FINDER], vars(ctypes)["util"]


def _share_memory() -> None:
    """Have threads take memory from what the start has left over: glibc would give each of them a megabyte of its own."""
    if _is_glibc():
        import ctypes

        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _is_glibc() -> bool:
    try:
        return sys.platform == "linux" and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (OSError, ValueError):
        return False
