"""Questions to the tables. Where they are not always the same, peewee writes the SQL; nothing else here needs it."""

from __future__ import annotations

from typing import Any

from korproxy.models.measures import COUNTERS, HOUR, SeriesKey, Totals
from korproxy.models.searching import MOST, WantedRequests
from korproxy.store import books
from korproxy.store.connection import Connection, Row, snapshot
from korproxy.store.tables import Request, Series, Total, peewee

SLICE = HOUR  # of which at most so much is in memory at once

_writer = peewee.Database(None)  # of SQL: it is connected to nothing


def requests(connection: Connection, wanted: WantedRequests) -> list[dict[str, Any]]:
    """Return the rows that are *wanted*, the newest first."""
    query = Request.select().order_by(Request.id.desc()).limit(max(0, min(wanted.most, MOST)))
    if wanted.failed:
        query = query.where(Request.outcome.in_(("refused", "failed")))
    if wanted.since:
        query = query.where(Request.at >= wanted.since)
    if wanted.id:
        query = query.where((Request.request_id == wanted.id) | (Request.correlation_id == wanted.id))
    for name in ("provider", "user"):
        if said := getattr(wanted, name):
            query = query.where(getattr(Request, name) == said)
    return [dict(zip(_REQUEST, each, strict=True)) | {"stream": bool(each[_STREAM])} for each in _asked(connection, query)]


def counted(connection: Connection, since: float, until: float) -> list[tuple[SeriesKey, Totals]]:
    """Return what was counted of each series in the minutes and hours that began between two times.

    There may be half a million of them: so the database adds up what it can, and the rest is read in slices.
    """
    found: dict[int, Totals] = {}
    with snapshot(connection):
        between = "FROM buckets WHERE start >= ? AND start < ?"
        first, last = connection.execute(f"SELECT min(start), max(start) {between}", (since, until))[0]
        if first is None:
            return []
        for number, *sums in connection.execute(f"SELECT series, {_SUMS} {between} GROUP BY series", (since, until)):
            found[number] = Totals(*sums)
        for begin in range(first, last + 1, SLICE):
            for number, seconds, first_byte in connection.execute(
                f"SELECT series, seconds, first_byte {between}", (begin, min(begin + SLICE, last + 1))
            ):
                books.merge_histograms(found[number], seconds, first_byte)
        names = connection.execute(f"SELECT id, {_NAMES} FROM series ORDER BY id")
    return [(SeriesKey(*key), found[number]) for number, *key in names if number in found]


def totals(connection: Connection) -> list[tuple[SeriesKey, Totals]]:
    """Return what this daemon has counted since the store is there; of what it has not seen for days, nothing."""
    names = [getattr(Series, each) for each in SeriesKey._fields]
    numbers = [getattr(Total, each) for each in books.COLUMNS]
    query = Total.select(*names, *numbers).join(Series, on=(Total.series == Series.id)).order_by(Total.series)
    return [_keyed(each) for each in _asked(connection, query.where(Total.replica == connection.replica))]


def _keyed(found: Row) -> tuple[SeriesKey, Totals]:
    names = len(SeriesKey._fields)
    return SeriesKey(*found[:names]), books.totals_in(found[names:])


def _asked(connection: Connection, query: Any) -> Any:
    sql, values = _writer.get_sql_context().sql(query).query()  # type: ignore[no-untyped-call]
    return connection.execute(sql, values)


_SUMS = ", ".join(f"CAST(sum({each}) AS BIGINT)" for each in COUNTERS)
_NAMES = ", ".join(SeriesKey._fields)
_REQUEST = tuple(Request._meta.sorted_field_names)  # noqa: SLF001 -- that is where peewee has them
_STREAM = _REQUEST.index("stream")
