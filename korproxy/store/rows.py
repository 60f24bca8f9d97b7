"""Rows of the history: how they are written and how they go. How they are read is in ``reading``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from msgspec.structs import astuple, replace

from korproxy.models.outcome import Finished, Usage
from korproxy.store.connection import Connection

MOST_TEXT = 200  # characters of a name
MOST_NUMBER = 2**53  # of anything that is counted; what claims to be more is nonsense

_USAGE = Finished.__struct_fields__.index("usage")
_FIELDS = (*Finished.__struct_fields__[:_USAGE], *Finished.__struct_fields__[_USAGE + 1 :], *Usage.__struct_fields__)
COLUMNS = tuple("request_id" if each == "id" else each for each in _FIELDS)


def row(event: Finished) -> tuple[object, ...]:
    """Return *event* as a row: values for ``COLUMNS``."""
    values = astuple(event)
    return values[:_USAGE] + values[_USAGE + 1 :] + astuple(values[_USAGE])


def write(connection: Connection, events: Sequence[Finished]) -> None:
    """Write a row for each of *events*."""
    connection.insert("requests", COLUMNS, [row(each) for each in events])


def cleaned(events: Sequence[Finished], harmless: Callable[[str], bool], redact: Callable[[str], str]) -> Sequence[Finished]:
    """Return *events* with every name in them redacted that others than the user's configuration chose, and not too long.

    Most of the time there is nothing to do: that is found out for all of them at once.
    """
    names = {each for event in events for each in (event.model, event.upstream_model, event.profile) if each}
    ids = [event.correlation_id for event in events]
    if max(map(len, names), default=0) <= MOST_TEXT and harmless("\n".join([*names, *ids])):
        return events
    known: dict[str, str] = {}

    def clean(text: str) -> str:
        if text not in known:
            known[text] = redact(text)[:MOST_TEXT]
        return known[text]

    return [
        replace(
            each,
            model=clean(each.model),
            upstream_model=None if each.upstream_model is None else clean(each.upstream_model),
            profile=clean(each.profile),
            correlation_id=clean(each.correlation_id),
        )
        for each in events
    ]


def tamed(event: Finished) -> Finished:
    """Return *event* as any database takes it: numbers that fit, and no characters that are none."""
    usage = Usage(*[None if each is None else _fitting(each) for each in astuple(event.usage)])
    said = {name: value for name in Finished.__struct_fields__ if isinstance(value := getattr(event, name), str | int | float)}
    return replace(event, **{name: _tame(value) for name, value in said.items()}, usage=usage)


def _tame(value: str | float) -> str | float:
    match value:
        case str():
            return value.encode(errors="replace").decode().replace("\0", "?")
        case bool():
            return value
        case int():
            return _fitting(value)
    return value if isfinite(value) else 0.0


def _fitting(number: int) -> int:
    return max(0, min(number, MOST_NUMBER))


def delete_before(connection: Connection, time: float, most: int) -> int:
    """Delete the rows of requests that ended before *time*, *most* of them; return how many went."""
    found = connection.execute("SELECT id FROM requests WHERE at < ? ORDER BY at LIMIT ?", (time, most))
    connection.execute_each("DELETE FROM requests WHERE id = ?", found)
    return len(found)


def delete_beyond(connection: Connection, keep: int, most: int) -> int:
    """Delete the oldest rows where there are more than *keep*, *most* of them; return how many went."""
    first = connection.execute("SELECT id FROM requests ORDER BY id DESC LIMIT 1 OFFSET ?", (keep,))
    if not first:
        return 0
    found = connection.execute("SELECT id FROM requests WHERE id <= ? ORDER BY id LIMIT ?", (first[0][0], most))
    connection.execute("DELETE FROM requests WHERE id <= ?", (found[-1][0],))
    return len(found)
