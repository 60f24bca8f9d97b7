"""A request as the question how many tokens it has.

Fact: ``MessageCountTokensParams`` of Anthropic's Python SDK 2.14: no limit, no stream, nothing about how words are chosen.
"""

from __future__ import annotations

import msgspec

from korproxy.api import chat, json_bytes

_TAKEN = frozenset(
    {"cache_control", "messages", "model", "output_config", "speed", "system", "thinking", "tool_choice", "tools"}
)

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def ask(body: bytes, target: chat.Target) -> bytes:
    """Return *body*, a request for an answer, with those of its members that can be counted."""
    del target
    return json_bytes({name: value for name, value in _members.decode(body).items() if name in _TAKEN})
