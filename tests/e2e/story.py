"""What reached a provider, as a plain story that is the same in whatever format it came."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import attrs

# ("user" or "model", kind, what …): text, image, thought, call (name, arguments), result (number of the call, text), and
# "result image" (number of the call, image).
Happening: TypeAlias = tuple[object, ...]


@attrs.frozen(kw_only=True)
class Arrival:
    """A request as a provider got it.

    Attributes:
        story: What is said, in order.
        seals: The marks of the model's own thoughts that came back, in order: signatures and the like.
        tools: Schemas by name, in order.
    """

    model: str
    streamed: bool
    system: str
    story: list[Happening]
    seals: tuple[str, ...]
    tools: Mapping[str, Any]
    limit: int | None
    body: Any


def picture(data: bytes, media_type: str = "image/png") -> str:
    """Name an image so that a case can tell whether every byte arrived."""
    return f"{media_type} {sha256(data).hexdigest()}"


@attrs.define
class Story:
    """Collects what is said; calls are numbered, and results have to answer calls of the turn in front of them."""

    told: list[Happening] = attrs.field(factory=list)
    seals: list[str] = attrs.field(factory=list)
    _calls: list[tuple[object, str]] = attrs.field(factory=list)
    _open: list[int] = attrs.field(factory=list)

    def call(self, identity: object, name: str, arguments: object) -> None:
        self._open.append(len(self._calls))
        self._calls.append((identity, name))
        self.told.append(("model", "call", name, arguments))

    def result(self, identity: object, text: str, name: str | None = None) -> int:
        """Note the result of the call *identity*, which has to be open; return the call's number."""
        fitting = [number for number in self._open if self._calls[number][0] == identity]
        assert fitting, f"a result for {identity!r}, open are {[self._calls[each] for each in self._open]}"
        number = fitting[0]
        assert name in (None, self._calls[number][1])
        self._open.remove(number)
        self.told.append(("user", "result", number, text))
        return number

    def settled(self) -> None:
        """No call is without its result, now that something else is said."""
        assert not self._open, f"no result for {[self._calls[each] for each in self._open]}"
