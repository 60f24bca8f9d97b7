"""Tools, and which of them may be called, read: in today's form and in the one before (``functions``, ``function_call``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.read_parts import read_cache_mark

_MODES: dict[str | None, Literal["auto", "none", "any"]] = {"auto": "auto", "none": "none", "required": "any"}


def read_tools(request: chat.Fields) -> Iterator[chat.Tool | chat.HostedTool]:
    """Yield all tools, those that the provider runs itself included."""
    for tool in request.tables("tools"):
        yield from _tool(tool)
        tool.close()
    for old in request.tables("functions"):
        yield from _function(old, old.at, cache=None)
        old.close()
    search = request.table("web_search_options")
    if search is not None:
        yield _search(search)


def read_choice(request: chat.Fields) -> chat.ToolChoice | None:
    """Return which tools may be called; None where the client did not say."""
    for key in ("tool_choice", "function_call"):
        said, at = request.get(key), request.pointer(key)
        if isinstance(said, str) and said in _MODES:
            return chat.ToolChoice(mode=_MODES[said], at=at)
        found = _named(chat.Fields(said, at, request.report)) if isinstance(said, dict) else None
        if found is not None:
            return found
        request.lost(key, "is a choice that KorProxy does not know")
    return None


def _tool(tool: chat.Fields) -> Iterator[chat.Tool | chat.HostedTool]:
    kind = tool.text("type") or "function"
    if kind == "function":
        # Some clients write a function flat, as the Responses API has it.
        inner = tool.table("function") or (tool if "name" in tool.value else None)
        if inner is not None:
            yield from _function(inner, tool.at, cache=read_cache_mark(tool))
            inner.close()
            return
    elif kind == "custom" and (inner := tool.table("custom")) is not None:
        yield from _custom(inner, tool.at)
        inner.close()
        return
    elif kind.startswith("web_search"):
        yield _search(tool)
        return
    settings = {key: value for key, value in tool.value.items() if key != "type"}
    for key in settings:
        tool.get(key)
    yield chat.HostedTool(kind=kind, settings=settings, at=tool.at)


def _search(search: chat.Fields) -> chat.HostedTool:
    settings, place = chat.SearchSettings(), search.table("user_location")
    if place is not None and "approximate" in place.value:
        settings.location(search, "user_location", place.table("approximate"))
        if place.get("type") != "approximate":
            place.lost("type", "is a kind of location that KorProxy does not know")
        place.close()
    else:  # as the Responses API has it
        settings.location(search, "user_location", place)
    settings.size(search, "search_context_size")
    search.close("only OpenAI's search has it")
    return settings.made(search.at)


def _function(inner: chat.Fields, at: str, *, cache: chat.CacheMark | None) -> Iterator[chat.Tool]:
    name, schema = inner.text("name"), inner.table("parameters")
    about: dict[str, Any] = {"description": inner.text("description"), "strict": inner.flag("strict")}
    pointers = {"schema": inner.pointer("parameters"), "strict": inner.pointer("strict")}
    pointers = {key: value for key, value in pointers.items() if inner.get(value.rpartition("/")[2]) is not None}
    if not name:
        inner.report.lost(at, "is a tool without a name")
        return
    yield chat.Tool(name=name, schema=None if schema is None else schema.value, cache=cache, at=at, pointers=pointers, **about)


def _custom(inner: chat.Fields, at: str) -> Iterator[chat.Tool]:
    name, description = inner.text("name"), inner.text("description")
    form = inner.table("format")
    grammar = _grammar(form) if form is not None else None
    if not name:
        inner.report.lost(at, "is a tool without a name")
        return
    yield chat.Tool(name=name, description=description, freeform=True, grammar=grammar, at=at)


def _grammar(form: chat.Fields) -> str | None:
    """Return the grammar as a text for the model, with the language that it is written in."""
    kind, inner = form.text("type"), form.table("grammar")
    form.close()
    if kind == "text" and inner is None:
        return None
    definition = inner.text("definition") if inner is not None else None
    syntax = inner.text("syntax") if inner is not None else None
    if inner is None or not definition:
        form.report.lost(form.at, "is a form of input that KorProxy does not know")
        return None
    inner.close()
    return f"{syntax} grammar:\n{definition}" if syntax else definition


def _named(said: chat.Fields) -> chat.ToolChoice | None:
    kind = said.text("type")
    if kind == "allowed_tools":
        return _allowed(said)
    inner = said.table(kind) if kind in {"function", "custom"} else said  # before tools there was no type
    name = inner.text("name") if inner is not None else None
    if inner is None or not name:
        return None
    inner.close()
    said.close()
    return chat.ToolChoice(mode="any", names=(name,), at=said.at)


def _allowed(said: chat.Fields) -> chat.ToolChoice | None:
    allowed = said.table("allowed_tools")
    said.close()
    if allowed is None:
        return None
    mode, names = allowed.text("mode"), []
    for tool in allowed.tables("tools"):
        inner = tool.table(tool.text("type") or "function")
        name = inner.text("name") if inner is not None else None
        if inner is None or not name:
            tool.report.lost(tool.at, "is a tool without a name")
            continue
        names.append(name)
        inner.close()
        tool.close()
    allowed.close()
    return chat.ToolChoice(mode="any" if mode == "required" else "auto", names=tuple(names), at=said.at)
