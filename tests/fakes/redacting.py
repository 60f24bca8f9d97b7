"""Redaction rules that do what a test says."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.models.calls import Span


@attrs.frozen(kw_only=True)
class Finds:
    """A rule that finds the same places in every text, right or wrong."""

    spans: Sequence[Span] = ()
    name: str = "finds"
    order: int = 100
    longest: int = 10
    replacement: str = "#"

    def find(self, text: str) -> Sequence[Span]:
        del text
        return self.spans


@attrs.frozen(kw_only=True)
class Breaks:
    """A rule that fails on a text with *word*, and says it again."""

    word: str = ""
    name: str = "breaks"
    order: int = 1
    longest: int = 10
    replacement: str = "#"

    def find(self, text: str) -> Sequence[Span]:
        if self.word in text:
            raise RuntimeError(text)
        return ()
