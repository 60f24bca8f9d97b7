"""Rows of the history: how they are written and how they go. How they are read is in ``reading``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import astuple, replace

from korproxy.models.outcome import Finished, Usage
from korproxy.store.connection import Connection, Row

MOST_KINDS = 5_000  # that are known by heart
MOST_TEXT = 200  # characters of a name
MOST_NUMBER = 2**53  # of anything that is counted; what claims to be more is nonsense
MOST_STATUS = 999

_AT = {name: number for number, name in enumerate(Finished.__struct_fields__)}
_WHO = ("key_name", "profile", "type", "dialect", "upstream_dialect", "stream", "provider", "account")
_OF_KIND = (*_WHO, "outcome", "status", "code")
_OWN = ("correlation_id", "at", "model", "upstream_model", "attempts", "first_byte", "seconds", "bytes_in", "bytes_out")
_of_kind = itemgetter(*[_AT[each] for each in _OF_KIND])
_own = itemgetter(_AT["id"], *[_AT[each] for each in _OWN])
COLUMNS = ("kind", "request_id", *_OWN, *Usage.__struct_fields__)

T = TypeVar("T")
Kinds: TypeAlias = dict[tuple[Any, ...], int]


def write(connection: Connection, events: Sequence[Finished], kinds: Kinds) -> None:
    """Write a row for each of *events*.

    What many requests have in common is written once, as their kind: a row is half as long then, and takes half the time.

    Args:
        kinds: The numbers of those that are known; grows.
    """
    if len(kinds) > MOST_KINDS:
        kinds.clear()
    found: list[Row] = []
    for event in events:
        values = astuple(event)
        kind = _of_kind(values)
        if kind not in kinds:
            _learn(connection, events, kinds)
        found.append((kinds[kind], *_own(values), *astuple(event.usage)))
    connection.insert("requests", COLUMNS, found)


def _learn(connection: Connection, events: Sequence[Finished], kinds: Kinds) -> None:
    """Find the numbers of all kinds that *events* are of; in order, so that no two daemons wait for each other."""
    for kind in sorted({_of_kind(astuple(each)) for each in events} - kinds.keys(), key=repr):
        kinds[kind] = _number(connection, kind)


def _number(connection: Connection, kind: tuple[Any, ...]) -> int:
    """Return the number of *kind*; make one where there is none. NULLs would all differ."""
    values = [_NOT_KNOWN[name] if each is None else each for name, each in zip(_OF_KIND, kind, strict=True)]
    names, marks = ", ".join(_OF_KIND), ", ".join("?" * len(_OF_KIND))
    connection.execute(f"INSERT INTO kinds ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)
    where = " AND ".join(f"{name} = ?" for name in _OF_KIND)
    return int(connection.execute(f"SELECT id FROM kinds WHERE {where}", values)[0][0])


_NOT_KNOWN: Mapping[str, str | int] = {"upstream_dialect": "", "provider": "", "account": "", "status": 0, "code": ""}


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
    """Return *event* as any database takes it: numbers that fit, no characters that are none, and nothing of another type.

    Plugins have a hand in events, and nobody checks their types.
    """
    said: object = event.usage
    used = said if isinstance(said, Usage) else Usage()
    usage = Usage(*[None if each is None else _count(each) for each in astuple(used)])
    fitting: dict[str, Any] = {name: fit(getattr(event, name)) for name, fit in _FITTING.items()}
    return replace(event, **fitting, usage=usage)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "?")
    return "" if value is None else f"({type(value).__name__})"  # not what is in it: it may be anything


def _count(value: object) -> int:
    if isinstance(value, float):
        return _count(int(value)) if isfinite(value) else 0
    return max(0, min(value, MOST_NUMBER)) if isinstance(value, int) else 0


def _status(value: object) -> int:
    return min(_count(value), MOST_STATUS)


def _seconds(value: object) -> float:
    known = isinstance(value, int | float) and -MOST_NUMBER <= value <= MOST_NUMBER
    return float(value) if known else 0.0  # type: ignore[arg-type]  # mypy forgets what was found out


def _or_none(fit: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else fit(value)


_FITTING: Mapping[str, Callable[[object], object]] = {
    **dict.fromkeys(("id", "correlation_id", "key_name", "dialect", "model", "outcome", "profile", "type"), _text),
    **dict.fromkeys(("upstream_model", "provider", "account", "code", "upstream_dialect"), _or_none(_text)),
    **dict.fromkeys(("attempts", "bytes_in", "bytes_out"), _count),
    **dict.fromkeys(("at", "seconds"), _seconds),
    "first_byte": _or_none(_seconds),
    "status": _or_none(_status),
    "stream": bool,
}


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
