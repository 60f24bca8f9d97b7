"""What is counted, in the database: minutes, hours, and all that there ever was. Nothing of it is kept in memory.

So there is nothing that could differ after a crash, a lost connection or a purge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from korproxy.models.histogram import Histogram
from korproxy.models.measures import COUNTERS, MINUTE, MOST_SERIES, SeriesKey, Totals, among_others, count
from korproxy.models.outcome import Finished
from korproxy.store.connection import Connection, Damaged, Row

COLUMNS = (*COUNTERS, "seconds", "first_byte")


def write(connection: Connection, events: Sequence[Finished], series: dict[SeriesKey, int]) -> None:
    """Count *events*.

    Args:
        series: The numbers of those that are known; grows.
    """
    counted = count(events)
    numbers = numbered(connection, {key for _, key in counted}, series)
    minutes: dict[int, dict[int, Totals]] = {}
    whole: dict[int, Totals] = {}
    for (start, key), totals in counted.items():
        number = numbers[key]
        merge(minutes.setdefault(start, {}), number, totals)
        merge(whole, number, totals)
    for start, found in minutes.items():
        add(connection, start, MINUTE, connection.replica, found)
    _add_to_totals(connection, whole)


def numbered(connection: Connection, keys: Collection[SeriesKey], known: dict[SeriesKey, int]) -> Mapping[SeriesKey, int]:
    """Return the number of the series in which each of *keys* is counted; make those that are not there yet."""
    if any(each not in known for each in keys):
        known |= {SeriesKey(*each[1:]): each[0] for each in connection.execute(f"SELECT id, {_NAMES} FROM series")}
    room = max(0, MOST_SERIES - len(known))
    new = sorted(each for each in keys if each not in known)
    counted_in = {key: key if number < room else among_others(key) for number, key in enumerate(new)}
    for key in sorted(set(counted_in.values()) - known.keys()):  # in order, so that no two daemons wait for each other
        connection.execute(f"INSERT INTO series ({_NAMES}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", key)
        named = " AND ".join(f"{each} = ?" for each in SeriesKey._fields)
        known[key] = connection.execute(f"SELECT id FROM series WHERE {named}", key)[0][0]
    return {key: known[counted_in.get(key, key)] for key in keys}


def add(connection: Connection, start: int, span: int, replica: str, found: dict[int, Totals]) -> None:
    """Add what was *found*, by series, to what is there for this minute or hour."""
    where = "start = ? AND span = ? AND replica = ?"
    _merge_stored(connection, "buckets", where, (start, span, replica), found)
    rows = [(start, span, replica, number, *values(totals)) for number, totals in found.items()]
    connection.execute_each(_upsert("buckets", ("start", "span", "replica", "series")), rows)


def _add_to_totals(connection: Connection, found: dict[int, Totals]) -> None:
    replica = connection.replica
    _merge_stored(connection, "totals", "replica = ?", (replica,), found)
    rows = [(replica, number, *values(totals)) for number, totals in found.items()]
    connection.execute_each(_upsert("totals", ("replica", "series")), rows)


def _merge_stored(connection: Connection, table: str, where: str, which: Sequence[object], found: dict[int, Totals]) -> None:
    marks = ", ".join("?" * len(found))
    sql = f"SELECT series, {', '.join(COLUMNS)} FROM {table} WHERE {where} AND series IN ({marks})"
    for each in connection.execute(sql, (*which, *found)):
        found[each[0]].merge(totals_in(each[1:]))


def merge(found: dict[int, Totals], number: int, totals: Totals) -> None:
    """Count *totals* in what was *found* of a series, too; they are not changed."""
    found.setdefault(number, Totals()).merge(totals)


def values(totals: Totals) -> Row:
    """Return *totals* as values for ``COLUMNS``."""
    return (*[getattr(totals, name) for name in COUNTERS], totals.seconds.to_bytes(), totals.first_byte.to_bytes())


def totals_in(found: Row) -> Totals:
    """Return what values of ``COLUMNS`` say; ``Damaged`` where nobody can have written them."""
    *counters, seconds, first_byte = found
    try:
        one, other = Histogram.from_bytes(bytes(seconds)), Histogram.from_bytes(bytes(first_byte))
        return Totals(**dict(zip(COUNTERS, counters, strict=True)), seconds=one, first_byte=other)
    except ValueError:
        raise Damaged("a histogram in it cannot be read") from None


def merge_histograms(found: Totals, seconds: bytes, first_byte: bytes) -> None:
    """Count in *found* what the last two of ``COLUMNS`` say."""
    try:
        found.seconds.merge_bytes(seconds)
        found.first_byte.merge_bytes(first_byte)
    except ValueError:
        raise Damaged("a histogram in it cannot be read") from None


@lru_cache(8)
def _upsert(table: str, key: tuple[str, ...]) -> str:
    names = (*key, *COLUMNS)
    changed = ", ".join(f"{each} = excluded.{each}" for each in COLUMNS)
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"


_NAMES = ", ".join(SeriesKey._fields)
