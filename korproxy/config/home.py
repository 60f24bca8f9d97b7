"""The home directory: where the configuration, the keys and the state of one KorProxy live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from korproxy.errors.exceptions import CannotStart

UNUSABLE = "KP-SYS-504"


@attrs.frozen(kw_only=True)
class Home:
    """Names of what is in a home directory. Nothing here need exist."""

    path: Path

    @property
    def toml(self) -> Path:
        """The user's settings."""
        return self.path / "korproxy.toml"

    @property
    def accounts(self) -> Path:
        """Accounts that KorProxy itself wrote down."""
        return self.path / "accounts.toml"

    @property
    def routing(self) -> Path:
        """Profiles, groups and rules."""
        return self.path / "routing.toml"

    @property
    def secrets(self) -> Path:
        """The directory of files that only the user can read."""
        return self.path / "secrets"

    @property
    def client_key(self) -> Path:
        """The key that opens the client API."""
        return self.secrets / "client.key"

    @property
    def management_key(self) -> Path:
        """The key that opens the management API."""
        return self.secrets / "management.key"

    @property
    def database(self) -> Path:
        """History and metrics."""
        return self.path / "korproxy.db"

    @property
    def replica(self) -> Path:
        """The name of this daemon among those that share a database; there only where that is PostgreSQL."""
        return self.path / "replica.id"

    @property
    def reasoning(self) -> Path:
        """Digests of seals on models' reasoning, and who made them."""
        return self.path / "reasoning.table"

    @property
    def logs(self) -> Path:
        """The directory of log files."""
        return self.path / "logs"

    @property
    def last_good(self) -> Path:
        """The directory of the last configuration that worked."""
        return self.path / "last-good"

    @property
    def starts(self) -> Path:
        """How many starts in a row crashed; there only while that is not known of the last one."""
        return self.path / "starts.json"

    @property
    def edit_lock(self) -> Path:
        """Locked by whoever changes the configuration."""
        return self.path / "edit.lock"

    @property
    def pending(self) -> Path:
        """A change of several files, until each is in its place."""
        return self.path / "pending.json"

    @property
    def lock(self) -> Path:
        """Locked by the one daemon that may use this home."""
        return self.path / "daemon.lock"

    @property
    def daemon(self) -> Path:
        """What the running daemon says of itself."""
        return self.path / "daemon.json"


def find_home(override: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Home:
    """Return the home to use: *override*, else ``KORPROXY_HOME``, else the system's place for a user's data.

    Empty texts count as not said. The path is absolute; it need not exist.
    """
    said = str(override or "") or (os.environ if environ is None else environ).get("KORPROXY_HOME", "")
    if said:
        return Home(path=_expanded(Path(said)).absolute())
    from platformdirs import user_data_path

    return Home(path=user_data_path("korproxy", appauthor=False).absolute())


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # ~ of a user that does not exist: then it is a name like any other
        return path


def prepare(home: Home) -> None:
    """Make the directories of *home* that are missing, for its user only (0700). What exists is not changed.

    Raises:
        CannotStart: KP-SYS-504: one cannot be made, is no directory, cannot be written to, or others may write to the home.
    """
    _make(home.path)
    if os.name != "nt" and home.path.stat().st_mode & 0o002:
        raise CannotStart(UNUSABLE, f"Everybody on this machine may write to {home.path}: `chmod 700 {home.path}` first.")
    for path in (home.secrets, home.logs, home.last_good):
        _make(path)


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise CannotStart(UNUSABLE, f"{path} cannot be a directory: {_in_the_way(path)} is none.") from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise CannotStart(UNUSABLE, f"The directory {str(path)!r} cannot be made: {reason}.") from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        reason = "it is on a read-only file system or belongs to another user"
        raise CannotStart(UNUSABLE, f"KorProxy may not write to {path}: {reason}. Choose another place with --home.")


def _in_the_way(path: Path) -> Path:
    """Return the first part of *path* that is there and is no directory."""
    return next((each for each in reversed((path, *path.parents)) if not each.is_dir() and os.path.lexists(each)), path)
