"""Read a JSON object so that nothing in it can be overlooked: what was not asked for is reported as lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import attrs

from korproxy.chat.report import Report, child

T = TypeVar("T")


@attrs.define
class Fields:
    """One JSON object of a request.

    Attributes:
        at: Its JSON pointer; empty for the request itself.
    """

    value: dict[str, Any] = attrs.field(repr=False)
    at: str
    report: Report = attrs.field(repr=False)
    _read: set[str] = attrs.field(factory=set, init=False, repr=False)

    def pointer(self, key: str) -> str:
        """Return the JSON pointer to *key*."""
        return child(self.at, key)

    # Most of what is asked for is not there, and then nothing else is done.

    def get(self, key: str) -> Any:
        """Return the value of *key*, None where it is absent or null. It counts as read."""
        value = self.value.get(key)
        if value is not None:
            self._read.add(key)
        return value

    def text(self, key: str) -> str | None:
        """Return the value of *key* if it is a text; anything else is reported as lost."""
        value = self.value.get(key)
        return None if value is None else self._typed(key, value, str)

    def flag(self, key: str) -> bool | None:
        """Return the value of *key* if it is true or false; anything else is reported as lost."""
        value = self.value.get(key)
        return None if value is None else self._typed(key, value, bool)

    def integer(self, key: str) -> int | None:
        """Return the value of *key* if it is a whole number (``12.0`` is one); anything else is reported as lost."""
        value = self.number(key)
        if value is None or isinstance(value, int):
            return value
        if value.is_integer():
            return int(value)
        self._misread(key)
        return None

    def number(self, key: str) -> float | None:
        """Return the value of *key* if it is a number, whole or not; anything else is reported as lost."""
        value = self.get(key)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        self._misread(key)
        return None

    def table(self, key: str) -> Fields | None:
        """Return the object at *key*, to be read in its turn; anything else is reported as lost."""
        value = self.value.get(key)
        if value is None or (found := self._typed(key, value, dict)) is None:
            return None
        return Fields(found, child(self.at, key), self.report)

    def tables(self, key: str) -> Iterator[Fields]:
        """Yield the objects in the list at *key*; anything else is reported as lost."""
        value = self.value.get(key)
        found = None if value is None else self._typed(key, value, list)
        if not found:
            return
        pointer = child(self.at, key)
        for number, each in enumerate(found):
            at = f"{pointer}/{number}"
            if isinstance(each, dict):
                yield Fields(each, at, self.report)
            else:
                self.report.lost(at, "is not an object")

    def lost(self, key: str, why: str) -> None:
        """Report *key* as lost where it is there and not null. It counts as read."""
        if self.value.get(key) is not None:
            self._read.add(key)
            self.report.lost(self.pointer(key), why)

    def close(self, why: str = "KorProxy knows no such field") -> None:
        """Report every key that nobody has asked for as lost; null says nothing, so it is none."""
        if self.value.keys() <= self._read:
            return
        for key, value in self.value.items():
            if key not in self._read and value is not None:
                self.report.lost(self.pointer(key), why)

    def _typed(self, key: str, value: object, kind: type[T]) -> T | None:
        self._read.add(key)
        if isinstance(value, kind):
            return value
        self._misread(key)
        return None

    def _misread(self, key: str) -> None:
        self.report.lost(self.pointer(key), f"has a value that KorProxy does not understand ({type(self.value[key]).__name__})")
