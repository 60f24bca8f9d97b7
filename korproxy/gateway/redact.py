"""Hides secrets in text that is about to be written down. Fails closed: text that cannot be checked is not written. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.contracts import Redaction
from korproxy.kit.regex_redaction import RegexRedaction

UNCHECKED = "***NOT WRITTEN: A REDACTION RULE FAILED***"


@attrs.frozen
class Redactor:
    """All rules, in their order.

    Most texts hold no secret. Those rules that name their clues are asked only about a text with a clue in it.
    """

    rules: tuple[Redaction, ...] = ()
    _clues: tuple[str, ...] = attrs.field(init=False, repr=False, eq=False)
    _without: tuple[Redaction, ...] = attrs.field(init=False, repr=False, eq=False)

    @_clues.default
    def _all_clues(self) -> tuple[str, ...]:
        clues = {clue for rule in self.rules for clue in _clues_of(rule)}
        return tuple(sorted(clue for clue in clues if not any(other in clue for other in clues - {clue})))

    @_without.default
    def _rules_without_clues(self) -> tuple[Redaction, ...]:
        return tuple(rule for rule in self.rules if not _clues_of(rule))

    @classmethod
    def of(cls, rules: Iterable[Redaction]) -> Redactor:
        """Return a redactor that applies *rules* by their ``order``, then their name."""
        return cls(tuple(sorted(rules, key=lambda rule: (rule.order, rule.name))))

    def redact(self, text: str) -> str:
        """Return *text* with every secret replaced; ``UNCHECKED`` in place of all of it if a rule fails."""
        try:
            if not self._has_a_clue(text) and _applied(self._without, text) == text:
                return text
            return _applied(self.rules, text)  # what one rule has left may be a clue for the next
        except Exception:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
            return UNCHECKED

    def _has_a_clue(self, text: str) -> bool:
        """Return whether there is one, or may be: beyond ASCII, a pattern may take other letters for those of the clue."""
        if not text.isascii():
            return True
        text = text.lower()
        for clue in self._clues:  # noqa: SIM110 -- any() takes three times as long
            if clue in text:
                return True
        return False


def _clues_of(rule: Redaction) -> tuple[str, ...]:
    """Return the clues of *rule*; one of another class may mean something else by the name."""
    return rule.clues if isinstance(rule, RegexRedaction) else ()


def _applied(rules: Iterable[Redaction], text: str) -> str:
    for rule in rules:
        text = _replace(text, rule)
    return text


def _replace(text: str, rule: Redaction) -> str:
    """Return *text* with what *rule* found replaced; places that overlap are one secret."""
    found = sorted(rule.find(text))
    if not found:  # as nearly always
        return text
    parts: list[str] = []
    done = 0
    for start, end in found:
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"{start}:{end} is no place in a text of {len(text)} characters")
        if start >= done:
            parts += [text[done:start], rule.replacement]
        done = max(done, end)
    return "".join([*parts, text[done:]])
