"""``$ref`` in a JSON Schema: followed inside the schema, never round in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import attrs

from korproxy.api import chat


@attrs.define
class References:
    """Follows the references of one schema.

    Attributes:
        root: The schema that ``#`` stands for.
        at: JSON pointer to it in the request.
    """

    root: Any
    at: str
    _used: set[str] = attrs.field(factory=set, init=False)
    _open: list[str] = attrs.field(factory=list, init=False)

    @contextmanager
    def followed(self, ref: object, at: str) -> Iterator[tuple[Any, str] | None]:
        """Yield what *ref*, which stands at *at*, points to, and the pointer to it; None where there is nothing.

        Raises:
            CannotCarry: It is followed already.
        """
        found = self._find(ref)
        if found is None:
            yield None
            return
        schema, place = found
        if place in self._open:
            text = (
                f"The schema refers to itself ({str(ref)[:100]}), and Gemini takes none that has no end. Give it a fixed depth."
            )
            raise chat.CannotCarry(at, text)
        self._used.add(place)
        self._open.append(place)
        try:
            yield schema, f"{self.at}{place}"
        finally:
            self._open.pop()

    def is_used(self, at: str) -> bool:
        """Whether a reference was followed to what stands at *at*, or into it."""
        place = at.removeprefix(self.at)
        return any(each == place or each.startswith(f"{place}/") for each in self._used)

    def _find(self, ref: object) -> tuple[Any, str] | None:
        if not isinstance(ref, str) or not ref.startswith("#"):
            return None
        fragment = unquote(ref[1:])
        if fragment and not fragment.startswith("/"):
            return None
        value, place = self.root, ""
        for written in fragment.split("/")[1:]:
            key = written.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and key in value:
                value, place = value[key], chat.child(place, key)
            elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
                value, place = value[int(key)], chat.child(place, int(key))
            else:
                return None
        return value, place
