"""What a request looked like, without what it said: its shape, to send it again and see it fail again. Pure.

Names of members and the values between which a format lets clients choose stay as they are, and so do the numbers that say how
something is to be done. All else is somebody's content: a text becomes filler of the same length, the same text the same
filler, so that what belongs together still does; a number becomes one with as many digits. Of the arguments and the results of
tools, and of whatever else is the client's own, not even the names stay.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import attrs
import msgspec

from korproxy.gateway.repro_words import CHOICES, NAMES, SETTINGS
from korproxy.gateway.shapes import LARGEST
from korproxy.models.calls import Call
from korproxy.models.clock import timestamp
from korproxy.models.outcome import Finished

MOST_PARTS = 20_000  # values in one
MOST_KEPT = 32 * 1024  # bytes of a shape in memory, packed
DEEPEST = 60
SHORT = 64  # characters of texts that may be names of something, and so are told apart
OWN = {
    "arguments",
    "args",
    "partialArgs",
    "response",
    "metadata",
    "client_metadata",
    "logit_bias",
    "env",
    "labels",
    "variables",
}
LISTING = {"required", "propertyOrdering"}  # members that list names of members
LONGEST_MODEL = 200
# Of a request's head: fields that are told whole, and fields of which there is the name. All else in it may be anything.
HEADERS = frozenset({"user-agent", "content-type", "accept", "accept-encoding", "anthropic-version", "anthropic-beta"})
HEADER_NAMES = HEADERS | {
    "host",
    "connection",
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "content-length",
    "cookie",
    "origin",
}
VENDORS = ("anthropic-", "openai-", "x-goog-", "x-stainless-", "x-korproxy-")
_DATE = re.compile(r"[_-]\d{8}$")
_ADDRESS = re.compile(r"https?://|data:(?:image/(?:png|jpeg|gif|webp)|application/pdf|audio/(?:wav|mp3));base64,")
_ALPHABET = "bcdfghjklmnpqrstvwz"  # no vowels, so no words; and no x, which fills up


@attrs.frozen(kw_only=True)
class Shape:
    """What a request looked like; ``packed`` is all there is to tell, as JSON."""

    id: str
    correlation_id: str
    packed: bytes = attrs.field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        found: dict[str, Any] = json.loads(zlib.decompress(self.packed))
        return found


def shape_of(call: Call, finished: Finished, size: int) -> Shape:
    """Return the shape of *call*, which ended as *finished*.

    Args:
        size: Bytes of its body, which may be missing in *call*.
    """
    told: dict[str, Any] = {
        "id": call.id,
        "correlation_id": call.correlation_id,
        "at": timestamp(finished.at),
        "outcome": finished.outcome,
        "code": finished.code or "",
        "method": call.method,
        "path": call.path,
        "dialect": call.dialect,
        "headers": _headers(call),
        "bytes": size,
        "body": None,
        "note": "",
    }
    if size > LARGEST or len(call.body) != size:
        told["note"] = f"The body is not told: it is larger than {LARGEST} bytes."
    else:
        try:
            told["body"] = body_shape(call.body)
        except _TooMuch:
            told["note"] = "The body is not told: it has too many parts, or is nested too deeply."
        except (ValueError, RecursionError):
            told["note"] = "The body is not told: it is no JSON."
    packed = zlib.compress(json.dumps(told).encode())
    if len(packed) > MOST_KEPT:
        told |= {"body": None, "note": "The body is not told: its shape is too large to be kept."}
        packed = zlib.compress(json.dumps(told).encode())
    return Shape(id=call.id, correlation_id=call.correlation_id, packed=packed)


def body_shape(body: bytes) -> Any:
    """Return the shape of the JSON in *body*, in JSON's own types.

    Raises:
        ValueError: It is no JSON, or there is too much in it.
    """
    return _Filler().value(msgspec.json.decode(body), "", own=False)


def _headers(call: Call) -> list[dict[str, Any]]:
    """Return the head: names that are known, values of those that say nothing about anybody, else how long they are."""
    found = []
    for name, value in call.headers.raw:
        text = name.decode("latin-1")
        told = text in HEADERS
        known = text in HEADER_NAMES or text.startswith(VENDORS)
        found.append(
            {
                "name": text if known else "x" * len(text),
                "value": value.decode("latin-1") if told else None,
                "length": len(value),
            }
        )
    return found


class _TooMuch(ValueError):
    """There is more in a body than anybody wants to look at."""


@attrs.define
class _Filler:
    """Fills one body.

    Attributes:
        names: What stands for each short text, so that the same text gets the same again.
    """

    names: dict[str, str] = attrs.field(factory=dict)
    parts: int = 0

    def value(self, value: Any, name: str, *, own: bool, depth: int = 0) -> Any:
        """Return what stands for *value*, the member *name*; *own*: it is the client's, and nothing of it may stay."""
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            raise _TooMuch
        if isinstance(value, dict):
            inner = own or name in OWN or name == "input"  # a list there is a conversation, an object a tool's arguments
            return {self._name(each, own=inner): self.value(v, each, own=inner, depth=depth + 1) for each, v in value.items()}
        if isinstance(value, list):
            return [self.value(each, name, own=own or name in OWN, depth=depth + 1) for each in value]
        if isinstance(value, str):
            return value if not own and self._may_stay(value, name, depth) else self.text(value, name)
        if isinstance(value, bool) or value is None:
            return True if own and value is not None else value
        return value if not own and name in SETTINGS else number(value)

    def _name(self, name: str, *, own: bool) -> str:
        return name if not own and name in NAMES else self.text(name, "")

    def _may_stay(self, text: str, name: str, depth: int) -> bool:
        if name in LISTING:
            return text in NAMES
        return _DATE.sub("", text) in CHOICES.get(name, ()) or (name == "model" and depth == 1 and len(text) <= LONGEST_MODEL)

    def text(self, text: str, name: str) -> str:
        """Return filler for *text*, as long as it is."""
        if name == "$ref" and "/" in text:
            return "/".join(each if each in NAMES or each == "#" else self.text(each, "") for each in text.split("/"))
        if name == "arguments" and text.lstrip().startswith("{"):
            return self._json(text)
        if head := _ADDRESS.match(text):
            return head[0] + self.text(text[head.end() :], "")
        if len(text) > SHORT:
            return "x" * len(text)
        known = self.names.get(text)
        if known is None:
            known = self.names[text] = numbered(len(self.names), len(text))
        return known

    def _json(self, text: str) -> str:
        """Return filler for the JSON in *text* that is JSON, too: else it would fail for another reason."""
        try:
            inner = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            return "x" * len(text)
        return json.dumps(self.value(inner, "", own=True), separators=(",", ":")).ljust(len(text))


def numbered(number: int, length: int) -> str:
    """Return the *number*-th filler of *length* characters; shorter ones than its number repeat."""
    digits = ""
    while number:
        number, digit = divmod(number - 1, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits[-length:].ljust(length, "x") if length else ""


def number(value: float) -> float:
    """Return a number that has as many digits as *value*."""
    if isinstance(value, int):
        digits = len(str(abs(value)))
        filled = int("1" * digits)
        return -filled if value < 0 else filled
    return -1.5 if value < 0 else 1.5
