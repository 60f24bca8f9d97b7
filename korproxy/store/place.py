"""Where a store is: a file of the home, or a database somewhere else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import attrs

from korproxy.errors.exceptions import ConfigError
from korproxy.models.clock import timestamp
from korproxy.store.connection import UNUSABLE, StoreDown

if TYPE_CHECKING:  # it is opened late, and in a thread
    from korproxy.store.store import Store


class Place(Protocol):
    """What the two kinds have in common. All of it blocks."""

    def open(self) -> Store:
        """Open the store; make it where there is none.

        Raises:
            StoreDown, StoreNewer, Damaged: It cannot be used.
        """

    def look(self) -> Store:
        """Open it to look into it, and leave no trace; as above."""

    def exists(self) -> bool:
        """Whether there may be something in it."""

    def set_aside(self, now: float) -> Path | None:
        """Put what is damaged out of the way; return where it is now, None where that cannot be done."""


@attrs.frozen
class InFile:
    """SQLite in a file."""

    path: Path

    def open(self) -> Store:
        """See ``Place``."""
        from korproxy.store.store import Store

        return Store.open(self.path)

    def look(self) -> Store:
        """See ``Place``."""
        from korproxy.store.store import Store

        return Store.open_readonly(self.path)

    def exists(self) -> bool:
        """See ``Place``."""
        try:
            return self.path.exists()
        except OSError:  # in a folder that may not be looked into; whoever opens it is told so
            return True

    def set_aside(self, now: float) -> Path | None:
        """See ``Place``."""
        from korproxy.store.sqlite_file import set_aside

        try:
            return set_aside(self.path, timestamp(now).replace(":", "").replace("-", "").partition(".")[0])
        except OSError:
            return None


@attrs.frozen
class InPostgres:
    """A PostgreSQL database.

    Attributes:
        url: Returns its address, with the password; ``ConfigError`` where it cannot be had.
        replica: The file of the home with a name for this daemon, by which its counts are told from those of others.
    """

    url: Callable[[], str]
    replica: Path

    def open(self) -> Store:
        """See ``Place``."""
        from korproxy.store.postgres import connect
        from korproxy.store.store import Store

        return Store.on(connect(self._address(), self._name()))

    def look(self) -> Store:
        """See ``Place``."""
        from korproxy.store.postgres import connect
        from korproxy.store.store import Store

        return Store.to_read(connect(self._address(), self._name() if self.replica.exists() else "-"))

    def exists(self) -> bool:
        """See ``Place``."""
        return True

    def set_aside(self, now: float) -> Path | None:  # noqa: ARG002 -- whoever runs it knows better
        """See ``Place``."""
        return None

    def _address(self) -> str:
        try:
            return self.url()
        except ConfigError as exc:
            raise StoreDown(UNUSABLE, f"[store] url: {exc.detail}") from None

    def _name(self) -> str:
        try:
            if not self.replica.exists():
                with os.fdopen(os.open(self.replica, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(os.urandom(8).hex() + "\n")
            name = self.replica.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise StoreDown(UNUSABLE, f"{self.replica} cannot be read or written: {exc}.") from None
        if not name.isalnum():
            raise StoreDown(UNUSABLE, f"{self.replica} does not hold a name of letters and digits: delete it.")
        return name


def place_of(said: Place | Path) -> Place:
    """Return the place that is meant."""
    return InFile(said) if isinstance(said, Path) else said
