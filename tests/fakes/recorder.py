"""What the system was asked to do with files, in order. It does it all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from korproxy.config.durable import DRAFT


def recorded_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every call from now on: ``write NAME``, ``fsync NAME``, ``replace OLD NEW``, ...

    A draft is called after the file that it is for.
    """
    calls: list[str] = []
    opened: dict[int, str] = {}

    def record(call: str, real: Callable[..., Any]) -> None:
        def also(*args: Any, **more: Any) -> Any:
            result = real(*args, **more)
            if call == "open":
                opened[result] = _called(args[0])
            elif call in ("write", "fsync"):
                calls.append(f"{call} {opened[args[0]]}")
            else:
                calls.append(" ".join([call, *(_called(each) for each in args if isinstance(each, str | Path))]))
            return result

        monkeypatch.setattr(os, call, also)

    for call in ("open", "write", "fsync", "replace", "rename", "unlink"):
        record(call, getattr(os, call))
    return calls


def _called(path: str | Path) -> str:
    name = Path(path).name
    return f"draft of {name.strip('.').split('.')[0]}" if name.endswith(DRAFT) else name
