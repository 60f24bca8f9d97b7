"""A redaction rule that is one regular expression."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs
from attrs.validators import deep_iterable, instance_of

from korproxy.models.calls import Span


def _is_clue(_: object, field: attrs.Attribute[str], value: object) -> None:
    if not (isinstance(value, str) and value and value.isascii() and value == value.lower()):
        raise ValueError(f"{field.name}: {value!r} is not ASCII in lower case, so it would be found in no text")


@attrs.frozen(kw_only=True)
class RegexRedaction:
    """Hides every match of ``pattern``, or only its group ``secret`` where it has one.

    The pattern has to take time in proportion to the text, whatever the text is: bound what repeats, or make it possessive
    (``*+``), and begin it with something that a long run of letters cannot begin at every place.

    ``longest`` is the length in characters of the longest secret it can find.

    ``clues`` saves time: texts in lower case, one of which is in every ASCII text, put into lower case, in which the pattern
    finds anything (``("sk-",)``). A text without any is not searched, so a clue that is wrong leaves secrets in the log.
    Without ``clues`` every text is searched.

    ``run`` saves more: so many ASCII letters and digits stand in a row in everything that the pattern finds. Texts with long
    runs are searched anyway, so a rule with a run of 16 or more needs no clues there.
    """

    name: str
    pattern: re.Pattern[str] = attrs.field(repr=False)  # it may be made of the secrets themselves; and so may clues
    order: int = 100
    longest: int = 4096
    replacement: str = "***REDACTED***"
    clues: tuple[str, ...] = attrs.field(default=(), repr=False, validator=deep_iterable(_is_clue, instance_of(tuple)))
    run: int = 0

    def find(self, text: str) -> Sequence[Span]:
        """Return the places of all secrets in *text*."""
        if self.pattern.search(text) is None:  # as nearly always
            return []
        group = "secret" if "secret" in self.pattern.groupindex else 0
        spans = (found.span(group) for found in self.pattern.finditer(text))
        return [span for span in spans if span[0] < span[1]]  # a group that took no part has the span (-1, -1)
