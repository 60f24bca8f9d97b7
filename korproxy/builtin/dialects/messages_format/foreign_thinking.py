"""Take thinking out of a request that Anthropic, or whoever else it passes to, would refuse.

A client that talked to another vendor's model through KorProxy holds thinking blocks with an empty signature, or with one that
is marked as that vendor's; one that talked to another account holds the signatures of that one. Anthropic refuses them, so a
session that comes back to Claude would be stuck for good. Nothing else is touched: what the provider signed passes byte for
byte.

Facts: with thinking by a budget, the assistant's last turn, where it calls tools, has to begin with its thinking (Anthropic's
guide to extended thinking); the context edits ``clear_thinking_...`` are refused where thinking is off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import msgspec

from korproxy.api import chat, raw_items, raw_json, raw_object, raw_text, texts_at
from korproxy.builtin.dialects.messages_format.seals import FAMILY, TAG

_REDACTED = b'"redacted_thinking"'
_THINKING = ("thinking", "redacted_thinking")  # no set: a client may send a type that has no hash
_OFF = msgspec.Raw(b'{"type":"disabled"}')
_UNSEALED = chat.Seal(family=FAMILY, data="")


class _Block(msgspec.Struct):
    type: Any = None
    signature: Any = None
    data: Any = None


_blocks = msgspec.json.Decoder(_Block)


def without_foreign_thinking(body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
    """Return *body* without such blocks, each reported as lost; *body* itself where there is none.

    A turn of which nothing is left goes too. Where the last calls have lost the thinking that led to them, and thinking by a
    budget is wished, it is switched off. Whatever stays is the same text as before. A body that is no request is returned as
    it is: what to make of it is the provider's affair.
    """
    if own is not chat.nobody and all(_is_own(each, own) for each in _signatures(body)):
        return body
    request = raw_object(body)
    cleaning = _Cleaning(own, report)
    messages = cleaning.messages(raw_items(request.get("messages", b"[]")))
    is_unsealed = _is_unsealed(messages) and (cleaning.lost or own is chat.nobody)
    if is_unsealed and _read(request.get("thinking", b"{}")).type == "enabled":
        _switch_off(request, report)
    elif not cleaning.lost:
        return body
    request["messages"] = raw_json(messages)
    return bytes(raw_json(request))


def _signatures(body: bytes) -> Iterator[str]:
    yield from texts_at(body, "signature")
    end = 0  # of the last such block: what is before it has been seen, so that all of it takes as long as its bytes
    while (at := body.find(_REDACTED, end)) >= 0:  # its ``data`` stands in the same braces, and there are no others in them
        start, end = max(body.rfind(b"{", end, at), end), body.find(b"}", at) + 1
        if not end:
            return
        yield from texts_at(body[start:end], "data")


def _is_own(signature: str, own: Callable[[chat.Seal], bool]) -> bool:
    if signature.startswith(TAG):
        return False  # made by KorProxy, for another vendor's
    return own(chat.Seal(family=FAMILY, data=signature) if signature else _UNSEALED)


@attrs.define
class _Cleaning:
    own: Callable[[chat.Seal], bool]
    report: chat.Report
    lost: bool = False

    def messages(self, found: list[msgspec.Raw]) -> list[msgspec.Raw]:
        cleaned = (self._message(each, f"/messages/{number}") for number, each in enumerate(found))
        return [each for each in cleaned if each is not None]

    def _message(self, message: msgspec.Raw, at: str) -> msgspec.Raw | None:
        if b"thinking" not in bytes(message):
            return message
        turn = raw_object(message)
        blocks = raw_items(turn.get("content", b"[]"))
        kept = [each for place, each in enumerate(blocks) if not self._goes(each, f"{at}/content/{place}")]
        if len(kept) == len(blocks):
            return message
        turn["content"] = raw_json(kept)
        return raw_json(turn) if kept else None

    def _goes(self, block: msgspec.Raw, at: str) -> bool:
        found = _read(block)
        signature = found.data if found.type == "redacted_thinking" else found.signature
        if found.type not in _THINKING or not isinstance(signature, str) or _is_own(signature, self.own):
            return False
        self.report.lost(at, "is no reasoning that the provider has made, or would take back")
        self.lost = True
        return True


def _read(block: bytes | msgspec.Raw) -> _Block:
    try:
        return _blocks.decode(block)
    except (ValueError, RecursionError):
        return _Block()


def _is_unsealed(messages: list[msgspec.Raw]) -> bool:
    """Whether the last turn of the assistant has calls, and does not begin with its thinking."""
    turns = (raw_object(each) for each in reversed(messages))
    last = next((each for each in turns if raw_text(each.get("role", b"")) == "assistant"), {})
    kinds = [_read(each).type for each in raw_items(last.get("content", b"[]"))]
    return "tool_use" in kinds and kinds[0] not in _THINKING


def _switch_off(request: dict[str, msgspec.Raw], report: chat.Report) -> None:
    report.mapped("/thinking", "as disabled: it is refused after calls whose own thinking is not there")
    request["thinking"] = _OFF
    management = raw_object(request.get("context_management", b"{}"))
    edits = raw_items(management.get("edits", b"[]"))
    kept = []
    for number, each in enumerate(edits):
        if str(_read(each).type).startswith("clear_thinking"):
            report.lost(f"/context_management/edits/{number}", "is refused where thinking is off")
        else:
            kept.append(each)
    if len(kept) < len(edits):
        management["edits"] = raw_json(kept)
        request["context_management"] = raw_json(management)
