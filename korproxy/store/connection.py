"""One connection to a database, whichever it is: plain SQL with ``?`` for values, and errors by what can be done about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeAlias

from korproxy.errors.exceptions import KorproxyError

NEWER, UNUSABLE = "KP-SYS-532", "KP-SYS-533"

Row: TypeAlias = tuple[Any, ...]


class StoreDown(KorproxyError):
    """The database cannot be used now. Later it may be."""

    __slots__ = ()


class StoreBusy(StoreDown):
    """Somebody else has the database for now. The connection is as good as before."""

    __slots__ = ()


class StoreRefused(StoreDown):
    """Nothing will come of waiting: the user has to install something, or to change the configuration."""

    __slots__ = ()


class StoreNewer(KorproxyError):
    """The database belongs to a newer KorProxy. It is left alone."""

    __slots__ = ()


class Damaged(Exception):
    """The file is no database, or one that has holes. Waiting does not help."""


class Unwritable(Exception):
    """The database takes everything but a value that it was given."""


class Connection(Protocol):
    """What ``sqlite_file`` and ``postgres`` offer. Whoever uses one has it alone; a transaction is never left open.

    Attributes:
        kind: ``sqlite`` or ``postgresql``.
        words: What differs in the SQL of tables: a type of ours -> the database's.
        begin: How a transaction begins: one that ``writes``, one that ``reads`` the same state all the time, or ``both``.
        replica: Tells apart those that write to the same database; empty where only one does.
    """

    @property
    def kind(self) -> str: ...
    @property
    def words(self) -> Mapping[str, str]: ...
    @property
    def begin(self) -> Mapping[str, str]: ...
    @property
    def replica(self) -> str: ...
    def execute(self, sql: str, values: Sequence[object] = ()) -> Sequence[Row]:
        """Return the rows that come back.

        Raises:
            StoreDown, StoreBusy, Damaged, Unwritable: As they say.
        """

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add many rows, in the quickest way that there is."""

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Do it with each of *rows*."""

    def lock(self, name: int) -> bool:
        """Let nobody else have the same number until the transaction ends; False where somebody has it."""

    def give_back(self, pages: int) -> bool:
        """Give up to so many free pages back to the system; return whether there are as many again."""

    def size(self) -> int:
        """Return how many bytes it takes."""

    def is_in_place(self) -> bool:
        """Whether others who look there now find the same database."""

    def close(self) -> None: ...


@contextmanager
def transaction(connection: Connection, *, frozen: bool = False) -> Iterator[None]:
    """All of the block or nothing. *frozen*: it does not see what others do meanwhile, and fails where that gets in its way."""
    connection.execute(connection.begin["both" if frozen else "writes"])
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        _undo(connection)
        raise


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """All of the block reads from the same state of the database, whatever others do meanwhile. It writes nothing."""
    connection.execute(connection.begin["reads"])
    try:
        yield
    finally:
        _undo(connection)


def _undo(connection: Connection) -> None:
    with suppress(StoreDown, Damaged):  # then the connection is gone, and with it the transaction
        connection.execute("ROLLBACK")
