"""What became of each thing in a request: kept, mapped or lost. Written by readers and writers, by JSON pointer (RFC 6901)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs
import msgspec

Fate: TypeAlias = Literal["kept", "mapped", "lost"]


@attrs.frozen
class Note:
    """What became of the value at ``pointer`` and of everything in it. ``why`` is a short clause for people, in lower case."""

    pointer: str
    fate: Fate
    why: str


class Report(msgspec.Struct):  # one is made for each request; see ``models.calls``
    """Collects notes. Whatever has none is kept: it is in what is sent, in the provider's words for it."""

    notes: list[Note] = []

    def mapped(self, pointer: str, why: str) -> None:
        """Note that the value at *pointer* is sent as something else: *why* says as what. An empty *pointer* notes nothing."""
        if pointer:
            self.notes.append(Note(pointer, "mapped", why))

    def lost(self, pointer: str, why: str) -> None:
        """Note that the value at *pointer* is not sent. An empty *pointer* was not in the request, and nothing is noted."""
        if pointer:
            self.notes.append(Note(pointer, "lost", why))

    @property
    def losses(self) -> tuple[str, ...]:
        """The pointers that could not be carried, in order, each once."""
        return tuple(dict.fromkeys(each.pointer for each in self.notes if each.fate == "lost"))

    def fate(self, pointer: str) -> Note:
        """Return what became of the value at *pointer*: a loss of it or of what it is in, else the nearest note, else kept."""
        about = [each for each in self.notes if pointer == each.pointer or pointer.startswith(each.pointer + "/")]
        about.sort(key=lambda each: (each.fate == "lost", len(each.pointer)))
        return about[-1] if about else Note(pointer, "kept", "")


def child(pointer: str, key: str | int) -> str:
    """Return the pointer to *key* in what *pointer* points to."""
    if isinstance(key, str) and ("/" in key or "~" in key):
        key = key.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{key}"
