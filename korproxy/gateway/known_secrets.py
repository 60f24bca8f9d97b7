"""Hides the secrets that KorProxy itself holds, whatever they look like: keys, tokens, passwords. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from korproxy.kit.regex_redaction import RegexRedaction

NAME = "known-secret"
MOST = 10_000  # that are remembered, those of earlier configurations included
_SHORTEST = 6  # characters; what is shorter is in too many words
_LONG = 16  # from here on a part of it is hidden, too: somebody may have cut it
_PART = 12
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
# What stands in the place of a key where a server wants none; hidden, it would hide half of the log.
_NO_SECRETS = frozenset(
    {
        "anything",
        "default",
        "dummy",
        "ignored",
        "lm-studio",
        "lmstudio",
        "llama",
        "local",
        "localhost",
        "mock",
        "no-key",
        "none",
        "not-needed",
        "ollama",
        "openai",
        "placeholder",
        "sk-no-key-required",
        "unused",
        "vllm",
    }
)


def known_secrets(values: Iterable[str], words: Collection[str] = ()) -> RegexRedaction | None:
    """Return the rule that finds *values*, None where there are none that can be told from ordinary text.

    Args:
        words: Names that stand in logs all the time: of providers, accounts and models. They are no secrets.
    """
    kept = sorted({each for each in values if _is_secret(each, words)}, key=lambda each: (-len(each), each))
    if not kept:
        return None
    return RegexRedaction(
        name=NAME,
        pattern=re.compile("|".join(_patterns(kept)), re.IGNORECASE),
        order=9000,  # what is told by a word in front is found first: somebody may have typed such a word with a key
        longest=max(8192, len(kept[0])),
        clues=tuple(sorted(_clues(kept))),
    )


def _is_secret(value: str, words: Collection[str]) -> bool:
    return len(value) >= _SHORTEST and value.lower() not in _NO_SECRETS and value not in words


def _patterns(values: Iterable[str]) -> Iterator[str]:
    for each in values:
        if len(each) >= _LONG:
            yield re.escape(each)
        elif each.isalnum():
            yield rf"(?<![A-Za-z0-9]){re.escape(each)}(?![A-Za-z0-9])"
        else:
            yield re.escape(each)
    for each in values:
        if _tells(each):
            yield re.escape(each[:_PART]) + r"[A-Za-z0-9_.~+/=-]{0,4096}+"


def _tells(value: str) -> bool:
    """Return whether already the first part of *value* can be nothing else."""
    part = value[:_PART]
    return len(value) >= _LONG and _PLAIN.fullmatch(part) is not None and any(map(str.isdigit, part))


def _clues(values: Iterable[str]) -> Iterator[str]:
    """Yield one for each that is ASCII: in a text that is not, no clue is looked for."""
    for each in values:
        clue = each[:_PART] if _tells(each) else each
        if clue.isascii():
            yield clue.lower()
