"""Which rules are in force: those of the plugins, and one for the secrets that KorProxy holds itself. They follow a reload."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import attrs

from korproxy.contracts import Redaction
from korproxy.gateway.known_secrets import MOST, known_secrets
from korproxy.gateway.redact import Redactor
from korproxy.gateway.rule_set import RuleSet

EMAILS = "email-address"  # the rule that [redaction] emails is about


def rules_in_force(
    offered: Iterable[Redaction], *, emails: bool, secrets: Iterable[str] = (), words: Collection[str] = ()
) -> RuleSet:
    """Return all that hides something in what KorProxy writes down.

    Args:
        offered: What the plugins offer.
        emails: Whether e-mail addresses are hidden, too.
        secrets: What KorProxy holds.
        words: Names that are no secrets, even where a secret is the same.
    """
    rules = [each for each in offered if emails or each.name != EMAILS]
    known = known_secrets(secrets, words)
    return RuleSet.of(rules if known is None else [*rules, known], decodes=True)


@attrs.define(eq=False)
class Hiding:
    """Keeps a redactor up to date. A secret of an earlier configuration stays hidden: requests that had it may go on."""

    offered: tuple[Redaction, ...]
    redactor: Redactor = attrs.field(factory=Redactor)
    _held: dict[str, None] = attrs.field(factory=dict, init=False, repr=False)

    def prepare(self, secrets: Iterable[str], words: Collection[str], *, emails: bool) -> RuleSet:
        """Return the rules that hide *secrets*, too, for ``redactor.in_force``. It takes its time: not for Trio's thread."""
        for each in sorted(secrets):
            self._held.pop(each, None)
            self._held[each] = None
        for each in list(self._held)[:-MOST]:
            del self._held[each]
        return rules_in_force(self.offered, emails=emails, secrets=self._held, words=words)
