"""Server-sent events, read from bytes as they come. Pure.

After the HTML standard (section 9.2): lines end with LF, CR or CRLF; an empty line ends an event; a line that begins with a
colon is a comment. Stricter in what an API never needs: ``id`` and ``retry`` are unknown here, as is any other field.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from korproxy_conformance.place import Place, parsed
from korproxy_conformance.wrong import Words, Wrong


@attrs.frozen(kw_only=True)
class Event:
    """One event. ``number`` counts from 0; ``name`` is empty where it has none."""

    number: int
    name: str
    data: bytes

    @property
    def at(self) -> str:
        """Words for where it stands."""
        return f"event {self.number}"

    def json(self) -> Place:
        """Return its data, which has to be a JSON object."""
        place = parsed(self.data, f"{self.at} /")
        place.members()
        return place


@attrs.define
class EventReader:
    """Cuts bytes into events, however they were cut on the way."""

    comments: int = 0
    _held: bytes = b""
    _name: str = ""
    _data: list[bytes] = attrs.field(factory=list)
    _number: int = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes; yield the events that are complete now.

        Raises:
            Wrong: A line is none of an event stream.
        """
        self._held += data
        while (found := self._line()) is not None:
            yield from self._take(found)

    def rest(self) -> bytes:
        """Return what came after the last complete event; nothing where the stream ended as it has to."""
        return self._held or b"\n".join(self._data)

    def _line(self) -> bytes | None:
        ends = [at for at in (self._held.find(b"\n"), self._held.find(b"\r")) if at >= 0]
        if not ends:
            return None
        end = min(ends)
        if self._held[end : end + 1] == b"\r":
            if end + 1 == len(self._held):
                return None  # its LF may still come
            width = 2 if self._held[end + 1 : end + 2] == b"\n" else 1
        else:
            width = 1
        line, self._held = self._held[:end], self._held[end + width :]
        return line

    def _take(self, line: bytes) -> Iterator[Event]:
        if not line:
            if self._data:
                yield Event(number=self._number, name=self._name, data=b"\n".join(self._data))
                self._number += 1
            self._name, self._data = "", []
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"":
                self.comments += 1
            case b"event":
                self._name = value.decode("utf-8", "replace")
            case b"data":
                self._data.append(value)
            case _:
                raise Wrong(Words("a line `data:`, `event:` or a comment"), Words(repr(line[:80])), f"event {self._number}")
