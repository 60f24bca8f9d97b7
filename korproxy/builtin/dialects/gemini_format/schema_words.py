"""Constraints that Gemini's schemas have no keyword for, in words: the model still reads them in the description."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

LONGEST = 200  # characters of a constraint; a longer one would bury the description


def _plain(form: str) -> Callable[[Any], str | None]:
    return lambda value: form.format(_json(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _as_json(key: str) -> Callable[[Any], str | None]:
    def words(value: Any) -> str | None:
        text = _json(value)
        return None if isinstance(value, bool) or not text or text == "{}" or '"$ref"' in text else f"{key}: {text}"

    return words


def _exclusive(words: str) -> Callable[[Any], str | None]:
    numbers = _plain(f"{words} {{}}")
    limit = "minimum" if words == "more than" else "maximum"
    return lambda value: f"{words} the {limit}" if value is True else numbers(value)  # true is draft 4's


_WORDS: Mapping[str, Callable[[Any], str | None]] = {
    "exclusiveMinimum": _exclusive("more than"),
    "exclusiveMaximum": _exclusive("less than"),
    "multipleOf": _plain("a multiple of {}"),
    "uniqueItems": lambda value: "no item twice" if value is True else None,
    **{
        key: _as_json(key)
        for key in (
            "additionalProperties",
            "contains",
            "contentEncoding",
            "contentMediaType",
            "dependencies",
            "dependentRequired",
            "dependentSchemas",
            "else",
            "if",
            "maxContains",
            "minContains",
            "not",
            "patternProperties",
            "propertyNames",
            "then",
        )
    },
}


def in_words(key: str, value: Any) -> str | None:
    """Return what *key* with *value* demands, None where it demands nothing or words would not do."""
    text = _WORDS[key](value) if key in _WORDS else None
    return text if text is not None and len(text) <= LONGEST else None


def one_of(values: Sequence[Any]) -> str | None:
    """Return the words for a list of values, None where it is too long."""
    text = ", ".join(map(_json, values))
    return f"{'always' if len(values) == 1 else 'one of'} {text}" if 0 < len(text) <= LONGEST else None


def required_together(sets: Sequence[Sequence[str]]) -> str | None:
    """Return the words for sets of properties of which one has to be there; None where that demands nothing or is too long."""
    text = ", or ".join(" and ".join(each) for each in sets)
    return f"required: {text}" if all(sets) and len(text) <= LONGEST else None


def described(description: str | None, words: Sequence[str]) -> str | None:
    """Return *description* with *words* behind it; None where there is neither."""
    constraints = "; ".join(words)
    if not constraints:
        return description
    return f"{description} ({constraints})" if description else constraints


def _json(value: Any) -> str:
    """Return *value* as JSON; empty where it holds half a character or is too deep."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, RecursionError):
        return ""
