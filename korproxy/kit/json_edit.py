"""Read and change a JSON object at its top level without touching any other byte of it.

A full decode would cost milliseconds per megabyte and would not give the client's own bytes back. msgspec skips over the values
and hands each one out as it stands in the input; walking along them gives every value's place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import attrs
import msgspec

from korproxy.errors.exceptions import BadRequest
from korproxy.kit.shortening import shortened
from korproxy.models.calls import Peek, Span

MEMBERS = 1000  # at the top level; formats have some forty, and each costs a step in Python
PEEKS = 1000  # that are remembered: clients ask for the same few models again and again, and a new one costs five times more
LONGEST_NAME = 1000  # characters in the name of a model: it becomes part of addresses, and is remembered

_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_texts = msgspec.json.Decoder(str)
_TRUE = msgspec.Raw(b"true")
# Possessive (``*+``), so that nothing is ever matched twice.
_KEY = re.compile(rb'[ \t\r\n]*+[{,][ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+')
_END = re.compile(rb"[ \t\r\n]*+\}")
_ITEM = re.compile(rb"\[[ \t\r\n]*+[^\] \t\r\n]")
_SURROGATES = re.compile(rb"(?<!\\)(\\++)u[dD][89a-fA-F][0-9a-fA-F]{2}(?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})*+")
_PAIR = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..")


@attrs.frozen
class TopLevel:
    """The top level of a JSON object: where each member's value stands in ``body``."""

    body: bytes = attrs.field(repr=False)
    spans: Mapping[str, Span]

    def text(self, key: str) -> str | None:
        """Return the string at *key*; None if it is absent or not a string."""
        span = self.spans.get(key)
        if span is None:
            return None
        try:
            return _texts.decode(memoryview(self.body)[span[0] : span[1]])
        except ValueError:
            return None

    def is_true(self, key: str) -> bool:
        """Whether the value at *key* is ``true``."""
        return self._is(key, b"true")

    def is_false(self, key: str) -> bool:
        """Whether the value at *key* is ``false``; one that is not there is not."""
        return self._is(key, b"false")

    def holds_items(self, key: str) -> bool:
        """Whether the value at *key* is an array with something in it."""
        start, end = self.spans.get(key, (0, 0))
        return _ITEM.match(self.body, start, end) is not None

    def peek(self) -> Peek:
        """Return what every JSON chat format has here: ``model``, ``stream``, ``tools``.

        Raises:
            BadRequest: There is no ``model`` that is a non-empty string, or it is longer than any name is (KP-SYS-519).
        """
        model = self.text("model")
        if not model:
            raise BadRequest("KP-SYS-519", "The request names no model: `model` must be a non-empty string.")
        if len(model) > LONGEST_NAME:
            text = f"The request names no model: `model` has {len(model)} characters, and no name has more than {LONGEST_NAME}."
            raise BadRequest("KP-SYS-519", text)
        return Peek(model=model, stream=self.is_true("stream"), span=self.spans["model"], tools=self.holds_items("tools"))

    def _is(self, key: str, word: bytes) -> bool:
        start, end = self.spans.get(key, (0, 0))
        return end - start == len(word) and self.body.startswith(word, start)


def read_top_level(body: bytes) -> TopLevel:
    """Find the members of the object in *body*.

    Raises:
        BadRequest: KP-SYS-509 if *body* is not one JSON object; KP-SYS-518 if a key is there twice. Of two equal keys KorProxy
            might read one and the provider the other, and a rule would be bypassed.
    """
    text = body
    try:
        values = _objects.decode(text)
    except (ValueError, RecursionError) as exc:
        text = without_lone_surrogates(body)
        if text is body:
            raise _not_an_object(body, exc) from None
        try:
            values = _objects.decode(text)
        except (ValueError, RecursionError) as other:
            raise _not_an_object(body, other) from None
    if len(values) > MEMBERS:
        raise BadRequest("KP-SYS-509", f"The JSON object in the body has {len(values)} members, {MEMBERS} are allowed.")
    return TopLevel(body, _compact(text, values) or _walk(text, values))


