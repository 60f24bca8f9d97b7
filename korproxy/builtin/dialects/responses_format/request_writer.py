"""A request, written for a provider.

Nothing is left at the provider's: every request says all that was said, and gets what the model thought back sealed.
"""

from __future__ import annotations

from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.long_urls import request_bytes
from korproxy.builtin.dialects.responses_format.write_items import write_items
from korproxy.builtin.dialects.responses_format.write_options import write_options
from korproxy.builtin.dialects.responses_format.write_thinking import write_thinking
from korproxy.builtin.dialects.responses_format.write_tools import write_tools

_NAMES = chat.NameRule(longest=64)


def write_request(conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
    """Write *conversation* for *target*.

    Raises:
        CannotCarry: It asks for several answers, or has a part, or a form of the answer, that this format or model lacks.
    """
    conversation, names = chat.fit_names(conversation, _NAMES, report)
    abilities, options = target.abilities, conversation.options
    tools = write_tools(conversation, abilities, report)
    said = write_items(conversation, abilities, report)
    members: dict[str, Any] = {
        "model": target.model,
        "stream": target.stream or None,
        "store": False,
        "include": ["reasoning.encrypted_content"] if abilities.reasoning != "none" else None,  # others refuse the wish
        **write_options(options, abilities, report),
        **write_thinking(options, abilities, report, forced=tools.forced, searches=tools.searches),
        **tools.members,
        "instructions": said.instructions or None,
        "input": said.input,
    }
    return chat.Written(body=request_bytes({key: value for key, value in members.items() if value is not None}), names=names)
