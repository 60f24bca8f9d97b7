"""Hides secrets in text that is about to be written down. Fails closed: text that cannot be checked is not written."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.contracts import Redaction
from korproxy.gateway.rule_set import RuleSet
from korproxy.kit.redacting import UNCHECKED
from korproxy.kit.shortening import shortened

__all__ = ["UNCHECKED", "Redactor"]

LONGEST = 1_000_000  # characters of one text that are looked at; a hostile one takes a second for so many
TOO_LONG = " ***NOT WRITTEN: THE REST, WHICH IS TOO LONG***"


@attrs.define(eq=False)
class Redactor:
    """What all that writes something down asks. Which rules those are, a reload exchanges; everything else is pure."""

    in_force: RuleSet = attrs.field(factory=RuleSet)

    @classmethod
    def of(cls, rules: Iterable[Redaction], *, decodes: bool = False) -> Redactor:
        """Return a redactor that applies *rules* by their ``order``, then their name.

        Args:
            decodes: Whether secrets that are encoded are hidden, too.
        """
        return cls(RuleSet.of(rules, decodes=decodes))

    @property
    def rules(self) -> tuple[Redaction, ...]:
        """Those in force, in their order."""
        return self.in_force.rules

    def redact(self, text: str) -> str:
        """Return *text* with every secret replaced; ``UNCHECKED`` in place of all of it if a rule fails.

        Of a text that nobody could read anyway only the beginning is left, as far as words are whole.
        """
        try:
            if len(text) > LONGEST:
                return self.in_force.apply(shortened(text, LONGEST)) + TOO_LONG
            return self.in_force.apply(text)
        except Exception:  # noqa: BLE001 -- whatever a rule does wrong, the text must not get out
            return UNCHECKED

    def harmless(self, text: str) -> bool:
        """Return True where ``redact`` would change neither *text* nor any part of it; False where it may."""
        return self.in_force.harmless(text)
