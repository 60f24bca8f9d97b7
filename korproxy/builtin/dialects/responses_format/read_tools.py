"""Tools, read.

Facts: ``ToolParam`` and ``NamespaceToolParam`` of OpenAI's Python SDK 3.54.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.grammars import grammar_text
from korproxy.builtin.dialects.responses_format.namespaces import Names

# Tools that the client runs, and of which only OpenAI's models know how they are called; ``shell`` where it has no container.
_OWN = frozenset({"apply_patch", "computer", "computer_use_preview", "local_shell", "shell"})


@attrs.frozen
class Declared:
    """A tool as the request has it, and the namespace that it stands in."""

    tool: chat.Tool | chat.HostedTool
    namespace: str | None = None


def declared_tools(holder: chat.Fields) -> Iterator[Declared]:
    """Yield all ``tools`` of *holder*: the request, or an item that adds some.

    Raises:
        CannotCarry: One of them is of a type that only OpenAI's models can call, and the client runs it.
    """
    for tool in holder.tables("tools"):
        if tool.get("type") == "namespace":
            yield from _namespace(tool)
        else:
            yield from (Declared(each) for each in _tool(tool))
        tool.close()


def named_tools(declared: Sequence[Declared], report: chat.Report) -> tuple[Sequence[chat.Tool | chat.HostedTool], Names]:
    """Return the tools under names of their own, and these names. Of several tools with one name the last counts."""
    names = Names({each.tool.name for each in declared if isinstance(each.tool, chat.Tool) and each.namespace is None})
    return tuple(_latest([_named(each, names) for each in declared], report)), names


def _named(declared: Declared, names: Names) -> chat.Tool | chat.HostedTool:
    tool = declared.tool
    if declared.namespace is None or not isinstance(tool, chat.Tool):
        return tool
    return attrs.evolve(tool, name=names.flat(tool.name, declared.namespace))


def _latest(tools: Iterable[chat.Tool | chat.HostedTool], report: chat.Report) -> Iterator[chat.Tool | chat.HostedTool]:
    tools = list(tools)
    last = {each.name: each for each in tools if isinstance(each, chat.Tool)}
    for each in tools:
        if isinstance(each, chat.HostedTool) or last[each.name] is each:
            yield each
        else:
            report.lost(each.at, "a later tool has the same name")


def _namespace(holder: chat.Fields) -> Iterator[Declared]:
    """Yield the tools of a namespace; what is said about all of them is put to the first."""
    name, about = holder.text("name"), holder.text("description")
    first = True
    for tool in holder.tables("tools"):
        for each in _tool(tool):
            tells = first and about is not None and isinstance(each, chat.Tool)
            told = _with_about(each, f"About all tools in {name}: {about}", holder.pointer("description")) if tells else each
            yield Declared(told, name or None)
            first = first and not tells
        tool.close()
    if first:
        holder.lost("description", "there is no tool in the namespace")
    elif about is not None:
        holder.report.mapped(holder.pointer("description"), "in the description of its first tool")


def _with_about(tool: chat.Tool | chat.HostedTool, said: str, at: str) -> chat.Tool | chat.HostedTool:
    if not isinstance(tool, chat.Tool):
        return tool
    description = f"{tool.description}\n\n{said}" if tool.description else said
    return attrs.evolve(tool, description=description, pointers={**tool.pointers, "about": at})


def _tool(tool: chat.Fields) -> Iterator[chat.Tool | chat.HostedTool]:
    kind = tool.text("type") or "function"
    if kind == "function":
        # Some clients write a function as Chat Completions has it.
        inner = tool.table("function")
        yield from _function(inner or tool, tool.at)
        if inner is not None:
            inner.close()
    elif kind == "custom":
        yield from _custom(tool)
    elif kind.startswith("web_search"):
        yield _search(tool)
    else:
        if kind in _OWN and not _in_container(tool):
            what = f"the tool type {kind} is OpenAI's own, and only its models can call it"
            raise chat.CannotCarry(tool.at, f"{what}. Use an OpenAI provider, or switch this tool off.")
        settings = {key: value for key, value in tool.value.items() if key != "type"}
        for key in settings:
            tool.get(key)
        yield chat.HostedTool(kind=kind, settings=settings, at=tool.at)


def _search(tool: chat.Fields) -> chat.HostedTool:
    """Return a web search; one that may not leave OpenAI's own store of pages is another tool, which nobody else has."""
    if tool.flag("external_web_access") is False:
        tool.value = {}  # said once for all of it
        return chat.HostedTool(kind="web_search of stored pages", at=tool.at)
    if tool.get("external_web_access") is True:
        tool.report.mapped(tool.pointer("external_web_access"), "is what a web search has everywhere")
    settings, filters = chat.SearchSettings(), tool.table("filters")
    if filters is not None:
        settings.domains("allowed_domains", filters, "allowed_domains")
        filters.close("only OpenAI's search has it")
    settings.location(tool, "user_location", tool.table("user_location"))
    settings.size(tool, "search_context_size")
    return settings.made(tool.at)


def _in_container(tool: chat.Fields) -> bool:
    environment = tool.get("environment")
    return isinstance(environment, dict) and environment.get("type") in ("container_auto", "container_reference")


def _function(tool: chat.Fields, at: str) -> Iterator[chat.Tool]:
    name, schema = tool.text("name"), tool.table("parameters")
    about: dict[str, Any] = {"description": tool.text("description"), "strict": tool.flag("strict")}
    keys = {"schema": "parameters", "strict": "strict"}
    pointers = {key: tool.pointer(field) for key, field in keys.items() if tool.get(field) is not None}
    _lose(tool)
    if not name:
        tool.report.lost(at, "is a tool without a name")
        return
    yield chat.Tool(name=name, schema=None if schema is None else schema.value, at=at, pointers=pointers, **about)


def _custom(tool: chat.Fields) -> Iterator[chat.Tool]:
    name, description, form = tool.text("name"), tool.text("description"), tool.table("format")
    grammar = _grammar(form) if form is not None else None
    _lose(tool)
    if not name:
        tool.report.lost(tool.at, "is a tool without a name")
        return
    yield chat.Tool(name=name, description=description, freeform=True, grammar=grammar, at=tool.at)


def _lose(tool: chat.Fields) -> None:
    tool.lost("output_schema", "no other format says what a tool gives back")
    if tool.flag("async") is False:
        tool.report.mapped(tool.pointer("async"), "is how every tool is called")
    else:
        tool.lost("async", "only OpenAI's models go on while a tool runs")
    if tool.get("defer_loading") is not None:
        tool.report.mapped(tool.pointer("defer_loading"), "the tool is known from the beginning")
    callers = tool.get("allowed_callers")
    if callers == ["direct"]:
        tool.report.mapped(tool.pointer("allowed_callers"), "is how every model calls")
    else:
        tool.lost("allowed_callers", "only OpenAI's own programs call tools")


def _grammar(form: chat.Fields) -> str | None:
    kind, syntax, definition = form.text("type"), form.text("syntax"), form.text("definition")
    form.close()
    if kind == "grammar" and definition:
        return grammar_text(syntax, definition)
    if kind == "text":
        form.report.mapped(form.at, "text is what the tool takes anyway")
    else:
        form.report.lost(form.at, "is a form of input that KorProxy does not know")
    return None
