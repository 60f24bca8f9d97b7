"""Wishes about the answer, read.

Facts: ``MessageCreateParams`` of Anthropic's Python SDK 2.12; ``temperature``, ``top_p``, ``top_k`` of the versions before 2.
"""

from __future__ import annotations

from typing import Any

from korproxy.api import chat

_SHOWN = {"summarized": True, "omitted": False}


def read_options(top: chat.Fields, parallel: bool | None) -> chat.Options:
    """Return the wishes in *top*, the request; *parallel* was said with the choice of tools.

    Beside the names of attributes, ``pointers`` has ``effort``, ``budget`` and ``shown``: the three stand at different places.
    """
    told: dict[str, Any] = {
        "max_tokens": top.integer("max_tokens"),
        "temperature": top.number("temperature"),
        "top_p": top.number("top_p"),
        "top_k": top.integer("top_k"),
        "tier": top.text("service_tier"),
        "stop": _stop(top) or None,
        "parallel": parallel,
    }
    places = {"tier": "service_tier", "stop": "stop_sequences", "parallel": "tool_choice"}
    pointers = {name: top.pointer(places.get(name, name)) for name, value in told.items() if value is not None}
    if parallel is not None:
        pointers["parallel"] = chat.child(pointers["parallel"], "disable_parallel_tool_use")
    config = top.table("output_config")
    told["thinking"] = _thinking(top.table("thinking"), config, pointers)
    told["output"] = _output(top, config, pointers)
    told["user"] = _user(top, pointers)
    if config is not None:
        config.close()
    return chat.Options(**{name: value for name, value in told.items() if value is not None}, pointers=pointers)


def _stop(top: chat.Fields) -> tuple[str, ...]:
    said = top.get("stop_sequences")
    if not isinstance(said, list):
        top.lost("stop_sequences", "is not a list")
        return ()
    for number, each in enumerate(said):
        if not isinstance(each, str):
            top.report.lost(chat.child(top.pointer("stop_sequences"), number), "is not a text")
    return tuple(each for each in said if isinstance(each, str))


def _user(top: chat.Fields, pointers: dict[str, str]) -> str | None:
    metadata = top.table("metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    metadata.close()
    pointers["user"] = metadata.pointer("user_id")
    return user


def _output(top: chat.Fields, config: chat.Fields | None, pointers: dict[str, str]) -> chat.OutputFormat | None:
    """Return the wanted form of the answer; old clients say it at the top, as ``output_format``."""
    old = top.table("output_format")
    wanted = (config.table("format") if config is not None else None) or old
    if wanted is None:
        return None
    if old is not None and old is not wanted:
        old.report.lost(old.at, "output_config.format says it, too")
    schema = wanted.table("schema")
    if wanted.text("type") != "json_schema" or schema is None:
        wanted.report.lost(wanted.at, "is a form of answers that KorProxy does not know")
        return None
    wanted.close()
    pointers["output"] = wanted.at
    return chat.OutputFormat(kind="schema", schema=schema.value, pointers={"schema": schema.at})


def _thinking(said: chat.Fields | None, config: chat.Fields | None, pointers: dict[str, str]) -> chat.Thinking | None:
    """Return how much to think. An effort alone counts, too: some models always think."""
    effort = _effort(config, pointers)
    if said is None:
        if effort is not None:
            pointers["thinking"] = pointers["effort"]
        return None if effort is None else chat.Thinking(effort=effort)
    pointers["thinking"] = said.at
    kind, budget, shown = said.text("type"), said.integer("budget_tokens"), _shown(said, pointers)
    said.close()
    if budget is not None:
        pointers["budget"] = said.pointer("budget_tokens")
    if kind == "disabled":
        if effort is not None:
            said.report.lost(pointers["effort"], "thinking is switched off")
        pointers["effort"] = said.at
        return chat.Thinking(effort="none")
    if kind == "between_tools":
        said.report.mapped(said.pointer("type"), "as thinking whenever the model wants")
    elif kind not in {"adaptive", "enabled"}:
        said.report.lost(said.at, "is a kind of thinking that KorProxy does not know")
        return None if effort is None else chat.Thinking(effort=effort)
    return chat.Thinking(effort=effort, budget=budget, shown=shown)


def _effort(config: chat.Fields | None, pointers: dict[str, str]) -> chat.Effort | None:
    word = None if config is None else config.text("effort")
    if config is None or word is None:
        return None
    for known in chat.EFFORTS:
        if word == known:
            pointers["effort"] = config.pointer("effort")
            return known
    config.lost("effort", "is an effort that KorProxy does not know")
    return None


def _shown(said: chat.Fields, pointers: dict[str, str]) -> bool | None:
    word = said.text("display")
    if word is None:
        return None
    if word not in _SHOWN:
        said.lost("display", "is a display that KorProxy does not know")
        return None
    pointers["shown"] = said.pointer("display")
    return _SHOWN[word]
