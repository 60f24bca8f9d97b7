"""Which tools may be called, read.

Facts: ``ToolChoice`` of OpenAI's Python SDK 3.54. Who forces a tool that OpenAI runs forces one that nobody else has.
"""

from __future__ import annotations

from typing import Literal

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.namespaces import Names

_MODES: dict[str, Literal["auto", "none", "any"]] = {"auto": "auto", "none": "none", "required": "any"}
_BY_NAME = {"function", "custom"}


def read_choice(request: chat.Fields, names: Names) -> chat.ToolChoice | None:
    """Return which tools may be called; None where the client did not say."""
    said, at = request.get("tool_choice"), request.pointer("tool_choice")
    if isinstance(said, str) and said in _MODES:
        return chat.ToolChoice(mode=_MODES[said], at=at)
    choice = request.table("tool_choice") if isinstance(said, dict) else None
    if choice is None:
        request.lost("tool_choice", "is a choice that KorProxy does not know")
        return None
    return _allowed(choice, names) if choice.text("type") == "allowed_tools" else _one(choice, names)


def _one(choice: chat.Fields, names: Names) -> chat.ToolChoice | None:
    name = _name(choice, names)
    if name is None:
        kind = choice.text("type") or "nothing"
        choice.report.lost(choice.at, f"forces a tool that only OpenAI has ({kind[:50]})")
        return None
    choice.close()
    return chat.ToolChoice(mode="any", names=(name,), at=choice.at)


def _allowed(choice: chat.Fields, names: Names) -> chat.ToolChoice | None:
    mode, allowed = choice.text("mode"), []
    for tool in choice.tables("tools"):
        name = _name(tool, names)
        if name is None:
            tool.report.lost(tool.at, "is a tool that only OpenAI has")
            continue
        allowed.append(name)
        tool.close()
    choice.close()
    if mode not in {"auto", "required"}:
        choice.lost("mode", "is a choice that KorProxy does not know")
    if not allowed:
        return None
    return chat.ToolChoice(mode="any" if mode == "required" else "auto", names=tuple(allowed), at=choice.at)


def _name(tool: chat.Fields, names: Names) -> str | None:
    """Return the name of the client's own tool that *tool* points to; None where it is another one."""
    if (tool.text("type") or "function") not in _BY_NAME:
        return None
    # Some clients name a function as Chat Completions does.
    inner = tool.table("function")
    name = (inner or tool).text("name")
    if inner is not None:
        inner.close()
    return names.flat(name, tool.text("namespace")) if name else None
