"""Tools and the choice among them, read.

Facts: ``ToolUnionParam`` and ``ToolChoiceParam`` of Anthropic's Python SDK 2.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.read_parts import read_cache_mark

# Types of tools that Anthropic runs, by how they begin, beside its web search. Its other types are for tools that the client
# runs, and whose calls only Anthropic's models can make.
_SERVED = ("web_fetch_", "code_execution_", "tool_search_tool_", "advisor_", "mcp_toolset")
_LOST = {
    "defer_loading": "only Anthropic loads tools later: this one is known from the beginning",
    "eager_input_streaming": "only Anthropic can be asked for it",
    "input_examples": "only Anthropic takes examples of calls",
    "allowed_callers": "only Anthropic's own code calls tools",
}
_MODES: Mapping[str | None, Literal["auto", "any", "none"]] = {"auto": "auto", "any": "any", "tool": "any", "none": "none"}


def read_tools(top: chat.Fields) -> tuple[chat.Tool | chat.HostedTool, ...]:
    """Return the tools.

    Raises:
        CannotCarry: One of them is of a type that only Anthropic's models can call.
    """
    return tuple(_tools(top))


def read_choice(top: chat.Fields) -> tuple[chat.ToolChoice | None, bool | None]:
    """Return which tools may or must be called, and whether several at once."""
    choice = top.table("tool_choice")
    if choice is None:
        return None, None
    kind, name = choice.text("type"), choice.text("name")
    no_parallel = choice.flag("disable_parallel_tool_use")
    choice.close()
    parallel = None if no_parallel is None else not no_parallel
    if kind not in _MODES:
        choice.report.lost(choice.pointer("type"), "is a choice that KorProxy does not know")
        return None, parallel
    names = (name,) if kind == "tool" and name else ()
    return chat.ToolChoice(mode=_MODES[kind], names=names, at=choice.at), parallel


def _tools(top: chat.Fields) -> Iterator[chat.Tool | chat.HostedTool]:
    for tool in top.tables("tools"):
        kind = tool.text("type") or "custom"
        if kind == "custom":
            yield _tool(tool)
            tool.close()
        elif kind.startswith("web_search_"):
            yield _search(tool)
            tool.close("only Anthropic's search has it")
        elif kind.startswith(_SERVED):
            settings = {key: value for key, value in tool.value.items() if key != "type"}
            yield chat.HostedTool(kind=kind, settings=settings, at=tool.at)
        else:
            what = f"the tool type {kind[:80]} is Anthropic's own, and only its models can call it"
            raise chat.CannotCarry(tool.at, f"{what}. Use a Claude provider, or switch this tool off.")


def _search(tool: chat.Fields) -> chat.HostedTool:
    settings = chat.SearchSettings()
    settings.uses(tool, "max_uses")
    for key in ("allowed_domains", "blocked_domains"):
        settings.domains(key, tool, key)
    settings.location(tool, "user_location", tool.table("user_location"))
    if tool.get("name") is not None:
        tool.report.mapped(tool.pointer("name"), "another vendor's search has a name of its own")
    return settings.made(tool.at)


def _tool(tool: chat.Fields) -> chat.Tool:
    for key, why in _LOST.items():
        tool.lost(key, why)
    schema, strict = tool.table("input_schema"), tool.flag("strict")
    places = {"schema": None if schema is None else "input_schema", "strict": None if strict is None else "strict"}
    return chat.Tool(
        name=tool.text("name") or "",
        description=tool.text("description"),
        schema=None if schema is None else schema.value,
        strict=strict,
        cache=read_cache_mark(tool),
        at=tool.at,
        pointers={name: tool.pointer(key) for name, key in places.items() if key is not None},
    )
