"""What a check says when something is not as it has to be."""

from __future__ import annotations

import json

_LONGEST = 160


class Wrong(Exception):
    """A rule was broken. ``at`` points into the answer, or into what the provider received; empty: it is all of it."""

    def __init__(self, expected: object, came: object, at: str = "") -> None:
        """Say what was *expected* and what *came*: words as they are, other values as JSON."""
        super().__init__(expected, came, at)
        self.expected = shown(expected)
        self.came = shown(came)
        self.at = at

    def __str__(self) -> str:
        return f"expected {self.expected}; came {self.came}{f' at {self.at}' if self.at else ''}"


class Words(str):
    """Text that describes a thing instead of being it: shown without quotes."""

    __slots__ = ()


def shown(value: object) -> str:
    """Write *value* on one line of bearable length."""
    text = str(value) if isinstance(value, Words) else _written(value)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def same(came: object, expected: object, at: str = "") -> None:
    """Raise ``Wrong`` unless *came* is *expected*. True and 1 are not the same here, nor are 1 and 1.0."""
    if type(came) is not type(expected) or _written(came) != _written(expected):
        raise Wrong(expected, came, at)


def _written(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)
