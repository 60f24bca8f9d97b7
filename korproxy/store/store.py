"""The store as plain functions that block: whoever has other things to do calls them in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from korproxy.models.measures import MINUTE, SeriesKey, Totals
from korproxy.models.outcome import Finished
from korproxy.models.searching import WantedRequests
from korproxy.store import aging, books, rows
from korproxy.store.connection import Connection, StoreDown, StoreNewer, Unwritable, transaction
from korproxy.store.migrations import SET, migrate, readable, version
from korproxy.store.sqlite_file import in_memory, open_file, open_to_read

PAGES = 1_000  # of the file that are given back in one step; up to as many stay, for what comes
NOT_AS_THEY_ARE = (Unwritable, ValueError, OverflowError, TypeError, AttributeError)  # what strange events lead to
TIDIED = "tidied"  # when, of the last time


@attrs.define
class Store:
    """One database.

    Attributes:
        unwritable: Events that no database takes, so they were left out.
        unwritten: Why there may be events that are not written to it yet; None: all are, but those of the last moment.
    """

    connection: Connection
    unwritable: int = 0
    unwritten: StoreDown | StoreNewer | None = None
    _series: dict[SeriesKey, int] = attrs.field(factory=dict)
    _kinds: rows.Kinds = attrs.field(factory=dict)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the one in the file *path*, and make it where there is none.

        Raises:
            StoreDown, StoreNewer, Damaged: It cannot be used.
        """
        return cls.on(open_file(path))

    @classmethod
    def open_readonly(cls, path: Path) -> Store:
        """Open the one in the file *path* to look into it, beside a daemon or without; where there is none, it is empty.

        Raises:
            StoreDown, StoreNewer, Damaged: It cannot be read.
        """
        connection = open_to_read(path)
        return cls.on(in_memory()) if connection is None else cls.to_read(connection)

    @classmethod
    def on(cls, connection: Connection) -> Store:
        """Use *connection* from now on."""
        try:
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @classmethod
    def to_read(cls, connection: Connection) -> Store:
        """Look into what *connection* leads to, and change nothing."""
        try:
            if readable(connection):
                return cls(connection)
        except BaseException:
            connection.close()
            raise
        connection.close()
        return cls.on(in_memory())

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()

    def write(
        self, events: Sequence[Finished], *, history: bool = True, metrics: bool = True, mark: str = "", again: bool = False
    ) -> None:
        """Write down all *events*, or none of them. What no database takes is changed until one does, or left out and counted.

        Args:
            mark: A name for these events that no others have.
            again: It was tried before, and nobody knows whether that took place.

        Raises:
            StoreDown, Damaged: Nothing is written.
        """
        kept = history, metrics, mark, again
        try:
            self._write(events, *kept)
        except NOT_AS_THEY_ARE:
            try:
                self._write([rows.tamed(each) for each in events], *kept)
            except NOT_AS_THEY_ARE:
                self.unwritable += len(events)

    def _write(self, events: Sequence[Finished], history: bool, metrics: bool, mark: str, again: bool) -> None:
        written = f"written by {self.connection.replica}"
        try:
            with transaction(self.connection):
                if again and self._fact(written) == mark:
                    return
                if history:
                    rows.write(self.connection, events, self._kinds)
                if metrics:
                    books.write(self.connection, events, self._series)
                if self.connection.replica:  # there a connection may end just when it was told to commit
                    self.connection.execute(SET, (written, mark))
        except BaseException:
            self._series.clear()  # there may be numbers among them that were given back
            self._kinds.clear()
            raise

    def requests(self, wanted: WantedRequests) -> list[dict[str, Any]]:
        """Return the rows that are *wanted*, the newest first."""
        from korproxy.store import reading  # it brings peewee, which nobody needs before the first question

        return reading.requests(self.connection, wanted)

    def counted(self, since: float, until: float) -> list[tuple[SeriesKey, Totals]]:
        """Return what was counted between two times; the minutes, or hours, in which they are count whole."""
        from korproxy.store import reading

        return reading.counted(self.connection, int(since) // MINUTE * MINUTE, until)

    def totals(self) -> list[tuple[SeriesKey, Totals]]:
        """Return what this daemon has counted since the store is there; of what it has not seen for days, nothing."""
        from korproxy.store import reading

        return reading.totals(self.connection)

    def facts(self) -> dict[str, Any]:
        """Return what is to be said of the store itself, in JSON's own types: its kind, size, number of requests, and age."""
        requests, oldest = self.connection.execute("SELECT count(*), min(at) FROM requests")[0]
        first = self.connection.execute("SELECT min(start) FROM buckets")[0][0]
        return {
            "kind": self.connection.kind,
            "version": version(self.connection),
            "bytes": self.connection.size(),
            "requests": requests,
            "oldest_request": oldest,
            "metrics_since": first,
            "tidied": float(self._fact(TIDIED) or 0) or None,
        }

    def age(self, plan: aging.Plan) -> aging.Tidied:
        """Do a part of *plan*; nothing is done where all is."""
        return aging.step(self.connection, plan)

    def tidy(self, now: float) -> None:
        """Do what is to be done once a day, when everything of the day's plan is done."""
        self._series.clear()
        aging.tidy(self.connection)
        self.connection.execute(SET, (TIDIED, str(now)))

    def give_back(self) -> bool:
        """Give some of the free part of the file back to the system; return whether there is more."""
        return self.connection.give_back(PAGES)

    def _fact(self, name: str) -> str:
        found = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""
