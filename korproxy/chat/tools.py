"""Which tools, and which choice among them, a target is sent that is not offered all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from korproxy.chat.conversation import Conversation, HostedTool, Tool, ToolChoice
from korproxy.chat.report import Report
from korproxy.models.abilities import Abilities


def known_choice(conversation: Conversation, report: Report) -> ToolChoice | None:
    """Return the choice with only such names as there are tools of; None where it named others only."""
    choice = conversation.choice
    if choice is None or not choice.names:
        return choice
    known = {each.name for each in conversation.functions}
    names = tuple(each for each in choice.names if each in known)
    if len(names) < len(choice.names):
        report.lost(choice.at, "names a tool that is not there")
        return attrs.evolve(choice, names=names) if names else None
    return choice


def offered_tools(conversation: Conversation, names: Sequence[str], abilities: Abilities, report: Report) -> Iterator[Tool]:
    """Yield the tools that a model of these *abilities* is sent: of *names*, empty: of any name. Others are noted as lost.

    A web search is none of them: ``searching.offered_search`` decides on it.
    """
    if names and conversation.choice is not None:
        report.mapped(conversation.choice.at, "the other tools are left out")
    for tool in conversation.tools:
        if isinstance(tool, HostedTool) and tool.kind == "web_search":
            continue
        if isinstance(tool, HostedTool):
            report.lost(tool.at, f"a tool that the provider runs ({tool.kind[:50]}) is not translated")
        elif not abilities.tools:
            _lose(tool, "the model takes no tools", report)
        elif names and tool.name not in names:
            _lose(tool, "is not among the tools that may be called", report)
        else:
            yield tool


def _lose(tool: Tool, why: str, report: Report) -> None:
    """Report *tool* as lost, and what was said of it elsewhere in the request."""
    report.lost(tool.at, why)
    for at in tool.pointers.values():
        if tool.at and not at.startswith(f"{tool.at}/"):
            report.lost(at, why)
