"""Redaction rules, and how to find out for little that a text has nothing for them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.contracts import Redaction
from korproxy.kit.encoded_secrets import MARKS, SHORTEST, EncodedSecrets, has_no_code
from korproxy.kit.redacting import places, replaced
from korproxy.kit.regex_redaction import RegexRedaction

# Characters by how few lines of a log they are in: a clue is looked for only where its rarest one is.
_RAREST_FIRST = "\\\"'@%&?:/qjzxwhvykbpgfmucdlnrsioate"
# Characters of which the usual line of a log has many, and without which the clues of the built-in rules can still be told
# from all else that is in it. Found by trying.
_PASSED_OVER = "12356789toandcfmulgh[]vw_"
_BETWEEN = " ="  # without them, what stands side by side would look like a clue
_SHORTENED = str.maketrans("", "", _PASSED_OVER)
_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))


@attrs.frozen
class RuleSet:
    """All rules, in their order.

    Most texts hold no secret. Those rules that name their clues are asked only about a text with a clue in it. Most texts have
    not even the letters for most of the clues, and to find that out costs a tenth: so clues are kept by their rarest one.
    And half of a text is passed over, and of the clues likewise: what is left of a clue that is in the text is in what is left
    of the text.

    Attributes:
        decodes: Whether secrets that are encoded are found, too.
    """

    rules: tuple[Redaction, ...] = ()
    decodes: bool = False
    _left_out: bytes = attrs.field(init=False, repr=False, eq=False)
    _clues: tuple[tuple[bytes, tuple[bytes, ...]], ...] = attrs.field(init=False, repr=False, eq=False)
    _without: tuple[Redaction, ...] = attrs.field(init=False, repr=False, eq=False)
    _all: tuple[Redaction, ...] = attrs.field(init=False, repr=False, eq=False)

    @_left_out.default
    def _what_tells_nothing(self) -> bytes:
        clues = self._given()
        needed = {each for clue in clues if len(clue.translate(_SHORTENED)) < 2 for each in clue}
        in_none = {chr(each) for each in range(128)}.difference(_BETWEEN, *clues, "".join(clues).upper())
        left_out = (set(_PASSED_OVER) - needed) | in_none
        return "".join(left_out | {each.upper() for each in left_out}).encode()

    @_clues.default
    def _by_rarest(self) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
        clues = {clue.encode().translate(None, self._left_out).decode() for clue in self._given()}
        needed = sorted(clue for clue in clues if not any(other in clue for other in clues - {clue}))
        letters = sorted({_rarest(clue) for clue in needed})
        return tuple(
            (letter.encode(), tuple(clue.encode() for clue in needed if _rarest(clue) == letter)) for letter in letters
        )

    @_without.default
    def _rules_without_clues(self) -> tuple[Redaction, ...]:
        return tuple(rule for rule in self.rules if not _clues_of(rule))

    @_all.default
    def _with_the_decoding(self) -> tuple[Redaction, ...]:
        if not self.decodes:
            return self.rules
        made: list[RuleSet] = []  # when it is needed first, as it seldom is

        def harmless(text: str) -> bool:
            if not made:
                made.append(RuleSet(self.rules))
            return made[0].harmless(text)

        return (EncodedSecrets(rules=self.rules, harmless=harmless), *self.rules)

    @classmethod
    def of(cls, rules: Iterable[Redaction], *, decodes: bool = False) -> RuleSet:
        """Return *rules* by their ``order``, then their name."""
        return cls(tuple(sorted(rules, key=lambda rule: (rule.order, rule.name))), decodes)

    @property
    def longest(self) -> int:
        """The length in characters of the longest secret that is found."""
        return max((each.longest for each in self._all), default=0)

    def _given(self) -> set[str]:
        if not self.decodes:
            return {clue for rule in self.rules for clue in _clues_of(rule)}
        return {*MARKS, *(clue for rule in self.rules for clue in _clues_of(rule) if not _has_run(rule, clue))}

    def applicable(self, text: str) -> tuple[Redaction, ...]:
        """Return the rules that have to be applied to *text*, one after the other: none, as nearly always, or all.

        What one rule has left may be a clue for the next.
        """
        return self._all if self._may_hold(text) or any(places(rule, text) for rule in self._without) else ()

    def apply(self, text: str) -> str:
        """Return *text* with every secret replaced. Whatever a rule raises comes out of here."""
        for rule in self.applicable(text):
            text = replaced(text, rule)
        return text

    def harmless(self, text: str) -> bool:
        """Return True where no rule finds anything in *text*, nor in any part of it; False where one may.

        So many texts can be checked at once. A clue that is not in the whole is in no part; a rule without clues may find
        something in a part that it does not find in the whole.
        """
        return not self._without and not self._may_hold(text)

    def _may_hold(self, text: str) -> bool:
        """Return whether there is a clue, or may be: beyond ASCII, a pattern may take other letters for those of the clue."""
        if not text.isascii():
            return True
        data = text.encode()
        if self.decodes and not has_no_code(data):
            return True
        data = data.translate(_LOWER, self._left_out)
        for letter, clues in self._clues:
            if letter in data:
                for clue in clues:  # any() takes three times as long
                    if clue in data:
                        return True
        return False


def _clues_of(rule: Redaction) -> tuple[str, ...]:
    """Return the clues of *rule*; one of another class may mean something else by the name."""
    return rule.clues if isinstance(rule, RegexRedaction) else ()


def _has_run(rule: Redaction, clue: str) -> bool:
    """Return whether texts with *clue* have a run that is found without it."""
    return (isinstance(rule, RegexRedaction) and rule.run >= SHORTEST) or not has_no_code(clue.encode())


def _rarest(clue: str) -> str:
    """Return the character of *clue* that is likely to be in the fewest texts."""
    return min(clue, key=lambda each: _RAREST_FIRST.index(each) if each in _RAREST_FIRST else len(_RAREST_FIRST))
