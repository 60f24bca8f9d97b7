"""What becomes of the past: minutes are added up to hours, and what is old goes. Step by step: nobody waits long."""

from __future__ import annotations

import attrs

from korproxy.models.measures import HOUR, MINUTE, MINUTES_KEPT, Totals
from korproxy.store import books, rows
from korproxy.store.connection import Connection, transaction

DAY = 24 * HOUR
AT_ONCE = 5_000  # rows of the history that go in one step
LOCK = 1337_002  # PostgreSQL's number for: somebody tidies up


@attrs.frozen
class Plan:
    """What is to be done at one time; all in seconds since the epoch.

    Attributes:
        rolled: Minutes from before are added up to hours.
        gone: What began before goes.
        most: How many rows of the history stay at most.
    """

    rolled: int
    gone: float
    most: int


def plan(now: float, days: int, most: int) -> Plan:
    """Return what is to be done *now* where everything is kept for some *days*."""
    return Plan(rolled=(int(now) - MINUTES_KEPT) // HOUR * HOUR, gone=now - days * DAY, most=most)


@attrs.define
class Tidied:
    """What was done: rows of the history and buckets that went, hours that minutes were added up to."""

    requests: int = 0
    buckets: int = 0
    hours: int = 0

    def __bool__(self) -> bool:
        return bool(self.requests or self.buckets or self.hours)

    def __iadd__(self, other: Tidied) -> Tidied:
        self.requests += other.requests
        self.buckets += other.buckets
        self.hours += other.hours
        return self


def step(connection: Connection, wanted: Plan) -> Tidied:
    """Do a part of it; nothing is done where all is. In one transaction."""
    with transaction(connection, frozen=True):  # what is deleted is what was read, and nothing that came meanwhile
        if not connection.lock(LOCK):
            return Tidied()
        went = rows.delete_before(connection, wanted.gone, AT_ONCE)
        went = went or rows.delete_beyond(connection, wanted.most, AT_ONCE)
        if went:
            return Tidied(requests=went)
        old = connection.execute("SELECT count(*) FROM buckets WHERE start < ?", (wanted.gone,))[0][0]
        if old:
            connection.execute("DELETE FROM buckets WHERE start < ?", (wanted.gone,))
            return Tidied(buckets=old)
        return Tidied(hours=_roll(connection, wanted.rolled))


def _roll(connection: Connection, before: int) -> int:
    """Add up the minutes of the oldest hour that has some from *before*; return how many hours that were."""
    first = connection.execute("SELECT min(start) FROM buckets WHERE span = ? AND start < ?", (MINUTE, before))[0][0]
    if first is None:
        return 0
    start = first // HOUR * HOUR
    minutes = (MINUTE, start, start + HOUR)
    where = "WHERE span = ? AND start >= ? AND start < ?"
    found: dict[str, dict[int, Totals]] = {}
    for replica, series, *values in connection.execute(f"SELECT replica, series, {_COLUMNS} FROM buckets {where}", minutes):
        books.merge(found.setdefault(replica, {}), series, books.totals_in(tuple(values)))
    for replica, totals in found.items():
        books.add(connection, start, HOUR, replica, totals)
    connection.execute(f"DELETE FROM buckets {where}", minutes)
    return 1


def tidy(connection: Connection) -> None:
    """Forget series of which nothing is left, and give back what is free of the file. Once a day is enough."""
    with transaction(connection):
        if connection.lock(LOCK):
            counted = "SELECT 1 FROM buckets WHERE buckets.series = totals.series AND buckets.replica = totals.replica"
            connection.execute(f"DELETE FROM totals WHERE NOT EXISTS ({counted})")
            used = "SELECT series FROM buckets UNION SELECT series FROM totals"
            connection.execute(f"DELETE FROM series WHERE id NOT IN ({used})")


_COLUMNS = ", ".join(books.COLUMNS)
