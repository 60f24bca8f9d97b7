"""Stores to test with, on SQLite and on a real PostgreSQL, and requests to put into them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from korproxy.models.outcome import Finished, Usage
from korproxy.store.connection import Connection
from korproxy.store.place import InFile, InPostgres, Place
from korproxy.store.store import Store

POSTGRES = os.environ.get("KORPROXY_TEST_POSTGRES", "")  # here, for no test sees this variable
NO_POSTGRES = "there is no PostgreSQL: .ci/run starts one, or KORPROXY_TEST_POSTGRES says where"
NOON = 1_800_000_000.0  # some time: a full minute, and a full hour


def finished(number: int = 0, **other: Any) -> Finished:
    """Return a request that ended well; each *number* is another one, a second later."""
    said = {
        "id": str(UUID(int=number)),
        "correlation_id": f"c-{number}",
        "key_name": "client",
        "dialect": "openai-chat",
        "model": "gpt-5",
        "outcome": "ok",
        "at": NOON + number,
        "seconds": 0.5,
        "upstream_model": "gpt-5-2026",
        "provider": "openai",
        "account": "work",
        "stream": True,
        "status": 200,
        "attempts": 1,
        "first_byte": 0.2,
        "bytes_in": 100,
        "bytes_out": 1000,
        "usage": Usage(10, 20, 30, 40, 5),
        "profile": "default",
        "type": "chat",
        "upstream_dialect": "openai-chat",
    }
    return Finished(**{**said, **other})


@contextmanager
def schema() -> Iterator[str]:
    """Yield the address of an empty schema in PostgreSQL that is there for the block."""
    if not POSTGRES:
        pytest.skip(NO_POSTGRES)
    import psycopg

    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
        try:
            sign = "&" if "?" in POSTGRES else "?"
            yield f"{POSTGRES}{sign}options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


@attrs.frozen
class Database:
    """One database of a test.

    Attributes:
        another: Another place at the same database: of another daemon where that may be, else of the same.
    """

    kind: str
    place: Place
    another: Place
    connect: Callable[[], Connection]


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """Yield an empty one of *kind*."""
    if kind == "sqlite":
        from korproxy.store.sqlite_file import open_file

        path = folder / "korproxy.db"
        yield Database(kind, InFile(path), InFile(path), lambda: open_file(path))
        return
    from korproxy.store.postgres import connect

    with schema() as url:
        one, other = (InPostgres(lambda: url, folder / name) for name in ("replica.id", "replica2.id"))
        yield Database(kind, one, other, lambda: connect(url, "r1"))


@contextmanager
def opened(place: Place) -> Iterator[Store]:
    """Yield the store at *place*."""
    store = place.open()
    try:
        yield store
    finally:
        store.close()
