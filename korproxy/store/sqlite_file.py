"""A database in a file of the home, which only its user can read. SQLite writes ahead (WAL): who reads waits for nobody."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path

import attrs

from korproxy.store.connection import UNUSABLE, Damaged, Row, StoreBusy, StoreDown, Unwritable

PATIENCE = 1.0  # seconds for whoever else writes, as a backup: who asks waits meanwhile, and the next flush tries again
BESIDE = ("-wal", "-shm")  # what SQLite keeps next to the file while it is open
MOST_SET_ASIDE = 3
AT_ONCE = 32  # rows of one statement. Python can do something else while SQLite is at it; it takes 999 values at least
_AT_FIRST = "auto_vacuum = incremental"  # so that pages can be given back; an older database has decided already
_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = normal",  # a power failure may cost the last writes, and never the file
    "cache_size = -512",  # KiB
    "journal_size_limit = 4194304",
)


@attrs.frozen
class SqliteConnection:
    """See ``Connection``.

    Attributes:
        path: The file, as it is named in errors.
        file: Which one it was when it was opened; None: that does not matter.
    """

    raw: sqlite3.Connection
    path: str
    file: tuple[int, int] | None = None
    kind: str = "sqlite"
    words: Mapping[str, str] = {
        "SERIAL": "INTEGER PRIMARY KEY",
        "FLOAT": "REAL",
        "BYTES": "BLOB",
        "CLUSTERED": "WITHOUT ROWID",
    }
    begin: Mapping[str, str] = {"writes": "BEGIN IMMEDIATE", "reads": "BEGIN", "both": "BEGIN IMMEDIATE"}
    replica: str = ""

    def execute(self, sql: str, values: Sequence[object] = ()) -> Sequence[Row]:
        """See ``Connection``."""
        with _told(self.path):
            return self.raw.execute(sql, values).fetchall()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See ``Connection``."""
        for begin in range(0, len(rows), AT_ONCE):
            part = rows[begin : begin + AT_ONCE]
            self.execute(_insertion(table, tuple(columns), len(part)), list(chain.from_iterable(part)))

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """See ``Connection``."""
        with _told(self.path):
            self.raw.executemany(sql, rows)

    def lock(self, name: int) -> bool:  # noqa: ARG002 -- only one process writes
        """See ``Connection``."""
        return True

    def give_back(self, pages: int) -> bool:
        """See ``Connection``."""
        with _told(self.path):
            self.raw.executescript(f"PRAGMA incremental_vacuum({pages})")  # plain execute() gives back one of them
        return bool(self.execute("PRAGMA freelist_count")[0][0] > pages)

    def size(self) -> int:
        """See ``Connection``."""
        return int(self.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")[0][0])

    def is_in_place(self) -> bool:
        """See ``Connection``. SQLite would go on with a file that was deleted, and all would be gone in the end."""
        return self.file in {None, _file_at(self.path)}

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self.raw.close()


def open_file(path: Path) -> SqliteConnection:
    """Open the database in *path*; make it where there is none.

    Raises:
        Damaged: It is none.
        StoreDown: It cannot be used now.
    """
    try:
        pragmas = (_AT_FIRST, *_PRAGMAS) if _make_private(path) else _PRAGMAS
    except OSError as exc:
        raise StoreDown(UNUSABLE, f"{path} cannot be opened: {exc.strerror}.") from None
    with _told(path):
        found = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        with _told(path):
            for each in pragmas:
                found.execute(f"PRAGMA {each}")
            found.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except BaseException:
        found.close()
        raise
    return SqliteConnection(found, str(path), _file_at(path))


def open_to_read(path: Path) -> SqliteConnection | None:
    """Open the database in *path*, and leave no trace; None where there is none. A daemon may be writing to it.

    Raises:
        Damaged, StoreDown: As above.
    """
    if not path.exists():
        return None
    beside = path.with_name(f"{path.name}-wal").exists()  # then SQLite needs its shared memory, too
    how = "mode=ro" if beside else "mode=ro&immutable=1"
    with _told(path):
        uri = f"{path.absolute().as_uri()}?{how}"
        found = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        with _told(path):
            found.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except BaseException:
        found.close()
        raise
    return SqliteConnection(found, str(path))


def in_memory() -> SqliteConnection:
    """Return one that is empty, for who has nothing to look into."""
    return SqliteConnection(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False), ":memory:")


def set_aside(path: Path, stamp: str) -> Path:
    """Give the database in *path* another name, *stamp* in it; return that. Of those from before the last few are kept."""
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for end in ("", *BESIDE):
        with suppress(FileNotFoundError):
            os.replace(f"{path}{end}", f"{aside}{end}")  # noqa: PTH105 -- a name and an ending, no path
    found = sorted(each for each in path.parent.glob(f"{path.name}.damaged-*") if not each.name.endswith(BESIDE))
    for each in found[:-MOST_SET_ASIDE]:
        for end in ("", *BESIDE):
            each.with_name(each.name + end).unlink(missing_ok=True)
    return aside


def _make_private(path: Path) -> bool:
    """Have the file there, for its user only; return whether it is empty. SQLite gives what is beside it the same mode.

    What is beside a file that is not there belongs to one that somebody has deleted, and would spoil a new one. One that is
    there is not opened: to close it again would end all locks that this process has on it.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        for end in BESIDE:
            path.with_name(path.name + end).unlink(missing_ok=True)
    except FileExistsError:
        if os.name != "nt" and path.is_file() and path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return not path.stat().st_size


def _file_at(path: str | Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- it is a text as well
    except OSError:
        return None
    return found.st_dev, found.st_ino


@lru_cache(2 * AT_ONCE)
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    one = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * rows)}"


@contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """Turn SQLite's errors about the file *path* into ours."""
    try:
        yield
    except (OverflowError, UnicodeEncodeError, sqlite3.DataError, sqlite3.IntegrityError) as exc:
        raise Unwritable(str(exc)) from None
    except sqlite3.Error as exc:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise Damaged(str(exc)) from None
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreBusy(UNUSABLE, f"Another program has {path} for itself: SQLite says: {exc}.") from None
        if isinstance(exc, sqlite3.InterfaceError | sqlite3.ProgrammingError) and "binding" in str(exc):
            raise Unwritable(str(exc)) from None
        raise StoreDown(UNUSABLE, f"SQLite says of {path}: {exc}.") from None
