"""Take thinking out of a request that only KorProxy can have put into the client's history.

A client that talked to another vendor's model through KorProxy holds thinking blocks with an empty signature, or with one that
is marked as that vendor's. Anthropic refuses both, so a session that comes back to Claude would be stuck for good. Nothing else
is touched: what Anthropic signed passes byte for byte.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.seals import TAG

_MARK = re.compile(rb'"signature"\s*+:\s*+"(?:"|' + TAG.encode() + rb")")
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_lists = msgspec.json.Decoder(list[msgspec.Raw])


class _Block(msgspec.Struct):
    type: Any = None
    signature: Any = None


_blocks = msgspec.json.Decoder(_Block)


def without_foreign_thinking(body: bytes, report: chat.Report) -> bytes:
    """Return *body* without such blocks, each reported as lost; *body* itself where there is none.

    A turn of which nothing is left goes too. Whatever stays is the same text as before. A body that is no request is returned
    as it is: what to make of it is the provider's affair.
    """
    if _MARK.search(body) is None:
        return body
    try:
        request = _objects.decode(body)
        messages = [_cleaned(each, number, report) for number, each in enumerate(_lists.decode(request["messages"]))]
    except (ValueError, KeyError, RecursionError):
        return body
    if not report.losses:
        return body
    request["messages"] = msgspec.Raw(msgspec.json.encode([each for each in messages if each is not None]))
    return msgspec.json.encode(request)


def _cleaned(message: msgspec.Raw, number: int, report: chat.Report) -> msgspec.Raw | None:
    turn = _objects.decode(message)
    content = bytes(turn.get("content", b""))
    if not content.lstrip().startswith(b"[") or _MARK.search(content) is None:
        return message
    blocks = _lists.decode(content)
    kept = []
    for place, block in enumerate(blocks):
        if _is_foreign(block):
            report.lost(
                f"/messages/{number}/content/{place}", "is not Anthropic's own reasoning, which is all that it takes back"
            )
        else:
            kept.append(block)
    if len(kept) == len(blocks):
        return message
    turn["content"] = msgspec.Raw(msgspec.json.encode(kept))
    return msgspec.Raw(msgspec.json.encode(turn)) if kept else None


def _is_foreign(block: msgspec.Raw) -> bool:
    try:
        found = _blocks.decode(block)
    except ValueError:
        return False
    if found.type != "thinking" or not isinstance(found.signature, str):
        return False
    return found.signature == "" or found.signature.startswith(TAG)
