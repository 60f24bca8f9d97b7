"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.messages_format.marks import Marks
from korproxy.builtin.dialects.messages_format.write_options import JSON_ONLY, check_choices, write_options, write_output
from korproxy.builtin.dialects.messages_format.write_parts import PartWriter
from korproxy.builtin.dialects.messages_format.write_thinking import plan
from korproxy.builtin.dialects.messages_format.write_tools import write_tools
from korproxy.builtin.dialects.messages_format.write_turns import arrange, end_with_user, is_unsealed

_NAMES = chat.NameRule(longest=128)


def write_request(conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
    """Write *conversation* for *target*.

    Raises:
        CannotCarry: It asks for several answers, or has a part, or a form of the answer, that this format or model lacks.
    """
    abilities, options = target.abilities, conversation.options
    check_choices(options)
    conversation, names = chat.fit_names(conversation, _NAMES, report)
    marks = Marks()
    tools = write_tools(conversation, abilities, marks, report)
    front, turns = arrange(conversation, abilities, report)
    planned = plan(options, abilities, report, forced=tools.forced, unsealed=is_unsealed(turns))
    turns = end_with_user(turns, report, prefill=abilities.prefill and not planned.on)
    output = write_output(options, abilities, report)
    parts = PartWriter(abilities, report, marks)
    system = _system(front, options, parts)
    messages = [{"role": turn.role, "content": _content(turn, parts)} for turn in turns]
    marks.settle(report)
    config = {"effort": planned.effort, "format": output}
    members = {
        "model": target.model,
        "max_tokens": planned.max_tokens,
        "stream": target.stream or None,
        "system": system or None,
        **tools.members,
        "thinking": planned.thinking,
        "output_config": {key: value for key, value in config.items() if value is not None} or None,
        **write_options(options, abilities, report, thinks=planned.on),
        "messages": messages,
    }
    body = {key: value for key, value in members.items() if value is not None}
    return chat.Written(body=json_bytes(body), names=names)


def _system(front: Sequence[chat.Turn], options: chat.Options, parts: PartWriter) -> list[dict[str, Any]]:
    """Return the system text in its own blocks: Claude Code marks some of them to be cached."""
    blocks = [block for turn in front for block in _content(turn, parts)]
    if options.output is not None and options.output.kind == "json":
        blocks.append({"type": "text", "text": JSON_ONLY})
    return blocks


def _content(turn: chat.Turn, parts: PartWriter) -> list[dict[str, Any]]:
    return [block for part in turn.parts for block in parts.blocks(part)]
