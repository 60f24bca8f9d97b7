"""Hides secrets in text that is about to be written down. Fails closed: text that cannot be checked is not written. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.contracts import Redaction

UNCHECKED = "***NOT WRITTEN: A REDACTION RULE FAILED***"


@attrs.frozen
class Redactor:
    """All rules, in their order."""

    rules: tuple[Redaction, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Redaction]) -> Redactor:
        """Return a redactor that applies *rules* by their ``order``, then their name."""
        return cls(tuple(sorted(rules, key=lambda rule: (rule.order, rule.name))))

    def redact(self, text: str) -> str:
        """Return *text* with every secret replaced; ``UNCHECKED`` in place of all of it if a rule fails."""
        try:
            for rule in self.rules:
                text = _replace(text, rule)
        except Exception:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
            return UNCHECKED
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
