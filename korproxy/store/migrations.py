"""The tables, step by step: each step brings the database of one version to the next, and no step is ever changed again.

``tables.py`` says what comes out. Words in capitals that differ between databases are in ``Connection.words``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from korproxy.store.connection import NEWER, UNUSABLE, Connection, StoreDown, StoreNewer, transaction

LOCK = 1337_001  # PostgreSQL's number for: somebody migrates


@attrs.frozen
class Migration:
    """How to get to version ``number`` from the one before."""

    number: int
    what: str
    statements: Sequence[str]


_COUNTED = """
    requests BIGINT NOT NULL, attempts BIGINT NOT NULL, tokens_in BIGINT NOT NULL, cache_read BIGINT NOT NULL,
    cache_write BIGINT NOT NULL, tokens_out BIGINT NOT NULL, reasoning BIGINT NOT NULL, bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL, seconds BYTES NOT NULL, first_byte BYTES NOT NULL"""

MIGRATIONS = (
    Migration(
        1,
        "requests, what is counted, keys",
        (
            """CREATE TABLE kinds (
    id SERIAL, key_name TEXT NOT NULL, profile TEXT NOT NULL, type TEXT NOT NULL, dialect TEXT NOT NULL,
    upstream_dialect TEXT NOT NULL, stream BOOLEAN NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
    outcome TEXT NOT NULL, status INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE (key_name, profile, type, dialect,
    upstream_dialect, stream, provider, account, outcome, status, code))""",
            """CREATE TABLE requests (
    id SERIAL, kind BIGINT NOT NULL, request_id TEXT NOT NULL, correlation_id TEXT NOT NULL, at FLOAT NOT NULL, "user" TEXT,
    model TEXT NOT NULL, upstream_model TEXT, attempts BIGINT NOT NULL, first_byte FLOAT, seconds FLOAT NOT NULL,
    tokens_in BIGINT, cache_read BIGINT, cache_write BIGINT, tokens_out BIGINT, reasoning BIGINT,
    bytes_in BIGINT NOT NULL, bytes_out BIGINT NOT NULL)""",
            """CREATE VIEW history AS SELECT
    requests.id AS id, request_id, correlation_id, at, key_name, "user", profile, type, dialect,
    NULLIF(upstream_dialect, '') AS upstream_dialect, stream, NULLIF(provider, '') AS provider,
    NULLIF(account, '') AS account, model, upstream_model, outcome, NULLIF(status, 0) AS status, NULLIF(code, '') AS code,
    attempts, first_byte, seconds, tokens_in, cache_read, cache_write, tokens_out, reasoning, bytes_in, bytes_out
    FROM requests CROSS JOIN kinds WHERE requests.kind = kinds.id""",  # CROSS: SQLite is to begin with the requests
            # Its end grows with the table's. An index of the ids would make each flush touch the whole of it.
            "CREATE INDEX requests_at ON requests (at)",
            """CREATE TABLE series (
    id SERIAL, provider TEXT NOT NULL, model TEXT NOT NULL, profile TEXT NOT NULL, type TEXT NOT NULL,
    outcome TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (provider, model, profile, type, outcome, code))""",
            f"""CREATE TABLE buckets (
    start BIGINT NOT NULL, span INTEGER NOT NULL, replica TEXT NOT NULL,
    series BIGINT NOT NULL REFERENCES series (id),{_COUNTED},
    PRIMARY KEY (start, span, replica, series)) CLUSTERED""",
            f"""CREATE TABLE totals (
    replica TEXT NOT NULL, series BIGINT NOT NULL REFERENCES series (id),{_COUNTED},
    PRIMARY KEY (replica, series)) CLUSTERED""",
            """CREATE TABLE keys (
    id SERIAL, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, "user" TEXT,
    created FLOAT NOT NULL, revoked FLOAT)""",
        ),
    ),
)

_META = "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)"
SET = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def migrate(connection: Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the database to the last of *steps*; each is done whole or not at all.

    Raises:
        StoreNewer: It is beyond them.
        StoreDown: Somebody else is at it right now.
    """
    if version(connection) == len(steps):
        return
    for each in steps:
        with transaction(connection):
            if not connection.lock(LOCK):
                raise StoreDown(UNUSABLE, "Another daemon prepares the database just now.")
            connection.execute(_META)
            done = version(connection)
            if done > len(steps):
                raise newer(done, len(steps))
            if each.number <= done:
                continue
            if each.number != done + 1:
                raise StoreDown(UNUSABLE, f"There is no step from version {done} of the database to the next.")
            for statement in each.statements:
                connection.execute(_in_words_of(connection, statement))
            connection.execute(SET, ("version", str(each.number)))


def readable(connection: Connection, latest: int = len(MIGRATIONS)) -> bool:
    """Whether the tables are there.

    Raises:
        StoreNewer: They belong to a newer KorProxy.
        StoreDown: They belong to an older one.
    """
    found = version(connection)
    if found > latest:
        raise newer(found, latest)
    if 0 < found < latest:
        raise StoreDown(
            UNUSABLE, f"The database has version {found}, and this KorProxy wants {latest}: `korproxy run` prepares it."
        )
    return found == latest


def newer(found: int, known: int) -> StoreNewer:
    """Return the error that says so."""
    text = f"The database has version {found}, and this KorProxy knows those up to {known}: it belongs to a newer one."
    return StoreNewer(NEWER, text)


def version(connection: Connection) -> int:
    """Return which steps the database has seen; 0 where it is empty."""
    if not _has_meta(connection):
        return 0
    rows = connection.execute("SELECT value FROM meta WHERE name = ?", ("version",))
    return int(rows[0][0]) if rows else 0


def _has_meta(connection: Connection) -> bool:
    if connection.kind == "sqlite":
        return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", ("meta",)))
    return bool(connection.execute("SELECT to_regclass(?) IS NOT NULL", ("meta",))[0][0])


def _in_words_of(connection: Connection, statement: str) -> str:
    return re.sub(r"\b[A-Z]+\b", lambda word: connection.words.get(word[0], word[0]), statement)
