"""A request, written for a provider: OpenAI itself, or one of the many that copy its format."""

from __future__ import annotations

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.long_urls import request_bytes
from korproxy.builtin.dialects.chat_format.write_messages import write_messages
from korproxy.builtin.dialects.chat_format.write_options import write_options
from korproxy.builtin.dialects.chat_format.write_thinking import write_thinking
from korproxy.builtin.dialects.chat_format.write_tools import write_tools

_NAMES = chat.NameRule(longest=64)


def write_request(conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
    """Write *conversation* for *target*.

    Raises:
        CannotCarry: It asks for several answers, or has a part, or a form of the answer, that this format or model lacks.
    """
    conversation, names = chat.fit_names(conversation, _NAMES, report)
    abilities = target.abilities
    tools = write_tools(conversation, abilities, report)
    thinking = write_thinking(conversation, abilities, report, has_tools="tools" in tools.members, forced=tools.forced)
    # OpenAI refuses stream_options without a stream; and without them a stream tells no usage.
    stream = {"stream": True, "stream_options": {"include_usage": True}} if target.stream else {}
    body = {
        "model": target.model,
        **stream,
        **write_options(conversation.options, abilities, report),
        **thinking,
        **tools.members,
        "messages": write_messages(conversation, abilities, report),
    }
    return chat.Written(body=request_bytes(body), names=names)
