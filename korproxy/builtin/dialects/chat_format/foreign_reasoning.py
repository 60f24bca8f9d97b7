"""Take seals out of a request that whoever it passes to would refuse: in ``reasoning_details``, and Google's on calls.

Facts: OpenRouter's documentation of ``reasoning_details``, which have to come back as they were; Google's of thought signatures
on its compatible endpoint (``extra_content.google.thought_signature``), which demands one on the first call of a turn, and
takes a certain value where nobody has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs
import msgspec

from korproxy.api import chat, raw_items, raw_json, raw_object, raw_text, texts_at

ANY_SIGNATURE = "skip_thought_signature_validator"
_DETAILS = b'"reasoning_details"'
_ON_CALLS = b'"thought_signature"'
_GOOGLES = chat.Seal(family="google", data="")
_EMPTY = b"[]"


def without_foreign_reasoning(body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
    """Return *body* without such seals, each reported as lost or mapped; *body* itself where there is none.

    Reasoning that has a text stays without its seal. What stays is the same text as before. A body that is no request is
    returned as it is: what to make of it is the provider's affair.
    """
    # ``find``, since ``in`` first takes the text for the number of a byte, and makes the error that it is none.
    if own is not chat.nobody and (body.find(_DETAILS) == body.find(_ON_CALLS) == -1 or _all_known(body, own)):
        return body
    request = raw_object(body)
    messages = raw_items(request.get("messages", _EMPTY))
    # Where a provider misses its mark on a call it is Google, which has no ``reasoning_details``.
    cleaning = _Cleaning(own, report, adds=own is chat.nobody and _DETAILS not in body, places=not own(_GOOGLES))
    cleaned = [cleaning.message(each, f"/messages/{number}") for number, each in enumerate(messages)]
    if all(new is old for new, old in zip(cleaned, messages, strict=True)):
        return body
    request["messages"] = raw_json(cleaned)
    return bytes(raw_json(request))


def _all_known(body: bytes, own: Callable[[chat.Seal], bool]) -> bool:
    """Whether everything that may be a seal is known as the provider's, whatever vendor it is of."""
    found = texts_at(body, "thought_signature", "signature", "data")
    return all(own(chat.Seal(family="unknown", data=each)) for each in found if each)


@attrs.frozen
class _Cleaning:
    """Cleans messages.

    Attributes:
        adds: The first call of a message gets a mark where it has none.
        places: Another one takes the place of its foreign mark.
    """

    own: Callable[[chat.Seal], bool]
    report: chat.Report
    adds: bool
    places: bool

    def message(self, message: msgspec.Raw, at: str) -> msgspec.Raw:
        """Return *message*, which stands at *at*."""
        members = raw_object(message)
        details = raw_items(members.get("reasoning_details", _EMPTY))
        calls = raw_items(members.get("tool_calls", _EMPTY))
        new_details = list(self._details(details, f"{at}/reasoning_details"))
        new_calls = [self._call(each, f"{at}/tool_calls/{place}", first=not place) for place, each in enumerate(calls)]
        if _same(new_details, details) and _same(new_calls, calls):
            return message
        if new_details:
            members["reasoning_details"] = raw_json(new_details)
        else:
            members.pop("reasoning_details", None)
        if calls:
            members["tool_calls"] = raw_json(new_calls)
        return raw_json(members)

    def _details(self, details: Sequence[msgspec.Raw], at: str) -> Iterator[msgspec.Raw]:
        for place, detail in enumerate(details):
            members = raw_object(detail)
            family = raw_text(members.get("format", b"")).split("-")[0]
            marks = {key: mark for key in ("data", "signature") if (mark := raw_text(members.get(key, b"")))}
            foreign = {key for key, mark in marks.items() if not self.own(chat.Seal(family=family, data=mark))}
            if not foreign:
                yield detail
            elif marks.keys() == {"signature"} and any(raw_text(members.get(each, b"")) for each in ("text", "summary")):
                self.report.lost(f"{at}/{place}/signature", "only whoever made this mark can read it")
                yield raw_json({name: value for name, value in members.items() if name != "signature"})
            else:
                self.report.lost(f"{at}/{place}", "reasoning that the provider would not take back: it is not its own")

    def _call(self, call: msgspec.Raw, at: str, *, first: bool) -> msgspec.Raw:
        members = raw_object(call)
        extra = raw_object(members.get("extra_content", b"{}"))
        google = raw_object(extra.get("google", b"{}"))
        mark = raw_text(google.get("thought_signature", b""))
        if mark == ANY_SIGNATURE or (mark and self.own(chat.Seal(family="google", data=mark))):
            return call
        if not mark and not (first and self.adds):
            return call
        place = f"{at}/extra_content/google/thought_signature"
        if first and self.places:
            self.report.mapped(place if mark else at, "as the value that stands for a mark which nobody has")
            google["thought_signature"] = raw_json(ANY_SIGNATURE)
        else:
            self.report.lost(place, "only whoever made this mark can read it")
            google.pop("thought_signature")
        extra = {**extra, "google": raw_json(google)} if google else {k: v for k, v in extra.items() if k != "google"}
        rest = {name: value for name, value in members.items() if name != "extra_content"}
        return raw_json({**rest, "extra_content": extra} if extra else rest)


def _same(new: Sequence[msgspec.Raw], old: Sequence[msgspec.Raw]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
