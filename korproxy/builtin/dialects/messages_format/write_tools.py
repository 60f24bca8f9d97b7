"""Tools and the choice among them, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.marks import Marks
from korproxy.builtin.dialects.messages_format.schemas import arguments_schema, exact_schema

_FREEFORM = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}

_SEARCH = {"type": "web_search_20250305", "name": "web_search"}  # the first version, which every model takes that searches


@attrs.frozen
class WrittenTools:
    """The members ``tools`` and ``tool_choice`` of a request; ``forced``: a tool has to be called."""

    members: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    forced: bool = False


def write_tools(conversation: chat.Conversation, abilities: Abilities, marks: Marks, report: chat.Report) -> WrittenTools:
    """Write the tools of *conversation*. Where none is left, there is no choice either: Anthropic refuses it."""
    choice = chat.known_choice(conversation, report)
    # Anthropic can force one tool, but it cannot choose among some, so the others go.
    names = choice.names if choice is not None and not _is_one(choice) else ()
    offered = list(chat.offered_tools(conversation, names, abilities, report))
    tools = [_written(each, abilities, marks, report) for each in offered]
    search = chat.offered_search(conversation, ("tool", "alone"), abilities, report, beside=bool(offered))
    if search is not None and any(each.name == _SEARCH["name"] for each in offered):
        report.lost(search.at, "a tool of the client has its name")
    elif search is not None:
        tools.append(_search(search, report))
    if not tools:
        _nothing_to_choose(conversation, report)
        return WrittenTools()
    said = _choice(conversation, choice, abilities, report)
    members = {"tools": tools} if said is None else {"tools": tools, "tool_choice": said}
    return WrittenTools(members, forced=said is not None and said["type"] in {"any", "tool"})


def _is_one(choice: chat.ToolChoice) -> bool:
    return choice.mode == "any" and len(choice.names) == 1


def _search(search: chat.HostedTool, report: chat.Report) -> dict[str, Any]:
    """Write a web search, which Anthropic runs. Of allowed and blocked domains it takes one list only."""
    known = {"max_uses", "allowed_domains", "blocked_domains", "user_location"}
    if "allowed_domains" in search.settings:
        known.remove("blocked_domains")
    settings = chat.carried_settings(search, known, report)
    if "user_location" in settings:
        settings["user_location"] = {"type": "approximate", **settings["user_location"]}
    return {**_SEARCH, **settings}


def _written(tool: chat.Tool, abilities: Abilities, marks: Marks, report: chat.Report) -> dict[str, Any]:
    if tool.freeform:
        report.mapped(tool.at, "takes an object whose member `input` is the text")
        texts = (tool.description, f"The input has to follow this grammar:\n{tool.grammar}" if tool.grammar else None)
        done: dict[str, Any] = {"name": tool.name, "description": "\n\n".join(each for each in texts if each)}
        return marks.put({**done, "input_schema": _FREEFORM}, tool.cache)
    schema = arguments_schema(tool.schema, tool.pointers.get("schema", tool.at))
    strict = tool.strict and abilities.structured
    if strict:
        schema = exact_schema(schema, tool.pointers.get("schema", tool.at))
    if tool.schema is not None and schema != tool.schema:
        report.mapped(tool.pointers.get("schema", tool.at), "the schema is put in the form that Anthropic takes")
    done = {"name": tool.name}
    if tool.description is not None:
        done["description"] = tool.description
    done["input_schema"] = schema
    if strict:
        done["strict"] = True
    elif tool.strict:
        report.lost(tool.pointers.get("strict", ""), "the model cannot be held to a schema")
    return marks.put(done, tool.cache)


def _choice(
    conversation: chat.Conversation, choice: chat.ToolChoice | None, abilities: Abilities, report: chat.Report
) -> dict[str, Any] | None:
    options = conversation.options
    said: dict[str, Any] = {"type": "auto" if choice is None else choice.mode}
    if choice is not None and choice.mode == "any" and abilities.forced_tools == "never":
        report.lost(choice.at, "the model cannot be forced to call a tool")
        said["type"] = "auto"
    elif choice is not None and _is_one(choice):
        said = {"type": "tool", "name": choice.names[0]}
    if options.parallel is False:
        if said["type"] == "none":
            report.lost(options.pointers.get("parallel", ""), "no tool may be called")
        else:
            return {**said, "disable_parallel_tool_use": True}
    return None if choice is None else said


def _nothing_to_choose(conversation: chat.Conversation, report: chat.Report) -> None:
    pointers: Sequence[str] = (
        conversation.choice.at if conversation.choice is not None else "",
        conversation.options.pointers.get("parallel", "") if conversation.options.parallel is not None else "",
    )
    for pointer in pointers:
        report.lost(pointer, "no tool is sent")
