"""What a provider received, told alike for all formats, so that a case can say once what has to arrive."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import attrs

from korproxy_conformance.place import Place
from korproxy_conformance.wrong import Words, Wrong

# ("user" or "model", kind, what …). Kinds: text, image, thought, call (name, arguments), result (number of the call, text),
# result image (number of the call, image).
Happening: TypeAlias = tuple[object, ...]

_DATA_URL = re.compile(r"data:([\w./+-]+);base64,(.*)", re.DOTALL)


@attrs.frozen(kw_only=True)
class Arrival:
    """A request as a provider got it.

    Attributes:
        seals: The marks of the model's own thoughts that came back, in order.
        tools: Schemas by name, in order.
        schema: The schema that the answer has to fit.
    """

    model: str
    streamed: bool
    story: list[Happening]
    seals: tuple[str, ...] = ()
    tools: Mapping[str, Any] = attrs.field(factory=dict)
    schema: Any = None
    body: bytes = b""

    @property
    def spoken(self) -> list[Happening]:
        """The story without thoughts."""
        return [each for each in self.story if each[1] != "thought"]

    @property
    def pictures(self) -> list[object]:
        """All pictures, wherever they stand."""
        return [each[-1] for each in self.story if str(each[1]).endswith("image")]


@attrs.define
class Story:
    """Collects what is said. Calls are numbered; results answer calls of the turn before, and each has one."""

    told: list[Happening] = attrs.field(factory=list)
    seals: list[str] = attrs.field(factory=list)
    _calls: list[tuple[object, str]] = attrs.field(factory=list)
    _open: list[int] = attrs.field(factory=list)

    def call(self, identity: object, name: str, arguments: object) -> None:
        """Note a call. None is no *identity*: such calls are answered in their order."""
        self._open.append(len(self._calls))
        self._calls.append((identity, name))
        self.told.append(("model", "call", name, arguments))

    def result(self, identity: object, text: str, at: str, name: str | None = None) -> int:
        """Note the result of the call *identity*; return the call's number."""
        fitting = [each for each in self._open if self._calls[each][0] == identity and name in (None, self._calls[each][1])]
        if not fitting:
            raise Wrong(Words(f"the result of a call that is open: {[self._calls[each] for each in self._open]}"), identity, at)
        self._open.remove(fitting[0])
        self.told.append(("user", "result", fitting[0], text))
        return fitting[0]

    def settled(self, at: str) -> None:
        """Raise ``Wrong`` if a call has no result, now that something else is said."""
        if self._open:
            missing = [self._calls[each] for each in self._open]
            raise Wrong(Words("a result for each call before anything else"), Words(f"none for {missing}"), at)


def picture(data: bytes, media_type: str = "image/png") -> str:
    """Name a picture so that every byte of it counts."""
    return f"{media_type} {sha256(data).hexdigest()}"


def from_base64(data: Place, media_type: str) -> str:
    """Name the picture in *data*."""
    try:
        return picture(base64.b64decode(data.text(), validate=True), media_type)
    except (binascii.Error, ValueError):
        return data.wrong(Words("base64"))


def from_url(url: Place) -> str:
    """Name the picture that a data URL holds; another URL is its own name."""
    found = _DATA_URL.fullmatch(url.text())
    return from_base64(Place(found[2], url.at), found[1]) if found else url.text()


def blocks(content: Place | None) -> list[Place]:
    """Return content as parts, which three of the formats may also write as a plain text."""
    if content is None:
        return []
    return [Place({"type": "text", "text": content.value}, content.at)] if isinstance(content.value, str) else content.items()