def _compact(body: bytes, values: Mapping[str, msgspec.Raw]) -> dict[str, Span] | None:
    """Return where the values stand in a *body* without space at its top level; None where it has some, or a key twice.

    Nothing has to be looked for there: *body* is just as long as its keys, its values and what stands between them. A key that
    is there twice, space, or a key that is longer in bytes than in characters would all make it longer, and nothing shorter.
    """
    spans: dict[str, Span] = {}
    at = 1
    for key, raw in values.items():
        start = at + len(key) + 3  # two quotes and a colon
        end = start + len(raw)
        spans[key] = (start, end)
        at = end + 1  # a comma, or the brace at the end
    return spans if at == len(body) else None


def _walk(body: bytes, values: Mapping[str, msgspec.Raw]) -> dict[str, Span]:
    """Go from key to key. msgspec keeps a repeated key's first place and last value, so the walk stumbles over it."""
    spans: dict[str, Span] = {}
    at, last = body.find(b"{"), ""
    for key, raw in values.items():
        found = _KEY.match(body, at)
        if found is None:
            raise _twice(last)  # its last value is the beginning of its first one: 1 and 12
        start = found.end()
        if not body.startswith(memoryview(raw), start):
            raise _twice(key)
        at, last = start + len(raw), key
        spans[key] = (start, at)
    if values and _END.match(body, at) is None:
        extra = _KEY.match(body, at)
        raise _twice(last if extra is None else _texts.decode(extra[1]))
    return spans


def without_lone_surrogates(body: bytes) -> bytes:
    r"""Return *body* with half surrogate pairs (``\ud83d``) replaced, length unchanged; *body* itself if it has none.

    A tool that cuts a text inside an emoji writes such halves. msgspec refuses them, but it is the provider's affair what to
    make of them: we only need the places.
    """
    changed: bytearray | None = None
    for found in _SURROGATES.finditer(body):
        at, end = found.end(1) - 1, found.end()
        if len(found[1]) % 2 == 0:
            at += 6  # the backslash before the first "u" is itself escaped: these are letters
        while at < end:
            if _PAIR.match(body, at, end):
                at += 12
                continue
            changed = changed if changed is not None else bytearray(body)
            changed[at : at + 6] = rb"\ufffd"
            at += 6
    return body if changed is None else bytes(changed)


def _not_an_object(body: bytes, exc: Exception) -> BadRequest:
    if not body.strip():
        return BadRequest("KP-SYS-509", "The body is empty, where a JSON object is wanted.")
    reason = "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)
    return BadRequest("KP-SYS-509", f"The body is not a JSON object: {reason}.")


def _twice(key: str) -> BadRequest:
    return BadRequest("KP-SYS-518", f"The JSON object in the body has the key {shortened(key, 100)!r} twice at its top level.")


def peek_model(body: bytes) -> Peek:
    """Read what every JSON chat format has at its top level; ``read_top_level`` and ``TopLevel.peek`` say what they raise."""
    return _peek_compact(body) or read_top_level(body).peek()


def _peek_compact(body: bytes) -> Peek | None:
    """Do what ``peek_model`` does with a body as most SDKs write it; None of any other one, and of what is to be refused.

    That it is compact, and no key twice in it, is told by its length alone, for the reason that ``_compact`` gives. So only the
    place of ``model`` is to be found, and mostly that comes first.
    """
    try:
        values = _objects.decode(body)
        model = _texts.decode(values["model"])
    except (ValueError, RecursionError, KeyError):
        return None
    length = 1 + 4 * len(values) + sum(map(len, values)) + sum(map(len, values.values()))
    if length != len(body) or not 0 < len(model) <= LONGEST_NAME or len(values) > MEMBERS:
        return None
    at = len('{"model":')
    for key, raw in values.items():
        if key == "model":
            break
        at += len(key) + len(raw) + 4
    tools = values.get("tools")
    stream, span = values.get("stream") == _TRUE, (at, at + len(values["model"]))
    return _remembered(model, stream, span, tools is not None and _ITEM.match(tools) is not None)


_remembered = lru_cache(maxsize=PEEKS)(Peek)


def replace_text(body: bytes, span: Span, text: str) -> bytes:
    """Return *body* with *text*, as a JSON string, in the place of the bytes at *span*."""
    whole = memoryview(body)
    return b"".join((whole[: span[0]], msgspec.json.encode(text), whole[span[1] :]))
