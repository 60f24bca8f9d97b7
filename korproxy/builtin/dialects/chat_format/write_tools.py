"""Tools and the choice among them, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.parameters import parameters_of
from korproxy.builtin.dialects.chat_format.strict_schemas import is_strict

_FREEFORM = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


@attrs.frozen
class WrittenTools:
    """The members of a request that are about tools; ``forced``: one has to be called."""

    members: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    forced: bool = False


def write_tools(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> WrittenTools:
    """Write the tools of *conversation*. Where none is left there is no choice either: servers refuse one without tools."""
    choice = chat.known_choice(conversation, report)
    listed = _is_listed(choice, abilities)
    offered = list(chat.offered_tools(conversation, () if listed else _subset(choice), abilities, report))
    tools = [_tool(each, report) for each in offered]
    search = chat.offered_search(conversation, ("options",), abilities, report, beside=bool(offered))
    options = {} if search is None else {"web_search_options": _search(search, report)}
    if not tools:
        _nothing_to_choose(conversation, report)
        return WrittenTools(options)
    members: dict[str, Any] = {**options, "tools": tools}
    said = _choice(choice, abilities, report, listed=listed)
    if said is not None:
        members["tool_choice"] = said
    if conversation.options.parallel is False:  # true is what everybody does unasked, and some servers do not know the field
        members["parallel_tool_calls"] = False
    return WrittenTools(members, forced=choice is not None and choice.mode == "any" and said != "auto")


def _is_one(choice: chat.ToolChoice) -> bool:
    return choice.mode == "any" and len(choice.names) == 1


def _subset(choice: chat.ToolChoice | None) -> tuple[str, ...]:
    return () if choice is None or _is_one(choice) else choice.names


def _is_listed(choice: chat.ToolChoice | None, abilities: Abilities) -> bool:
    """Whether the tools that may be called are told by a list: only OpenAI takes one."""
    return bool(_subset(choice)) and abilities.family == "openai"


def _search(search: chat.HostedTool, report: chat.Report) -> dict[str, Any]:
    """Write a web search as a wish: who has this form of it runs one, and no tool of the client's is meant."""
    settings = chat.carried_settings(search, {"user_location", "search_context_size"}, report)
    if "user_location" in settings:
        settings["user_location"] = {"type": "approximate", "approximate": settings["user_location"]}
    return settings


def _tool(tool: chat.Tool, report: chat.Report) -> dict[str, Any]:
    if tool.cache is not None:
        report.lost(tool.cache.at, "servers of the OpenAI format cache by themselves")
    function: dict[str, Any] = {"name": tool.name}
    description = _description(tool)
    if description is not None:
        function["description"] = description
    if tool.freeform:
        report.mapped(tool.at, "takes an object whose member `input` is the text")  # only OpenAI knows bare text
        function["parameters"] = _FREEFORM
    else:
        function["parameters"] = parameters_of(tool.schema)
        if tool.strict and not is_strict(function["parameters"]):
            report.lost(
                tool.pointers.get("strict", tool.at), "the schema leaves something open, and is refused as a strict one"
            )
        elif tool.strict is not None:
            function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _description(tool: chat.Tool) -> str | None:
    if not tool.grammar:
        return tool.description
    grammar = f"The input has to follow this grammar:\n{tool.grammar}"
    return f"{tool.description}\n\n{grammar}" if tool.description else grammar


def _choice(
    choice: chat.ToolChoice | None, abilities: Abilities, report: chat.Report, *, listed: bool
) -> str | dict[str, Any] | None:
    if choice is None:
        return None
    if choice.mode == "any" and not _can_force(abilities):
        report.lost(choice.at, "the model cannot be forced to call a tool")
        return "auto"
    if _is_one(choice):
        return {"type": "function", "function": {"name": choice.names[0]}}
    mode = "required" if choice.mode == "any" else choice.mode
    if not listed or mode == "none":
        return mode
    tools = [{"type": "function", "function": {"name": each}} for each in choice.names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


def _can_force(abilities: Abilities) -> bool:
    """Whether a call can be demanded; of a model that only takes it while it does not reason: by switching that off."""
    if abilities.forced_tools != "calm" or abilities.reasoning == "none":
        return abilities.forced_tools != "never"
    return abilities.reasoning_off if abilities.reasoning == "switch" else "none" in abilities.efforts


def _nothing_to_choose(conversation: chat.Conversation, report: chat.Report) -> None:
    pointers = conversation.options.pointers
    for pointer in (conversation.choice.at if conversation.choice else "", pointers.get("parallel", "")):
        report.lost(pointer, "no tool is sent")
