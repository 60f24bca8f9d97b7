"""A redaction plugin: names that nobody may read in logs, such as customers and projects. The smallest one, to copy from."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from korproxy.api import PluginTable, Redaction, RegexRedaction, Settings, hookimpl

SHORTEST = 3  # characters; what is shorter is a part of too many words
LONGEST = 200


def _are_names(_: object, field: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    for each in value:
        if not SHORTEST <= len(each.strip()) <= LONGEST:
            raise ValueError(f"{field.name}: a name has {SHORTEST} to {LONGEST} characters")


@attrs.frozen(kw_only=True)
class Names:
    """The ``[plugin.redact-names]`` table of korproxy.toml. Without names there is nothing to hide."""

    names: tuple[str, ...] = attrs.field(default=(), validator=_are_names)


@hookimpl
def korproxy_settings() -> Iterable[PluginTable]:
    """Describe ``[plugin.redact-names]``, so that a mistake in it is found before the first line is written."""
    yield PluginTable("redact-names", Names)


@hookimpl
def korproxy_redactions(settings: Settings) -> Iterable[Redaction]:
    """Offer one rule for all names; in ``[redaction] outgoing`` it is called ``names``."""
    names = settings.plugin("redact-names", Names).names
    if names:
        yield rule_for(names)


def rule_for(names: Iterable[str]) -> Redaction:
    """Return the rule that hides *names*, however they are written: capitals, and what stands between their words."""
    known = sorted({each.strip() for each in names}, key=lambda each: (-len(each), each))  # of two that begin alike, the longer
    pattern = re.compile("|".join(map(_pattern, known)), re.IGNORECASE)
    clues = tuple(sorted(set(map(_clue, known))))
    return RegexRedaction(
        name="names",
        pattern=pattern,
        longest=2 * LONGEST,
        clues=clues if all(clues) else (),  # without one, the rule is asked about every text
    )


def _pattern(name: str) -> str:
    """A name is not found inside a longer word; between its words may stand a space, a line break, a dash or the like."""
    words = r"[\s_.-]{1,3}".join(map(re.escape, re.split(r"[\s_-]+", name)))
    return rf"(?<!\w){words}(?!\w)"


def _clue(name: str) -> str:
    """Return the longest word of *name*, in lower case: every ASCII text with the name has it. Nothing if it is not ASCII."""
    word = max(re.split(r"[\s_-]+", name), key=len).lower()
    return word if word.isascii() and len(word) >= SHORTEST else ""
