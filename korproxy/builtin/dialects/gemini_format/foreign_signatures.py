"""Take signatures out of a request that whoever it passes to would refuse.

Gemini refuses signatures of other keys and routes, and those that KorProxy made for other vendors' reasoning. On the first
call of a turn it demands one; there the value takes its place that Google documents for histories whose signatures nobody has.
Nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs
import msgspec

from korproxy.api import chat, raw_items, raw_json, raw_object, raw_text, texts_at
from korproxy.builtin.dialects.gemini_format.seals import ANY_SIGNATURE, FAMILY, UNSEALED, seal_of

KEYS = ("thoughtSignature", "thought_signature")
_CALLS = frozenset({"functionCall", "function_call"})
_SAYS_NOTHING = frozenset({"thought"})
_EMPTY = b"[]"


def without_foreign_signatures(body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
    """Return *body* without such signatures, each reported as lost or mapped; *body* itself where there is none.

    A part that was nothing but its signature goes with it. What stays is the same text as before. A body that is no request
    is returned as it is: what to make of it is the provider's affair.
    """
    if own is not chat.nobody and all(_is_own(each, own) for each in texts_at(body, *KEYS)):
        return body
    request = raw_object(body)
    contents = request.get("contents", msgspec.Raw(_EMPTY))
    cleaning = _Cleaning(own, report)
    if raw_object(contents):
        cleaned = [cleaning.content(contents, "/contents")]
    else:
        cleaned = [cleaning.content(each, f"/contents/{number}") for number, each in enumerate(raw_items(contents))]
    if not cleaning.changed:
        return body
    request["contents"] = raw_json([each for each in cleaned if each is not None])
    return bytes(raw_json(request))


def _is_own(signature: str, own: Callable[[chat.Seal], bool]) -> bool:
    if not signature or signature == ANY_SIGNATURE:
        return True
    seal = seal_of(signature)
    return seal is not None and seal.family == FAMILY and own(seal)


@attrs.define
class _Cleaning:
    own: Callable[[chat.Seal], bool]
    report: chat.Report
    changed: bool = False

    def content(self, content: msgspec.Raw, at: str) -> msgspec.Raw | None:
        """Return *content*, which stands at *at*; None where nothing is left of it."""
        turn = raw_object(content)
        parts = raw_items(turn.get("parts", _EMPTY))
        is_models = raw_text(turn.get("role", b"")) == "model"
        first = next((place for place, each in enumerate(parts) if _CALLS & raw_object(each).keys()), -1) if is_models else -1
        kept = list(self._parts(parts, first, f"{at}/parts"))
        if len(kept) == len(parts) and all(new is old for new, old in zip(kept, parts, strict=True)):
            return content
        self.changed = True
        turn["parts"] = raw_json(kept)
        return raw_json(turn) if kept else None

    def _parts(self, parts: list[msgspec.Raw], first: int, at: str) -> Iterator[msgspec.Raw]:
        for place, part in enumerate(parts):
            members = raw_object(part)
            foreign = self._foreign(members)
            if place == first and (foreign or self.own is chat.nobody) and not self._is_placed(members):
                yield self._with_placeholder(members, foreign, f"{at}/{place}")
            elif foreign:
                if raw_text(members.pop(foreign)) != UNSEALED:
                    self.report.lost(f"{at}/{place}/{foreign}", "was not made by the provider, or is not taken back by it")
                if _says_something(members):
                    yield raw_json(members)
            else:
                yield part

    def _foreign(self, members: Mapping[str, msgspec.Raw]) -> str:
        """Return the name of the member that is a foreign signature; empty where none is."""
        found = ((key, raw_text(members[key])) for key in KEYS if key in members)
        return next((key for key, signature in found if not _is_own(signature, self.own)), "")

    def _is_placed(self, members: Mapping[str, msgspec.Raw]) -> bool:
        return any(raw_text(members.get(key, b"")) == ANY_SIGNATURE for key in KEYS)

    def _with_placeholder(self, members: dict[str, msgspec.Raw], foreign: str, at: str) -> msgspec.Raw:
        self.report.mapped(f"{at}/{foreign}" if foreign else at, "as the value that stands for a signature which nobody has")
        return raw_json({**members, foreign or KEYS[0]: ANY_SIGNATURE})


def _says_something(members: Mapping[str, msgspec.Raw]) -> bool:
    rest = members.keys() - _SAYS_NOTHING
    return bool(rest) and (rest != {"text"} or bool(raw_text(members["text"])))
