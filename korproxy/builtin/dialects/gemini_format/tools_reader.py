"""Tools and the choice among them in a client's request, read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.schema_reader import json_schema

_MODES: Mapping[str, Literal["auto", "none", "any"]] = {"AUTO": "auto", "ANY": "any", "NONE": "none", "VALIDATED": "auto"}
_CLIENTS = frozenset({"computerUse", "computer_use"})
_SEARCHES = frozenset({"googleSearch", "google_search"})
_ONLY_GEMINIS = ("response", "responseJsonSchema", "behavior")


def read_tools(top: chat.Fields) -> Iterator[chat.Tool | chat.HostedTool]:
    """Yield all tools, those that Google runs itself included: each is a key of its own.

    Raises:
        CannotCarry: One that the client runs, and only Gemini's models know how to call.
    """
    for tool in top.tables("tools"):
        key = spelled(tool, "functionDeclarations")
        for declared in tool.tables(key):
            yield from _declared(declared)
        for kind, settings in tool.value.items():
            if kind != key and settings is not None:
                if kind in _CLIENTS:
                    text = (
                        "Only Gemini's models know how to use a computer by this tool. Use a Gemini provider, or leave it out."
                    )
                    raise chat.CannotCarry(tool.pointer(kind), text)
                if kind in _SEARCHES and (search := tool.table(kind)) is not None:
                    yield _search(search)
                    continue
                tool.get(kind)
                yield chat.HostedTool(kind=kind, settings=settings if isinstance(settings, dict) else {}, at=tool.pointer(kind))


def _search(search: chat.Fields) -> chat.HostedTool:
    settings = chat.SearchSettings()
    settings.domains("blocked_domains", search, spelled(search, "excludeDomains"))
    search.close("only Google's search has it")
    return settings.made(search.at)


def read_choice(top: chat.Fields) -> chat.ToolChoice | None:
    """Return which tools may be called; None where the client did not say."""
    config = top.table(spelled(top, "toolConfig"))
    if config is None:
        return None
    calling = config.table(spelled(config, "functionCallingConfig"))
    config.close("only Gemini takes it")
    if calling is None:
        return None
    key = spelled(calling, "allowedFunctionNames")
    mode, names = (calling.text("mode") or "AUTO").upper(), calling.get(key)
    if mode not in _MODES:
        calling.lost("mode", "is a mode that KorProxy does not know")
        mode = "AUTO"
    if not isinstance(names, list):
        calling.lost(key, "is no list of names")
        names = []
    calling.close("only Gemini takes it")
    if mode == "VALIDATED":
        calling.report.mapped(calling.pointer("mode"), "as the model's own choice")
    return chat.ToolChoice(mode=_MODES[mode], names=tuple(each for each in names if isinstance(each, str)), at=calling.at)


def _declared(declared: chat.Fields) -> Iterator[chat.Tool]:
    name, description = declared.text("name"), declared.text("description")
    plain, own = spelled(declared, "parametersJsonSchema"), "parameters"
    key = plain if declared.get(plain) is not None else own
    schema = declared.table(key)
    for each in _ONLY_GEMINIS:
        declared.lost(spelled(declared, each), "only Gemini is told what a tool gives")
    declared.close()
    if not name:
        declared.report.lost(declared.at, "is a tool without a name")
        return
    pointers = {} if schema is None else {"schema": schema.at}
    value = None if schema is None else schema.value if key == plain else json_schema(schema.value)
    yield chat.Tool(name=name, description=description, schema=value, at=declared.at, pointers=pointers)
