"""The store as plain functions that block: whoever has other things to do calls them in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from peewee import SchemaManager, SqliteDatabase

from korproxy.models.histogram import Histogram
from korproxy.models.measures import COUNTERS, SeriesKey, Totals, key_of
from korproxy.models.outcome import Finished, Usage
from korproxy.models.searching import WantedRequests
from korproxy.store.tables import TABLES, Bucket, Counted, Request, Series, Total

MINUTE, HOUR = 60, 3600
REPLICA = ""


@attrs.define
class Store:
    """One database."""

    database: SqliteDatabase
    _series: dict[SeriesKey, int] = attrs.field(factory=dict)
    _totals: dict[int, Totals] = attrs.field(factory=dict)
    _minutes: dict[tuple[int, int], Totals] = attrs.field(factory=dict)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the one in the file *path*, and make it where there is none."""
        database = SqliteDatabase(
            path,
            thread_safe=False,
            pragmas={"journal_mode": "wal", "synchronous": "normal", "cache_size": -512},
            check_same_thread=False,
        )
        for each in TABLES:
            SchemaManager(each, database).create_all(safe=True)
        return cls(database)

    def close(self) -> None:
        """Let go of it."""
        self.database.close()

    def write(self, events: Sequence[Finished], *, history: bool = True, metrics: bool = True) -> None:
        """Write down all *events*, or none of them."""
        with self.database.atomic():
            if history:
                Request.insert_many([row(each) for each in events]).execute(self.database)
            if metrics:
                self._count(events)

    def _count(self, events: Sequence[Finished]) -> None:
        touched: dict[tuple[int, int], Totals] = {}
        for event in events:
            series = self._number(key_of(event))
            at = int(event.at) // MINUTE * MINUTE, series
            touched.setdefault(at, self._minutes.setdefault(at, Totals())).add(event)
            self._totals.setdefault(series, Totals()).add(event)
        for (start, series), totals in touched.items():
            Bucket.replace(start=start, span=MINUTE, replica=REPLICA, series=series, **columns(totals)).execute(self.database)
            Total.replace(replica=REPLICA, series=series, **columns(self._totals[series])).execute(self.database)

    def _number(self, key: SeriesKey) -> int:
        if key not in self._series:
            Series.insert(**key._asdict()).on_conflict_ignore().execute(self.database)
            found = Series.select(Series.id).where(*[getattr(Series, name) == value for name, value in key._asdict().items()])
            self._series[key] = found.scalar(self.database)
        return self._series[key]

    def requests(self, wanted: WantedRequests) -> list[dict[str, Any]]:
        """Return the rows that are *wanted*, the newest first."""
        query = Request.select().order_by(Request.id.desc()).limit(wanted.most)
        if wanted.failed:
            query = query.where(Request.outcome.in_(("refused", "failed")))
        if wanted.provider:
            query = query.where(Request.provider == wanted.provider)
        if wanted.since:
            query = query.where(Request.at >= wanted.since)
        if wanted.id:
            query = query.where((Request.request_id == wanted.id) | (Request.correlation_id == wanted.id))
        return list(query.dicts().execute(self.database))

    def counted(self, since: float, until: float) -> list[tuple[SeriesKey, Totals]]:
        """Return what was counted between two times; the minutes in which they are count whole."""
        first = int(since) // MINUTE * MINUTE
        query = Bucket.select(Bucket, Series).join(Series, on=(Bucket.series == Series.id), attr="of")
        return [
            (key_in(each.of), totals_in(each))
            for each in query.where(Bucket.start >= first, Bucket.start < until).execute(self.database)
        ]

    def totals(self) -> list[tuple[SeriesKey, Totals]]:
        """Return what was counted since the store is there."""
        query = Total.select(Total, Series).join(Series, on=(Total.series == Series.id), attr="of")
        return [(key_in(each.of), totals_in(each)) for each in query.execute(self.database)]


def row(event: Finished) -> dict[str, Any]:
    """Return *event* as a row of the history."""
    usage = event.usage
    return {
        "request_id": event.id,
        "correlation_id": event.correlation_id,
        **{name: getattr(event, name) for name in SAME},
        **{name: getattr(usage, name) for name in Usage.__struct_fields__},
    }


SAME = tuple(each for each in Finished.__struct_fields__ if each not in ("id", "correlation_id", "usage"))


def columns(totals: Totals) -> dict[str, Any]:
    """Return *totals* as columns."""
    return {
        **{name: getattr(totals, name) for name in COUNTERS},
        "seconds": totals.seconds.to_bytes(),
        "first_byte": totals.first_byte.to_bytes(),
    }


def totals_in(found: Counted) -> Totals:
    """Return what is in the columns of *found*."""
    counters = {name: getattr(found, name) for name in COUNTERS}
    return Totals(
        **counters, seconds=Histogram.from_bytes(bytes(found.seconds)), first_byte=Histogram.from_bytes(bytes(found.first_byte))
    )


def key_in(series: Series) -> SeriesKey:
    """Return what *series* is."""
    return SeriesKey(*[getattr(series, name) for name in SeriesKey._fields])
