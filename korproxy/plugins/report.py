"""What is told about plugins: for people, and for other programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from korproxy.plugins.finding import Origin

State = Literal["loaded", "blocked", "broken"]
_HEADINGS = ("NAME", "ORIGIN", "VERSION", "STATE", "HOOKS")


@attrs.frozen(kw_only=True)
class PluginState:
    """One plugin of this process.

    Attributes:
        hooks: The names of the hooks it implements; none where it was never imported.
        code: The KP code of ``reason``.
        reason: Why it is blocked or broken; of a loaded plugin: what of it was left out.
    """

    name: str
    origin: Origin
    version: str
    location: str
    state: State
    hooks: tuple[str, ...] = ()
    code: str | None = None
    reason: str = ""


def plain(states: Sequence[PluginState]) -> str:
    """Return a table, one line per plugin, and below it one indented line with the reason where there is one."""
    rows = [(each.name, each.origin, each.version, each.state, _hooks(each)) for each in states]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [_line(_HEADINGS, widths)]
    for each, row in zip(states, rows, strict=True):
        lines.append(_line(row, widths))
        if each.reason:
            lines.append(f"    [{each.code}] {each.reason}" if each.code else f"    {each.reason}")
    return "\n".join(lines)


def data(states: Sequence[PluginState]) -> dict[str, object]:
    """Return all of it in JSON's own types."""
    return {"plugins": [{**attrs.asdict(each), "hooks": list(each.hooks)} for each in states]}


def _hooks(state: PluginState) -> str:
    return ", ".join(hook.removeprefix("korproxy_") for hook in state.hooks) or "-"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
