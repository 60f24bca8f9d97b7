"""``groundingMetadata``: the pages that an answer rests on, and which pieces of its text rest on which.

Facts: ``GroundingMetadata`` and ``Segment`` of google-genai 2.12. Places are bytes of UTF-8, in a part or, in streams, in all
of the text so far; the piece of the text itself stands beside them, so that a place is taken only where it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import chat


@attrs.define
class GroundingReader:
    """Reads what one answer rests on. It holds the answer's text, because places in it are counted in another way."""

    _pieces: list[bytes] = attrs.field(factory=list, init=False, repr=False)
    _length: int = attrs.field(default=0, init=False)  # bytes of the pieces
    _count: chat.TextCount = attrs.field(factory=chat.TextCount, init=False)
    _told: set[chat.Citation] = attrs.field(factory=set, init=False, repr=False)

    @property
    def length(self) -> int:
        """Bytes of text so far."""
        return self._length

    def see(self, event: chat.Event) -> None:
        """Take note of *event*."""
        self._count.see(event)
        if isinstance(event, chat.TextDelta):
            self._pieces.append(_bytes(event.text))
            self._length += len(self._pieces[-1])

    def read(self, said: object, parts: Sequence[int]) -> Iterator[chat.Cited]:
        """Yield what *said*, a ``groundingMetadata``, cites beyond what was told; chunks of a stream may repeat it.

        Args:
            parts: Where each part of this chunk begins in all of the text, in bytes.
        """
        if not isinstance(said, Mapping):
            return
        pages = [_page(each) for each in _list(said, "groundingChunks", "grounding_chunks")]
        self._pieces = [b"".join(self._pieces)]
        supported: set[int] = set()
        for support in _list(said, "groundingSupports", "grounding_supports"):
            for index in _list(support, "groundingChunkIndices", "grounding_chunk_indices"):
                page = pages[index] if isinstance(index, int) and 0 <= index < len(pages) else None
                if page is not None:
                    supported.add(index)
                    yield from self._tell(page, self._place(support.get("segment"), parts))
        for index, page in enumerate(pages):
            if page is not None and index not in supported:
                yield from self._tell(page, None)

    def _tell(self, page: chat.Citation, place: tuple[int, int] | None) -> Iterator[chat.Cited]:
        citation = page if place is None else attrs.evolve(page, start=place[0], end=place[1])
        if citation not in self._told:
            self._told.add(citation)
            yield chat.Cited(citation)

    def _place(self, segment: object, parts: Sequence[int]) -> tuple[int, int] | None:
        """Return the characters of the open text that *segment* is about; None where it cannot be told."""
        if not isinstance(segment, Mapping):
            return None
        start = _number(segment, "startIndex", "start_index") or 0
        end = _number(segment, "endIndex", "end_index") or 0
        part = _number(segment, "partIndex", "part_index")
        piece, text = self._pieces[0], segment.get("text")
        bases = [0, *parts[:1]] if part is None else [*parts[part : part + 1], 0]
        for base in bases:
            if not 0 <= base + start < base + end <= len(piece):
                continue
            if not isinstance(text, str) or piece[base + start : base + end] == _bytes(text):
                before = self._count.before
                return _characters(piece[: base + start]) - before, _characters(piece[: base + end]) - before
        return None


@attrs.frozen
class _Segment:
    """A piece of text that rests on something: where in its part it is, in bytes."""

    part: int
    start: int
    end: int
    text: str = attrs.field(repr=False)

    def said(self) -> dict[str, Any]:
        number = {"partIndex": self.part} if self.part else {}
        return {**number, "startIndex": self.start, "endIndex": self.end, "text": self.text}


@attrs.define
class Grounding:
    """Collects what an answer cites, until its end, where Gemini tells it."""

    _pages: dict[tuple[str, str], int] = attrs.field(factory=dict, init=False, repr=False)  # address and title -> number
    _supports: dict[_Segment, list[int]] = attrs.field(factory=dict, init=False, repr=False)

    def cite(self, citation: chat.Citation, text: str, *, part: int = 0, before: int = 0) -> None:
        """Take note that *text* cites something; it stands behind *before* bytes of the *part*."""
        page = self._pages.setdefault((citation.url, citation.title), len(self._pages))
        if citation.start is None or citation.end is None or citation.start == citation.end:
            return
        piece = text[citation.start : citation.end]
        first = before + byte_length(text[: citation.start])
        pages = self._supports.setdefault(_Segment(part, first, first + byte_length(piece), piece), [])
        if page not in pages:
            pages.append(page)

    def members(self) -> dict[str, Any]:
        """Return the member ``groundingMetadata`` of a candidate; none where nothing was cited."""
        if not self._pages:
            return {}
        said: dict[str, Any] = {"groundingChunks": [{"web": {"uri": url, "title": title}} for url, title in self._pages]}
        supports = [{"segment": each.said(), "groundingChunkIndices": pages} for each, pages in self._supports.items()]
        return {"groundingMetadata": {**said, "groundingSupports": supports} if supports else said}


@attrs.define
class StreamGrounding:
    """Collects what a stream cites. Places count in all of its text, as they do in Google's streams."""

    grounding: Grounding = attrs.field(factory=Grounding, init=False, repr=False)
    _open: list[str] = attrs.field(factory=list, init=False, repr=False)  # the text that citations can be about
    _before: int = attrs.field(default=0, init=False)  # bytes in front of it
    _count: chat.TextCount = attrs.field(factory=chat.TextCount, init=False)

    def see(self, event: chat.Event) -> None:
        """Take note of *event*."""
        self._count.see(event)
        if self._count.length is None and self._open:
            self._before += byte_length("".join(self._open))
            self._open.clear()
        match event:
            case chat.TextDelta(text=text):
                self._open.append(text)
            case chat.RefusalDelta(text=text):  # is text here, too
                self._before += byte_length(text)
            case chat.Cited(citation=citation):
                self._open[:] = ["".join(self._open)]
                self.grounding.cite(citation, self._open[0], before=self._before)


def byte_length(text: str) -> int:
    """Return how long *text* is as Gemini counts."""
    return len(_bytes(text))


def _page(chunk: object) -> chat.Citation | None:
    web = chunk.get("web") if isinstance(chunk, Mapping) else None
    url = web.get("uri") if isinstance(web, Mapping) else None
    if not isinstance(web, Mapping) or not isinstance(url, str) or not url:
        return None
    title = web.get("title")
    return chat.Citation(url=url, title=title if isinstance(title, str) else "")


def _list(said: object, *keys: str) -> list[Any]:
    found = [said.get(key) for key in keys] if isinstance(said, Mapping) else []
    return next((each for each in found if isinstance(each, list)), [])


def _number(said: Mapping[str, Any], *keys: str) -> int | None:
    return next((said[key] for key in keys if isinstance(said.get(key), int) and said[key] >= 0), None)


def _characters(piece: bytes) -> int:
    return len(piece.decode("utf-8", "ignore"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
