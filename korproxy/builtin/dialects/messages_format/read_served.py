"""Blocks of tools that Anthropic runs itself: what they gave is text for others, as far as it is text at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from korproxy.api import chat

_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
_TEXTS = ("title", "url", "text", "stdout", "stderr", "data", "tool_name", "error_code", "error_message")  # in this order
_INNER = ("content", "source", "lines", "tool_references")


def is_served(kind: str) -> bool:
    """Whether a block of this *kind* belongs to a tool that Anthropic runs: a call, or what it gave."""
    return kind in _CALLS or (kind.endswith("_tool_result") and kind != "tool_result")


def read_served(block: chat.Fields, kind: str) -> Iterator[chat.Text]:
    """Return the text in what such a tool gave. The block as such is lost: no other vendor knows these tools."""
    texts = [] if kind in _CALLS else [each for each in _texts(block.value.get("content")) if each.strip()]
    why = "Anthropic ran this tool" + ("; the text that it gave is sent as a text" if texts else "")
    block.report.lost(block.at, why)
    block.value = {}  # said once for all of it
    if texts:
        name = kind.removesuffix("_tool_result").replace("_", " ")
        yield chat.Text(text="\n".join([f"[{name}]", *texts]), at=block.at)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict) and value.get("type") != "base64":
        yield from (value[key] for key in _TEXTS if isinstance(value.get(key), str))
        for key in _INNER:
            yield from _texts(value.get(key))
