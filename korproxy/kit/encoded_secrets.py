r"""Finds secrets that stand in a text in another form: base64, hexadecimal, percent signs, ``\u`` and ``\x``, HTML. Pure.

What hides it is taken off, and the other rules are asked about what is behind. To try that is dear, so a text that has neither
a long run of letters and digits nor a mark of an escape is known by ``has_no_code`` to hold nothing encoded.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from korproxy.contracts import Redaction
from korproxy.models.calls import Span

NAME = "encoded-secret"
DEPTH = 4  # a secret in an address in an address in JSON in base64
SHORTEST = 16  # characters of a run that may stand for twelve of a secret
# Base64 of ASCII that is no punctuation has letters and digits only, so its runs are as long without "+", "/", "-" and "_";
# and the parts of a UUID, of a model's name or of a path are no runs.
_RUN = b"a" * SHORTEST
_WORDS = bytes(97 if chr(each).isascii() and chr(each).isalnum() else 32 for each in range(256))
# As it is, or folded into lines, as mail and key files have it.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}+(?:(?<=[A-Za-z0-9+/_-]{60})\r?\n[A-Za-z0-9+/_-]++)*={0,2}")
_HEX = re.compile(r"[0-9A-Fa-f]{24,}+")
_FOR_DECODING = str.maketrans("-_", "+/", "\r\n")
_READABLE = bytes(each if each in b"\t\n\r" or 32 <= each < 127 else 0 for each in range(256))
MARKS = ("%", "\\", "&#", "&quot;", "&amp;", "&lt;")
_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\\\"'/nrt]|&#[0-9]{1,4};|&#[xX][0-9A-Fa-f]{1,4};|&(?:quot|amp|lt|gt|apos);"
)
_NAMED = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">", "&apos;": "'", "\\n": "\n", "\\r": "\r", "\\t": "\t"}


def has_no_code(text: bytes) -> bool:
    """Return True where nothing in *text*, all ASCII, can be encoded in any of these forms, but for those with ``MARKS``."""
    return _RUN not in text.translate(_WORDS)


@attrs.frozen(kw_only=True)
class EncodedSecrets:
    """A rule that finds what the other rules would find, were it not encoded. Hides all of the run that it is in.

    Attributes:
        rules: Those others.
        harmless: True of a text in which none of them finds anything, for less than asking each.
    """

    rules: Sequence[Redaction] = attrs.field(repr=False)
    harmless: Callable[[str], bool] = attrs.field(repr=False)
    name: str = NAME
    order: int = -1  # first: a rule that hides a part of what is encoded leaves the rest without what it is told by
    replacement: str = "***REDACTED***"

    @property
    def longest(self) -> int:
        """Three times that of the others: so much longer an escaped character is on the whole, and no secret is only that."""
        return 3 * max((each.longest for each in self.rules), default=1)

    def find(self, text: str) -> Sequence[Span]:
        """Return the places of all encoded secrets in *text*."""
        found = [*self._find(text, DEPTH), *self._in_a_form(text)]
        return _merged(found)

    def _find(self, text: str, depth: int) -> Iterator[Span]:
        if depth:
            yield from self._in_runs(text, depth)
            if any(mark in text for mark in MARKS):
                yield from self._behind_escapes(text, depth)

    def _in_a_form(self, text: str) -> list[Span]:
        """Return what is found where a plus is a space; and what is found with the plus, which may be more of the same."""
        if "+" not in text:
            return []
        spaced = text.replace("+", " ")  # all places stay the same
        found = [*self._found(spaced, 1), *self._behind_escapes(spaced, 1)]
        return found + [span for rule in self.rules for span in rule.find(text)] if found else []

    def _found(self, text: str, depth: int) -> Iterator[Span]:
        """Yield the places of secrets in *text*, which was encoded."""
        if not self.harmless(text):
            for rule in self.rules:
                yield from rule.find(text)
        yield from self._find(text, depth - 1)

    def _in_runs(self, text: str, depth: int) -> Iterator[Span]:
        for run in _BASE64.finditer(text):
            if any(any(self._found(each, depth)) for each in _decoded(run[0])):
                yield run.span()
        for run in _HEX.finditer(text):
            if any(any(self._found(each, depth)) for each in _of_hex(run[0])):
                yield run.span()

    def _behind_escapes(self, text: str, depth: int) -> Iterator[Span]:
        plain, places = _unescaped(text)
        if places.ends:
            yield from (places.span(*each) for each in self._found(plain, depth))


def _decoded(run: str) -> Iterator[str]:
    """Yield what *run* may say in base64: nobody knows where in it that begins."""
    letters = run.rstrip("=").translate(_FOR_DECODING)
    for start in range(4):
        part = letters[start:]
        part = part[: len(part) - 1] if len(part) % 4 == 1 else part
        yield _readable(binascii.a2b_base64(part + "=" * (-len(part) % 4)))


def _of_hex(run: str) -> Iterator[str]:
    for start in range(2):
        yield _readable(bytes.fromhex(run[start : len(run) - (len(run) - start) % 2]))


def _readable(data: bytes) -> str:
    return data.translate(_READABLE).decode("ascii")


@attrs.frozen
class _Places:
    """Where the characters of a text stood before its escapes were taken off: ``ends`` there, and ``began`` before it."""

    ends: list[int] = attrs.field(factory=list)  # of what was an escape, in the plain text
    before: list[int] = attrs.field(factory=list)  # the same place in the text as it was

    def span(self, start: int, end: int) -> Span:
        """Return the place of what is at *start* to *end* in the plain text."""
        return self._at(start), self._at(end)

    def _at(self, place: int) -> int:
        number = bisect_right(self.ends, place)
        return place if number == 0 else self.before[number - 1] + place - self.ends[number - 1]


def _unescaped(text: str) -> tuple[str, _Places]:
    parts: list[str] = []
    places = _Places()
    done = length = 0
    for found in _ESCAPE.finditer(text):
        start, end = found.span()
        plain = _character(found[0])
        parts += (text[done:start], plain)
        length += start - done + len(plain)
        places.ends.append(length)
        places.before.append(end)
        done = end
    return "".join([*parts, text[done:]]), places


def _character(escape: str) -> str:
    if (named := _NAMED.get(escape)) is not None:
        return named
    if escape[0] == "%":
        return chr(int(escape[1:], 16))
    if escape[0] == "&":
        digits = escape[2:-1]
        return chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))
    return chr(int(f"0x{escape[2:]}", 0)) if escape[1] in "ux" else escape[1]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return *spans* in order, those that overlap as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found
