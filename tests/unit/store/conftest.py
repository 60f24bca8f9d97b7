from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from korproxy.store.connection import Connection
from korproxy.store.migrations import migrate
from korproxy.store.store import Store
from tests.fakes.stores import Database, database, opened


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, of each kind."""
    with database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def empty(base: Database) -> Iterator[Connection]:
    """A connection to a database without tables."""
    found = base.connect()
    yield found
    found.close()


@pytest.fixture
def connection(empty: Connection) -> Connection:
    """A connection to a database with all its tables."""
    migrate(empty)
    return empty


@pytest.fixture
def store(base: Database) -> Iterator[Store]:
    with opened(base.place) as found:
        yield found
