"""Tools as ``functionDeclarations``, and the choice among them as ``toolConfig``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.media_writer import lose_mark
from korproxy.builtin.dialects.gemini_format.schema_cleaning import clean_parameters

_MODES = {"auto": "AUTO", "any": "ANY", "none": "NONE"}
_BARE_TEXT = {"type": "OBJECT", "properties": {"input": {"type": "STRING"}}, "required": ["input"]}


def write_tools(conversation: chat.Conversation, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    """Return the members ``tools`` and ``toolConfig`` of a request; neither where no tool is left.

    Raises:
        CannotCarry: The model calls no tools, or the schema of one cannot be carried.
    """
    for hosted in conversation.tools:
        if isinstance(hosted, chat.HostedTool):
            report.lost(hosted.at, f"{hosted.kind} is run by another vendor")
    tools = _allowed(conversation, report)
    if not tools:
        _no_choice(conversation, report)
        return {}
    if not abilities.tools:
        raise chat.CannotCarry(tools[0].at, "The model calls no tools. Take them out, or choose another model.")
    members: dict[str, Any] = {"tools": [{"functionDeclarations": [_declaration(each, report) for each in tools]}]}
    choice = conversation.choice
    if choice is not None:
        members["toolConfig"] = {"functionCallingConfig": _calling(choice, abilities, report)}
    return members


def _allowed(conversation: chat.Conversation, report: chat.Report) -> Sequence[chat.Tool]:
    """Return the tools that may be called: Gemini takes a list of names only where it has to call one of them."""
    choice, tools = conversation.choice, conversation.functions
    if choice is None or choice.mode != "auto" or not choice.names:
        return tools
    report.mapped(choice.at, "only the tools that may be called are sent")
    for each in tools:
        if each.name not in choice.names:
            report.lost(each.at, "is not among the tools that may be called")
    return [each for each in tools if each.name in choice.names]


def _no_choice(conversation: chat.Conversation, report: chat.Report) -> None:
    if conversation.choice is not None:
        report.lost(conversation.choice.at, "no tool is sent")


def _calling(choice: chat.ToolChoice, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    if choice.mode == "any" and abilities.forced_tools == "never":
        report.lost(choice.at, "the model cannot be made to call a tool")
        return {"mode": "AUTO"}
    if choice.mode == "any" and choice.names:
        return {"mode": "ANY", "allowedFunctionNames": list(choice.names)}
    return {"mode": _MODES[choice.mode]}


def _parameters(tool: chat.Tool, report: chat.Report) -> dict[str, Any] | None:
    at = tool.pointers.get("schema", "")
    try:
        return None if tool.schema is None else clean_parameters(tool.schema, at, report)
    except chat.CannotCarry as exc:
        raise chat.CannotCarry(exc.pointer if at else tool.at, f"The tool {tool.name[:100]!r}: {exc}") from None


def _declaration(tool: chat.Tool, report: chat.Report) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name}
    description = tool.description
    if tool.freeform:
        report.mapped(tool.at, "takes an object whose member `input` is the text")
        grammar = f"The input has to follow this grammar:\n{tool.grammar}" if tool.grammar else None
        description = "\n\n".join(each for each in (description, grammar) if each)
        parameters: dict[str, Any] | None = _BARE_TEXT
    else:
        parameters = _parameters(tool, report)
    if description:
        declared["description"] = description
    if parameters is not None:
        declared["parameters"] = parameters
    if tool.strict is not None:
        report.lost(tool.pointers.get("strict", ""), "Gemini decides itself how strictly it keeps to a schema")
    if tool.cache is not None:
        lose_mark(tool.cache, report)
    return declared
