"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.gemini_format.contents_writer import contents, system_instruction, without_names
from korproxy.builtin.dialects.gemini_format.options_writer import JSON_ONLY, generation_config, refuse_choices, says_json
from korproxy.builtin.dialects.gemini_format.tools_writer import write_tools

# The API takes 128 characters today; older models and Vertex AI 64.
_NAMES = chat.NameRule(longest=64, characters="A-Za-z0-9_.:-", first="A-Za-z_")


def write_request(conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
    """Write *conversation* for *target*. Model and stream are no part of the body: they stand in the address.

    Raises:
        CannotCarry: It asks for several answers, or for something else that Gemini, or this model of it, has no place for.
    """
    abilities, options = target.abilities, conversation.options
    refuse_choices(options)
    conversation, names = chat.fit_names(conversation, _NAMES, report)
    tools = write_tools(conversation, abilities, report)
    own = chat.own_reasoning(conversation, abilities.family, report)
    front, rest = chat.in_front(without_names(own.turns, report))
    turns = chat.merge(chat.remind(chat.pair_results(rest, report), report))
    body: dict[str, Any] = {"contents": contents(turns, abilities, report)}
    system = _system(front, report, json_only=says_json(options, abilities, tools=bool(tools)))
    if system is not None:
        body["systemInstruction"] = system
    body |= tools
    config = generation_config(options, abilities, report, tools=bool(tools))
    if config:
        body["generationConfig"] = config
    return chat.Written(body=json_bytes(body), names=names)


def _system(front: Sequence[chat.Turn], report: chat.Report, *, json_only: bool) -> dict[str, Any] | None:
    system = system_instruction(front, report)
    if not json_only:
        return system
    parts = [] if system is None else system["parts"]
    return {"parts": [*parts, {"text": JSON_ONLY}]}
