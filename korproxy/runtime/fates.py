"""What became of every single value of a request, from the report about its crossing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from korproxy.chat.report import Note, Report, child


def fates(document: object, report: Report) -> Iterator[tuple[str, Note]]:
    """Yield the JSON pointer of each value of *document* that holds no other, in order, and what *report* says of it.

    The note may be about something that the value is in; that is what ``Note.pointer`` tells. Notes about nothing of *document*
    come last.
    """
    notes: dict[str, list[Note]] = {}
    for each in report.notes:
        notes.setdefault(each.pointer, []).append(each)
    seen: set[str] = set()
    for leaf in leaves(document):
        around = [leaf[:end] for end in range(len(leaf) + 1) if leaf[end : end + 1] in ("/", "")]
        seen.update(around)
        yield leaf, Report([note for pointer in around for note in notes.get(pointer, ())]).fate(leaf)
    yield from ((pointer, report.fate(pointer)) for pointer in notes if pointer not in seen)


def leaves(document: object) -> Iterator[str]:
    """Yield the pointers of all values of *document* that hold no others, empty lists and objects included, in order."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:  # not by recursion: whatever could be parsed can be walked through
        at, value = waiting.pop()
        inner = [(child(at, key), each) for key, each in _members(value)]
        if inner:
            waiting.extend(reversed(inner))
        else:
            yield at


def _members(value: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
