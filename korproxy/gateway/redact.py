"""Hides secrets in text that is about to be written down. Fails closed: text that cannot be checked is not written. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.contracts import Redaction
from korproxy.kit.regex_redaction import RegexRedaction

UNCHECKED = "***NOT WRITTEN: A REDACTION RULE FAILED***"

# Letters by how few lines of a log they are in: a clue is looked for only where its rarest one is.
_RAREST_FIRST = "qjzxwhvykbpgfmucdlnrsioate"
_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))


@attrs.frozen
class Redactor:
    """All rules, in their order.

    Most texts hold no secret. Those rules that name their clues are asked only about a text with a clue in it. Most texts have
    not even the letters for most of the clues, and to find that out costs a tenth: so clues are kept by their rarest one.
    """

    rules: tuple[Redaction, ...] = ()
    _clues: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(init=False, repr=False, eq=False)
    _in_no_clue: bytes = attrs.field(init=False, repr=False, eq=False)
    _without: tuple[Redaction, ...] = attrs.field(init=False, repr=False, eq=False)

    @_clues.default
    def _all_clues(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        clues = {clue for rule in self.rules for clue in _clues_of(rule)}
        needed = sorted(clue for clue in clues if not any(other in clue for other in clues - {clue}))
        letters = sorted({_rarest(clue) for clue in needed})
        return tuple((letter, tuple(clue for clue in needed if _rarest(clue) == letter)) for letter in letters)

    @_in_no_clue.default
    def _all_in_no_clue(self) -> bytes:
        used = {each for _, clues in self._clues for clue in clues for each in clue + clue.upper()}
        return bytes(each for each in range(128) if chr(each) not in used)

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

    def harmless(self, text: str) -> bool:
        """Return True where ``redact`` would change neither *text* nor any part of it; False where it may.

        So many texts can be checked at once. A clue that is not in the whole is in no part; a rule without clues may find
        something in a part that it does not find in the whole.
        """
        return not self._without and not self._has_a_clue(text)

    def _has_a_clue(self, text: str) -> bool:
        """Return whether there is one, or may be: beyond ASCII, a pattern may take other letters for those of the clue."""
        if not text.isascii():
            return True
        # Without what is in no clue, as most digits, the text is shorter by a third, and each clue still in one piece.
        text = text.encode().translate(_LOWER, self._in_no_clue).decode()
        for letter, clues in self._clues:
            if letter in text:
                for clue in clues:  # any() takes three times as long
                    if clue in text:
                        return True
        return False


def _clues_of(rule: Redaction) -> tuple[str, ...]:
    """Return the clues of *rule*; one of another class may mean something else by the name."""
    return rule.clues if isinstance(rule, RegexRedaction) else ()


def _rarest(clue: str) -> str:
    """Return the character of *clue* that is likely to be in the fewest texts."""
    return min(clue, key=lambda each: _RAREST_FIRST.index(each) if each in _RAREST_FIRST else len(_RAREST_FIRST))


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
