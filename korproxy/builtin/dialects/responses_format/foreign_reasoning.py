"""Take encrypted content out of a request that whoever it passes to would refuse.

Facts: OpenAI binds ``encrypted_content`` to account and model, and refuses others' (``invalid_encrypted_content``), that of
compacted conversations too. An item that reasoning led to is refused without it where it comes with its ``id``, by which OpenAI
looks for both. Reasoning without encrypted content is looked for by its ``id`` alone: one that KorProxy gave to another
vendor's reasoning is found nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import msgspec

from korproxy.api import chat, raw_items, raw_json, raw_object, texts_at
from korproxy.builtin.dialects.responses_format.seals import FAMILY, TAG

_KEY = "encrypted_content"
_EMPTY = b"[]"
_OURS = re.compile(rb'"rs_[0-9a-f]{32}_\d+"')  # as ``ids`` makes them; OpenAI's own have no second underscore
_SEALED = {
    "reasoning": "reasoning that the provider would not take back: it is not its own",
    "compaction": "only the account that compacted it can read it; what was said before is not known to the model any more",
}
_SEALED["compaction_summary"] = _SEALED["compaction"]


class _Item(msgspec.Struct):
    type: Any = None
    role: Any = None
    encrypted: Any = msgspec.field(default=None, name=_KEY)
    call_id: Any = None
    id: Any = None


_items = msgspec.json.Decoder(_Item)


def without_foreign_reasoning(body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
    """Return *body* without items that are sealed by others, each reported as lost; *body* itself where there is none.

    What such reasoning led to stays, without its ``id``. What stays is the same text as before. A body that is no request is
    returned as it is: what to make of it is the provider's affair.
    """
    if all(_is_own(each, own) for each in texts_at(body, _KEY)) and _OURS.search(body) is None:
        return body
    request = raw_object(body)
    items = raw_items(request.get("input", _EMPTY))
    kept = list(_Cleaning(own, report).items(items))
    if len(kept) == len(items):
        return body
    request["input"] = raw_json(kept)
    return bytes(raw_json(request))


def _is_own(encrypted: str, own: Callable[[chat.Seal], bool]) -> bool:
    if encrypted.startswith(TAG):
        return False  # made by KorProxy, for another vendor's
    return not encrypted or own(chat.Seal(family=FAMILY, data=encrypted))


def _is_foreign(item: _Item, own: Callable[[chat.Seal], bool]) -> bool:
    if isinstance(item.encrypted, str) and item.encrypted:
        return not _is_own(item.encrypted, own)
    return isinstance(item.id, str) and _OURS.fullmatch(f'"{item.id}"'.encode()) is not None


@attrs.frozen
class _Cleaning:
    own: Callable[[chat.Seal], bool]
    report: chat.Report

    def items(self, items: Sequence[msgspec.Raw]) -> Iterator[msgspec.Raw]:
        orphaned = False  # the reasoning that led to what follows is gone
        for number, item in enumerate(items):
            found, at = _read(item), f"/input/{number}"
            why = _SEALED.get(found.type) if isinstance(found.type, str) else None
            if why is not None and _is_foreign(found, self.own):
                self.report.lost(at, why)
                orphaned = True
                continue
            orphaned = orphaned and why is None and _is_models(found)
            yield self._without_id(item, at) if orphaned and found.id is not None else item

    def _without_id(self, item: msgspec.Raw, at: str) -> msgspec.Raw:
        self.report.mapped(f"{at}/id", "without it: the reasoning that led here would be looked for")
        return raw_json({key: value for key, value in raw_object(item).items() if key != "id"})


def _read(item: msgspec.Raw) -> _Item:
    try:
        return _items.decode(item)
    except (ValueError, RecursionError):
        return _Item()


def _is_models(item: _Item) -> bool:
    """Whether *item* is said by the model, and can be sent without its id: a message of its own, or a call."""
    if item.role is not None:
        return bool(item.role == "assistant")
    return isinstance(item.type, str) and item.type.endswith("_call") and item.call_id is not None
