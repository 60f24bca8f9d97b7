"""Which text of an answer a citation is about, and which characters (code points) of it."""

from __future__ import annotations

import attrs

from korproxy.chat.events import (
    CallStarted,
    Event,
    PartAdded,
    ReasoningDelta,
    ReasoningEnded,
    RefusalDelta,
    TextDelta,
    TextEnded,
)
from korproxy.chat.parts import Citation, Text


def fit_citation(citation: Citation, length: int) -> Citation:
    """Return *citation* without its position where a text of *length* characters has no such place."""
    if citation.start is None and citation.end is None:
        return citation
    if citation.start is not None and citation.end is not None and 0 <= citation.start <= citation.end <= length:
        return citation
    return attrs.evolve(citation, start=None, end=None)


def span_of(citation: Citation, length: int) -> tuple[int, int]:
    """Return where in its text of *length* characters *citation* counts: without a position of its own in all of it."""
    if citation.start is None or citation.end is None:
        return 0, length
    return citation.start, citation.end


def fit_citations(text: Text) -> Text:
    """Return *text* with citations that fit it."""
    if not text.citations:
        return text
    return attrs.evolve(text, citations=tuple(fit_citation(each, len(text.text)) for each in text.citations))


_BEHIND_TEXT = frozenset({TextEnded, ReasoningDelta, ReasoningEnded, RefusalDelta, CallStarted, PartAdded})


@attrs.define
class TextCount:
    """Counts the text of an answer while its events go by.

    Attributes:
        before: Characters of all texts in front of the one that is open.
        length: Characters of the text that is open, which is what a citation is about; None: none is.
    """

    before: int = 0
    length: int | None = None

    def see(self, event: Event) -> None:
        """Take note of *event*."""
        if isinstance(event, TextDelta):
            self.length = (self.length or 0) + len(event.text)
        elif self.length is not None and type(event) in _BEHIND_TEXT:
            self.before += self.length
            self.length = None

    def add(self, text: str) -> None:
        """Take note of *text* that stands between the texts: what a format writes for a picture."""
        self.before += len(text)

    def span(self, citation: Citation) -> tuple[int, int]:
        """Return where in all of the text *citation* counts."""
        start, end = span_of(citation, self.length or 0)
        return self.before + start, self.before + end
