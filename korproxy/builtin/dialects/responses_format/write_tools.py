"""Tools and the choice among them, written.

Facts: where ``strict`` is not there, OpenAI tries to hold a model to the schema all the same, which changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.parameters import parameters_of
from korproxy.builtin.dialects.chat_format.strict_schemas import is_strict
from korproxy.builtin.dialects.responses_format.grammars import grammar_format


@attrs.frozen
class WrittenTools:
    """The members of a request that are about tools; ``forced``: one has to be called; ``searches``: one is a web search."""

    members: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    forced: bool = False
    searches: bool = False


def write_tools(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> WrittenTools:
    """Write the tools of *conversation*. Where none is left there is no choice either: OpenAI refuses one without tools."""
    choice = chat.known_choice(conversation, report)
    listed = bool(_subset(choice)) and abilities.family == "openai"  # only OpenAI takes a list of what may be called
    offered = list(chat.offered_tools(conversation, () if listed else _subset(choice), abilities, report))
    search = chat.offered_search(conversation, ("tool", "alone"), abilities, report, beside=bool(offered))
    tools = [*(_tool(each, report) for each in offered), *([] if search is None else [_search(search, report)])]
    if not tools:
        _nothing_to_choose(conversation, report)
        return WrittenTools()
    members: dict[str, Any] = {"tools": tools}
    freeform = {each.name for each in offered if each.freeform}
    said = _choice(choice, abilities, freeform, report, listed=listed)
    if said is not None:
        members["tool_choice"] = said
    if conversation.options.parallel is False:  # true is what OpenAI does unasked
        members["parallel_tool_calls"] = False
    most = None if search is None else search.settings.get("max_uses")
    if search is not None and most is not None:
        report.mapped(search.pointers.get("max_uses", ""), "as the limit of all tools that OpenAI runs, of which it is the one")
        members["max_tool_calls"] = most
    forced = choice is not None and choice.mode == "any" and said != "auto"
    return WrittenTools(members, forced=forced, searches=search is not None)


def _is_one(choice: chat.ToolChoice) -> bool:
    return choice.mode == "any" and len(choice.names) == 1


def _subset(choice: chat.ToolChoice | None) -> tuple[str, ...]:
    return () if choice is None or _is_one(choice) else choice.names


def _search(search: chat.HostedTool, report: chat.Report) -> dict[str, Any]:
    """Write a web search, which OpenAI runs."""
    known = {"max_uses", "allowed_domains", "user_location", "search_context_size"}
    settings = chat.carried_settings(search, known, report)
    said: dict[str, Any] = {"type": "web_search"}
    if "allowed_domains" in settings:
        said["filters"] = {"allowed_domains": settings["allowed_domains"]}
    if "user_location" in settings:
        said["user_location"] = {"type": "approximate", **settings["user_location"]}
    if "search_context_size" in settings:
        said["search_context_size"] = settings["search_context_size"]
    return said


def _tool(tool: chat.Tool, report: chat.Report) -> dict[str, Any]:
    if tool.cache is not None:
        report.lost(tool.cache.at, "servers of the OpenAI format cache by themselves")
    if tool.freeform:
        return _freeform(tool, report)
    parameters = parameters_of(tool.schema)
    strict = bool(tool.strict) and is_strict(parameters)
    if tool.strict and not strict:
        report.lost(tool.pointers.get("strict", tool.at), "the schema leaves something open, and is refused as a strict one")
    return {"type": "function", "name": tool.name, **_described(tool.description), "parameters": parameters, "strict": strict}


def _freeform(tool: chat.Tool, report: chat.Report) -> dict[str, Any]:
    form = grammar_format(tool.grammar) if tool.grammar else None
    if form is not None:
        return {"type": "custom", "name": tool.name, **_described(tool.description), "format": form}
    if not tool.grammar:
        return {"type": "custom", "name": tool.name, **_described(tool.description)}
    report.mapped(tool.at, "its grammar is in its description: it is none that OpenAI can read")
    grammar = f"The input has to follow this grammar:\n{tool.grammar}"
    return {"type": "custom", "name": tool.name, "description": "\n\n".join(filter(None, (tool.description, grammar)))}


def _described(description: str | None) -> dict[str, str]:
    return {} if description is None else {"description": description}


def _choice(
    choice: chat.ToolChoice | None, abilities: Abilities, freeform: set[str], report: chat.Report, *, listed: bool
) -> str | dict[str, Any] | None:
    if choice is None:
        return None
    if choice.mode == "any" and not _can_force(abilities):
        report.lost(choice.at, "the model cannot be forced to call a tool")
        return "auto"
    named = [{"type": "custom" if each in freeform else "function", "name": each} for each in choice.names]
    if _is_one(choice):
        return named[0]
    mode = "required" if choice.mode == "any" else choice.mode
    return {"type": "allowed_tools", "mode": mode, "tools": named} if listed and mode != "none" else mode


def _can_force(abilities: Abilities) -> bool:
    """Whether a call can be demanded; of a model that only takes it while it does not reason: by switching that off."""
    if abilities.forced_tools != "calm" or abilities.reasoning == "none":
        return abilities.forced_tools != "never"
    return "none" in abilities.efforts


def _nothing_to_choose(conversation: chat.Conversation, report: chat.Report) -> None:
    pointers = conversation.options.pointers
    for pointer in (conversation.choice.at if conversation.choice else "", pointers.get("parallel", "")):
        report.lost(pointer, "no tool is sent")
