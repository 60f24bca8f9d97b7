"""Tools as ``functionDeclarations``, and the choice among them as ``toolConfig``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.media_writer import lose_mark
from korproxy.builtin.dialects.gemini_format.schema_memory import parameters

_MODES = {"auto": "AUTO", "any": "ANY", "none": "NONE"}
_BARE_TEXT = {"type": "OBJECT", "properties": {"input": {"type": "STRING"}}, "required": ["input"]}


def write_tools(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    """Return the members ``tools`` and ``toolConfig`` of a request; neither where no tool is left.

    A web search is one more tool. Beside functions Gemini takes it only if it may tell of it in its answer, too.

    Raises:
        CannotCarry: The model calls no tools, or the schema of one cannot be carried.
    """
    for hosted in conversation.tools:
        if isinstance(hosted, chat.HostedTool) and hosted.kind != "web_search":
            report.lost(hosted.at, f"{hosted.kind} is run by another vendor")
    tools = _allowed(conversation, report)
    search = chat.offered_search(conversation, ("tool", "alone"), abilities, report, beside=bool(tools))
    if search is not None:
        chat.carried_settings(search, (), report)
    searches: list[dict[str, Any]] = [] if search is None else [{"googleSearch": {}}]
    if not tools:
        _no_choice(conversation, report)
        return {"tools": searches} if searches else {}
    if not abilities.tools:
        raise chat.CannotCarry(tools[0].at, "The model calls no tools. Take them out, or choose another model.")
    declared = {"functionDeclarations": [_declaration(each, report) for each in tools]}
    config: dict[str, Any] = {"includeServerSideToolInvocations": True} if searches else {}
    if conversation.choice is not None:
        names = [each for each in conversation.choice.names if any(tool.name == each for tool in tools)]
        config["functionCallingConfig"] = _calling(conversation.choice, names, abilities, report)
    return {"tools": [declared, *searches], **({"toolConfig": config} if config else {})}


def _allowed(conversation: chat.Conversation, report: chat.Report) -> Sequence[chat.Tool]:
    """Return the tools that may be called: Gemini takes a list of names only where it has to call one of them."""
    choice = conversation.choice
    some = choice.names if choice is not None and choice.mode == "auto" else ()
    if choice is not None and some:
        report.mapped(choice.at, "only the tools that may be called are sent")
    tools: dict[str, chat.Tool] = {}
    for each in conversation.functions:
        if each.name in tools:
            report.lost(each.at, "is a second tool of this name")
        elif some and each.name not in some:
            report.lost(each.at, "is not among the tools that may be called")
        else:
            tools[each.name] = each
    return list(tools.values())


def _no_choice(conversation: chat.Conversation, report: chat.Report) -> None:
    if conversation.choice is not None:
        report.lost(conversation.choice.at, "no tool is sent that the client runs")


def _calling(choice: chat.ToolChoice, names: list[str], abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    """Return the choice; *names* are those of it that are sent."""
    if choice.mode != "any":
        return {"mode": _MODES[choice.mode]}
    if abilities.forced_tools == "never":
        report.lost(choice.at, "the model cannot be made to call a tool")
        return {"mode": "AUTO"}
    if choice.names and not names:
        report.lost(choice.at, "the tool is not among those that are sent")
        return {"mode": "AUTO"}
    return {"mode": "ANY", "allowedFunctionNames": names} if names else {"mode": "ANY"}


def _parameters(tool: chat.Tool, report: chat.Report) -> msgspec.Raw | None:
    at = tool.pointers.get("schema", "")
    try:
        return None if tool.schema is None else parameters(tool.schema, at, report)
    except chat.CannotCarry as exc:
        raise chat.CannotCarry(exc.pointer if at else tool.at, f"The tool {tool.name[:100]!r}: {exc}") from None


def _declaration(tool: chat.Tool, report: chat.Report) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name}
    description = tool.description
    if tool.freeform:
        report.mapped(tool.at, "takes an object whose member `input` is the text")
        grammar = f"The input has to follow this grammar:\n{tool.grammar}" if tool.grammar else None
        description = "\n\n".join(each for each in (description, grammar) if each)
        declared["parameters"] = _BARE_TEXT
    if description:
        declared["description"] = description
    arguments = None if tool.freeform else _parameters(tool, report)
    if arguments is not None:
        declared["parameters"] = arguments
    if tool.strict:  # else it says what Gemini does anyway
        report.lost(tool.pointers.get("strict", ""), "Gemini decides itself how strictly it keeps to a schema")
    if tool.cache is not None:
        lose_mark(tool.cache, report)
    return declared
