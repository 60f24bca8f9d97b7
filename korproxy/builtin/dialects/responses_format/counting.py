"""A request as the question how many tokens it has.

Fact: ``InputTokenCountParams`` of OpenAI's Python SDK 3.57: no limit, no stream, nothing that is stored or sealed for later.
"""

from __future__ import annotations

import msgspec

from korproxy.api import chat, json_bytes

TAKEN = frozenset(
    {
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
)

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def ask(body: bytes, target: chat.Target) -> bytes:
    """Return *body*, a request for an answer, with those of its members that can be counted."""
    del target
    return json_bytes({name: value for name, value in _members.decode(body).items() if name in TAKEN})
