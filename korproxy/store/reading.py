"""Questions to the tables. Peewee writes the SQL, the same for every database; nothing else here needs it."""

from __future__ import annotations

from typing import Any

from korproxy.models.measures import SeriesKey, Totals
from korproxy.models.searching import MOST, WantedRequests
from korproxy.store import books
from korproxy.store.connection import Connection, Row
from korproxy.store.tables import Bucket, Request, Series, Total, peewee

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
    """Return what was counted in the minutes and hours that began between two times."""
    query = _with_series(Bucket).where(Bucket.start >= since, Bucket.start < until)
    return [_keyed(each) for each in _asked(connection, query)]


def totals(connection: Connection) -> list[tuple[SeriesKey, Totals]]:
    """Return what this daemon has counted since the store is there; of what it has not seen for days, nothing."""
    query = _with_series(Total).where(Total.replica == connection.replica)
    return [_keyed(each) for each in _asked(connection, query)]


def _with_series(table: type[Bucket] | type[Total]) -> Any:
    names = [getattr(Series, each) for each in SeriesKey._fields]
    numbers = [getattr(table, each) for each in books.COLUMNS]
    return table.select(*names, *numbers).join(Series, on=(table.series == Series.id))


def _keyed(found: Row) -> tuple[SeriesKey, Totals]:
    names = len(SeriesKey._fields)
    return SeriesKey(*found[:names]), books.totals_in(found[names:])


def _asked(connection: Connection, query: Any) -> Any:
    sql, values = _writer.get_sql_context().sql(query).query()  # type: ignore[no-untyped-call]
    return connection.execute(sql, values)


_REQUEST = tuple(Request._meta.sorted_field_names)  # noqa: SLF001 -- that is where peewee has them
_STREAM = _REQUEST.index("stream")
