"""Undo a provider's compression, so that its answer can be read. Pure.

KorProxy asks for none; some servers, and what stands in front of them, compress all the same. An answer that passes unchanged
stays compressed: its client unpacks it.
"""

from __future__ import annotations

import zlib

import attrs

from korproxy.models.calls import Headers

_EITHER = 32 + zlib.MAX_WBITS  # zlib finds out by itself which of the two it is
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})
_NONE = frozenset({"", "identity"})


class CannotInflate(Exception):
    """The text says why, without content."""


@attrs.define
class Inflater:
    """Unpacks one answer.

    Attributes:
        longest: Bytes that one piece may become: a few of them can be made to swell to any length.
    """

    coding: str
    longest: int
    _machine: zlib._Decompress = attrs.field(factory=lambda: zlib.decompressobj(_EITHER), init=False, repr=False)

    @classmethod
    def of(cls, headers: Headers, *, longest: int) -> Inflater:
        """Return what unpacks an answer with *headers*."""
        return cls(_coding(headers), longest)

    def feed(self, chunk: bytes) -> bytes:
        """Return what *chunk* says, as far as it can be told by now.

        Raises:
            CannotInflate: It is compressed in another way than the header says, or in one that is not known here.
        """
        if self.coding in _NONE:
            return chunk
        if self.coding not in _KNOWN:
            raise CannotInflate(f"it is compressed ({self.coding[:40]!r}), though none was asked for")
        try:
            return self._inflated(chunk)
        except zlib.error:
            raise CannotInflate(f"it is not compressed as it says ({self.coding!r})") from None

    def _inflated(self, chunk: bytes) -> bytes:
        found = b""
        while chunk and len(found) < self.longest:
            found += self._machine.decompress(chunk, self.longest - len(found))
            chunk = self._machine.unused_data
            if chunk:  # another one begins behind the end of the first (RFC 1952, 2.2)
                self._machine = zlib.decompressobj(_EITHER)
        if chunk or self._machine.unconsumed_tail:
            raise CannotInflate(f"it swells to more than {self.longest} bytes")
        return found


def inflated(headers: Headers, data: bytes, *, longest: int) -> bytes:
    """Return the beginning of an answer with *headers* unpacked as far as that goes, at most *longest* bytes of it."""
    if _coding(headers) in _KNOWN:
        try:
            return zlib.decompressobj(_EITHER).decompress(data, longest)
        except zlib.error:
            pass
    return data[:longest]


def _coding(headers: Headers) -> str:
    return headers.text(b"content-encoding").lower()
