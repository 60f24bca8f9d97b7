"""One redaction rule applied to one text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from korproxy.contracts import Redaction
from korproxy.models.calls import Span

UNCHECKED = "***NOT WRITTEN: A REDACTION RULE FAILED***"  # in place of a text that a rule has failed on


def replaced(text: str, rule: Redaction) -> str:
    """Return *text* with what *rule* finds replaced. Whatever the rule raises comes out of here."""
    found = places(rule, text)
    if not found:  # as nearly always
        return text
    parts: list[str] = []
    done = 0
    for start, end in found:
        parts += [text[done:start], rule.replacement]
        done = end
    return "".join([*parts, text[done:]])


def places(rule: Redaction, text: str) -> Sequence[Span]:
    """Return what *rule* finds in *text*, in order; places that overlap are one secret.

    Raises:
        ValueError: Something is no place in this text.
    """
    merged: list[Span] = []
    for start, end in sorted(rule.find(text)):
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"{start}:{end} is no place in a text of {len(text)} characters")
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
