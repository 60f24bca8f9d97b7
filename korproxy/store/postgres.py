"""A PostgreSQL database that several daemons may share. The driver, psycopg, is an extra: nobody else pays for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from korproxy.store.connection import UNUSABLE, Row, StoreBusy, StoreDown, StoreRefused, Unwritable

if TYPE_CHECKING:
    import psycopg

CONNECT = 5  # seconds
STATEMENT = 20  # seconds; longer ones are ended by the server
SILENCE = 10  # seconds until a connection counts as lost, where the system knows how to tell
SCHEMES = ("postgresql://", "postgres://")
STRANGE = {None, "42883", "42804"}  # where a value is of a type that is none of the column's, or of none that there is
_FROZEN = "BEGIN ISOLATION LEVEL REPEATABLE READ"


@attrs.frozen
class PostgresConnection:
    """See ``Connection``.

    Attributes:
        name: Which one it is, as it is named in errors.
    """

    raw: psycopg.Connection[Row]
    replica: str
    name: str
    kind: str = "postgresql"
    begin: Mapping[str, str] = {"writes": "BEGIN", "reads": _FROZEN, "both": _FROZEN}
    words: Mapping[str, str] = {
        "SERIAL": "BIGSERIAL PRIMARY KEY",
        "FLOAT": "DOUBLE PRECISION",
        "BYTES": "BYTEA",
        "CLUSTERED": "",
    }

    def execute(self, sql: str, values: Sequence[object] = ()) -> Sequence[Row]:
        """See ``Connection``."""
        with _told(self.name):
            found = self.raw.execute(_in_its_words(sql), values or None)
            return found.fetchall() if found.description else ()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See ``Connection``."""
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
        with _told(self.name), self.raw.cursor() as cursor, cursor.copy(sql) as copy:
            for each in rows:
                copy.write_row(each)

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """See ``Connection``."""
        with _told(self.name), self.raw.cursor() as cursor:
            cursor.executemany(_in_its_words(sql), rows)

    def lock(self, name: int) -> bool:
        """See ``Connection``."""
        return bool(self.execute("SELECT pg_try_advisory_xact_lock(?)", (name,))[0][0])

    def give_back(self, pages: int) -> bool:  # noqa: ARG002 -- it does so itself
        """See ``Connection``."""
        return False

    def size(self) -> int:
        """See ``Connection``."""
        tables = ("requests", "kinds", "series", "buckets", "totals", "keys", "meta")
        sizes = self.execute(f"SELECT sum(pg_total_relation_size(each)) FROM unnest(ARRAY{list(tables)}) AS each")
        return int(sizes[0][0])

    def is_in_place(self) -> bool:
        """See ``Connection``."""
        return True

    def close(self) -> None:
        """Hang up."""
        import psycopg

        with suppress(psycopg.Error):
            self.raw.close()


def connect(url: str, replica: str) -> PostgresConnection:
    """Connect to the database at *url*, which has a password in it and is never shown.

    Raises:
        StoreDown: It cannot be reached, or the driver is not installed.
    """
    try:
        import psycopg
    except ImportError:
        advice = "`pip install 'korproxy[postgres]'` adds it"
        raise StoreRefused(
            UNUSABLE, f"[store] url wants PostgreSQL, and its driver, psycopg, is not installed: {advice}."
        ) from None
    if not url.startswith(SCHEMES):
        raise StoreRefused(UNUSABLE, "What [store] url leads to does not begin with postgresql://.")
    try:
        raw = psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT, application_name="korproxy", tcp_user_timeout=SILENCE * 1000
        )
    except psycopg.OperationalError as exc:
        raise StoreDown(UNUSABLE, f"PostgreSQL cannot be reached: {_one_line(exc)}.") from None
    except (psycopg.Error, ValueError):  # it repeats what it was given, password included
        raise StoreRefused(UNUSABLE, "What [store] url leads to is no address that psycopg understands.") from None
    connection = PostgresConnection(raw, replica, f"the database {raw.info.dbname} on {raw.info.host}:{raw.info.port}")
    try:
        for each in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET {each} = '{STATEMENT}s'")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn psycopg's errors about the database *name* into ours."""
    import psycopg

    try:
        yield
    except psycopg.errors.ForeignKeyViolation as exc:  # another daemon has tidied up: to do it again helps
        raise StoreDown(UNUSABLE, f"PostgreSQL says of {name}: {_one_line(exc)}.") from None
    except psycopg.errors.LockNotAvailable as exc:
        raise StoreBusy(UNUSABLE, f"PostgreSQL says of {name}: {_one_line(exc)}.") from None
    except (psycopg.DataError, psycopg.IntegrityError, UnicodeEncodeError, OverflowError) as exc:
        raise Unwritable(_one_line(exc)) from None
    except psycopg.ProgrammingError as exc:
        if exc.sqlstate in STRANGE:
            raise Unwritable(_one_line(exc)) from None
        raise StoreDown(UNUSABLE, f"PostgreSQL says of {name}: {_one_line(exc)}.") from None
    except psycopg.Error as exc:
        raise StoreDown(UNUSABLE, f"PostgreSQL says of {name}: {_one_line(exc)}.") from None


def _one_line(exc: Exception) -> str:
    text = " ".join(str(exc).split()).removeprefix("connection is bad: ") or type(exc).__name__
    return text[:300].rstrip(".?")


@lru_cache(256)
def _in_its_words(sql: str) -> bytes:
    """Return *sql* with psycopg's sign for a value. No text of ours has a question mark or a per cent sign in it."""
    return re.sub(r"\?", "%s", sql).encode()
