"""A value in a JSON document that knows where it stands, so that whatever is wrong with it can be pointed at. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn

import attrs

from korproxy_conformance.wrong import Words, Wrong, same


@attrs.frozen
class Place:
    """A *value*, and its JSON pointer behind the words for the document it is in (``event 3 /choices/0``)."""

    value: Any
    at: str = "/"

    def wrong(self, expected: object) -> NoReturn:
        """Raise ``Wrong``: something else was expected here."""
        raise Wrong(expected, self.value, self.at)

    def __getitem__(self, name: str) -> Place:
        """Return a member that has to be there."""
        found = self.find(name)
        if found is None:
            raise Wrong(Words(f"a member {name!r}"), Words(f"only {', '.join(map(repr, self.value)) or 'none'}"), self.at)
        return found

    def find(self, name: str) -> Place | None:
        """Return a member, or None where it is missing."""
        if not isinstance(self.value, dict):
            self.wrong(Words("an object"))
        return Place(self.value[name], self._inside(name)) if name in self.value else None

    def some(self, name: str) -> Place | None:
        """Return a member, or None where it is missing or null."""
        found = self.find(name)
        return None if found is None or found.value is None else found

    def items(self) -> list[Place]:
        """Return the elements of an array."""
        if not isinstance(self.value, list):
            self.wrong(Words("an array"))
        return [Place(each, self._inside(str(at))) for at, each in enumerate(self.value)]

    def only(self) -> Place:
        """Return the one element of an array."""
        found = self.items()
        if len(found) != 1:
            self.wrong(Words("an array of one element"))
        return found[0]

    def text(self) -> str:
        """Return a text."""
        return self.value if isinstance(self.value, str) else self.wrong(Words("a text"))

    def word(self) -> str:
        """Return a text that is not empty."""
        return self.text() or self.wrong(Words("a text that is not empty"))

    def count(self) -> int:
        """Return a number that counts something."""
        good = isinstance(self.value, int) and not isinstance(self.value, bool) and self.value >= 0
        return int(self.value) if good else self.wrong(Words("a whole number, not negative"))

    def members(self) -> dict[str, Any]:
        """Return an object's members."""
        return self.value if isinstance(self.value, dict) else self.wrong(Words("an object"))

    def equals(self, expected: object) -> None:
        """Raise ``Wrong`` unless it is *expected*."""
        same(self.value, expected, self.at)

    def one_of(self, allowed: Collection[str]) -> str:
        """Return a text that is one of *allowed*."""
        found = self.text()
        return found if found in allowed else self.wrong(Words(f"one of {', '.join(sorted(allowed))}"))

    def arguments(self) -> Any:
        """Return the object that a text holds as JSON: what a function is called with."""
        inner = parsed(self.text().encode(), f"{self.at} (parsed)")
        inner.members()
        return inner.value

    def _inside(self, name: str) -> str:
        escaped = name.replace("~", "~0").replace("/", "~1")
        return f"{self.at}{'' if self.at.endswith('/') else '/'}{escaped}"


def parsed(data: bytes, at: str = "/") -> Place:
    """Read *data* as one JSON value without what only Python takes for JSON; numbers keep all their digits.

    Raises:
        Wrong: It is none.
    """
    try:
        return Place(json.loads(data.decode(), parse_constant=_refused, object_pairs_hook=_once), at)
    except (ValueError, RecursionError) as exc:
        raise Wrong(Words("JSON"), Words(f"{data[:80]!r} ({exc})"), at) from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"the member {name!r} is there twice")
        made[name] = value
    return made
