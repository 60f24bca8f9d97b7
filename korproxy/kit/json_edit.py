"""Read and change a JSON object at its top level without touching any other byte of it.

A full decode would cost milliseconds per megabyte and would not give the client's own bytes back. msgspec skips over the values
and hands each one out as it stands in the input; walking along them gives every value's place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import msgspec

from korproxy.errors.exceptions import BadRequest
from korproxy.models.calls import Peek, Span

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_texts = msgspec.json.Decoder(str)
_SPACE = re.compile(rb"[ \t\r\n]*")
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"[ \t\r\n]*:[ \t\r\n]*')


@attrs.frozen
class TopLevel:
    """The top level of a JSON object: each member's own bytes, and where they stand."""

    values: Mapping[str, msgspec.Raw]
    spans: Mapping[str, Span]

    def text(self, key: str) -> str | None:
        """Return the string at *key*; None if it is absent or not a string."""
        raw = self.values.get(key)
        if raw is None:
            return None
        try:
            return _texts.decode(raw)
        except ValueError:
            return None

    def is_true(self, key: str) -> bool:
        """Whether the value at *key* is ``true``."""
        raw = self.values.get(key)
        return raw is not None and bytes(raw) == b"true"

    def holds_items(self, key: str) -> bool:
        """Whether the value at *key* is an array with something in it."""
        raw = self.values.get(key)
        return raw is not None and bytes(raw[:1]) == b"[" and bytes(raw).strip(b"[] \t\r\n") != b""


def read_top_level(body: bytes) -> TopLevel:
    """Find the members of the object in *body*.

    Raises:
        BadRequest: KP-SYS-509 if *body* is not one JSON object; KP-SYS-518 if a key is there twice. Of two equal keys KorProxy
            might read one and the provider the other, and a rule would be bypassed.
    """
    try:
        values = _objects.decode(body)
    except (ValueError, RecursionError) as exc:
        reason = "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)
        raise BadRequest("KP-SYS-509", f"The body is not a JSON object: {reason}.") from None
    spans = dict(_walk(body, values))
    return TopLevel(values, spans)


def _walk(body: bytes, values: Mapping[str, msgspec.Raw]) -> list[tuple[str, Span]]:
    """Go from key to key. msgspec keeps a repeated key's first place and last value, so the walk stumbles over it."""
    places: list[tuple[str, Span]] = []
    at = _after_space(body, 0) + 1
    for key, raw in values.items():
        found = _KEY.match(body, _after_space(body, at))
        start = found.end() if found else -1
        end = start + len(bytes(raw))
        after = _after_space(body, end)
        if start < 0 or body[start:end] != bytes(raw) or body[after : after + 1] not in (b",", b"}"):
            raise _duplicate()
        places.append((key, (start, end)))
        at = after + 1
    if values and body[at - 1 : at] != b"}":
        raise _duplicate()
    return places


def _after_space(body: bytes, at: int) -> int:
    found = _SPACE.match(body, at)
    return found.end() if found else at


def _duplicate() -> BadRequest:
    return BadRequest("KP-SYS-518", "The JSON object in the body has a key twice at its top level.")


def peek_model(body: bytes) -> Peek:
    """Read what every JSON chat format has at its top level: ``model``, ``stream``, ``tools``.

    Raises:
        BadRequest: The body is not an object, has a key twice, or has no ``model`` that is a non-empty string (KP-SYS-519).
    """
    top = read_top_level(body)
    model = top.text("model")
    if not model:
        raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
    return Peek(model=model, stream=top.is_true("stream"), span=top.spans["model"], tools=top.holds_items("tools"))


def replace_text(body: bytes, span: Span, text: str) -> bytes:
    """Return *body* with *text*, as a JSON string, in the place of the bytes at *span*."""
    start, end = span
    return b"".join((body[:start], msgspec.json.encode(text), body[end:]))
