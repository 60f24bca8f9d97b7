"""Changes of what KorProxy writes: accounts.toml and routing.toml. Locked, checked before they are written, durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import attrs

from korproxy.config import accounts_file, loading, routing_file
from korproxy.config.accounts_file import AddedAccounts
from korproxy.config.documents import decoded
from korproxy.config.edit_lock import editing
from korproxy.config.home import Home, prepare
from korproxy.config.migrations import NEWEST
from korproxy.config.one_file import KINDS, SETTINGS
from korproxy.config.pending import commit, finish
from korproxy.config.reading import Loaded, read_all
from korproxy.config.set_aside import set_aside
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError
from korproxy.models.routing import Routing


@attrs.frozen(kw_only=True)
class Editable:
    """What can be changed, and ``root``, which cannot: korproxy.toml with the accounts of ``added``."""

    root: RootSettings
    added: AddedAccounts
    routing: Routing


@attrs.frozen(kw_only=True)
class Changed:
    """What a change led to.

    Attributes:
        files: Those that were written.
        kept: Where files are now that were of an older version or damaged.
    """

    added: AddedAccounts
    routing: Routing
    files: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


@attrs.frozen(kw_only=True)
class Rewritten:
    """Files that say the same as before, in the newest version. ``kept``: where they are as they were."""

    files: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


def update_routing(home: Home, edit: Callable[[Routing], Routing]) -> Changed:
    """Let *edit* change the routing of *home*; as ``update``."""
    return update(home, lambda now: attrs.evolve(now, routing=edit(now.routing)))


def update(home: Home, edit: Callable[[Editable], Editable]) -> Changed:
    """Let *edit* change the configuration of *home*, and write what it returned.

    Where a file is damaged and the last good one is in use, that is what is changed, and the damaged one is kept beside it.

    Raises:
        CommandFailed: Of *edit*; or KP-CONF-223: others are changing it, KP-CONF-229: it cannot be written.
        ConfigError: What *edit* returned cannot be, or what is there cannot be used and there is no last good one.
        CannotStart: KP-SYS-504: the home cannot be used.
    """
    prepare(home)
    with editing(home):
        finish(home)
        loaded = read_all(home)
        new = edit(Editable(root=loaded.root, added=loaded.added, routing=loaded.routing))
        files: dict[str, bytes] = {}
        if new.added != loaded.added:
            files[accounts_file.NAME] = _checked(accounts_file.dump(new.added), accounts_file.parse)
        if new.routing != loaded.routing:
            files[routing_file.NAME] = _checked(routing_file.dump(new.routing), routing_file.parse)
        _refuse_lost(loaded, files)
        kept = [path for name in files if (path := _kept(home, loaded, name)) is not None]
        commit(home, files)
    return Changed(
        added=new.added,
        routing=new.routing,
        files=tuple(home.path / name for name in files),
        kept=tuple(kept),
    )


def _checked(text: str, parse: Callable[[str], object]) -> bytes:
    """Return what is to be written; ``ConfigError`` if KorProxy would not read it."""
    parse(text)
    return text.encode()


def _refuse_lost(loaded: Loaded, files: Iterable[str]) -> None:
    """Refuse to write over a file that cannot be used and has no last good one: what is in it would be lost to the change."""
    lost = [name for name in files if loaded.source[name] == "defaults"]
    problems = [each for each in loaded.problems if any(name in each.path for name in lost)]
    if problems:
        raise ConfigError.of(problems)


def _kept(home: Home, loaded: Loaded, name: str) -> Path | None:
    """Keep the file *name* beside itself if it is damaged or of an older version."""
    if loaded.source[name] == "last good":
        return set_aside(home.path / name, "damaged")
    version = loaded.versions.get(name)
    return None if version is None or version == NEWEST[KINDS[name]] else set_aside(home.path / name, f"v{version}")


def migrate_files(home: Home, *, settings: bool = False) -> Rewritten:
    """Write the files of an older version anew, each kept as ``NAME.vVERSION``.

    Args:
        settings: Also the user's korproxy.toml. That costs its comments, which only the kept one has then.

    Raises:
        As ``update``.
    """
    prepare(home)
    with editing(home):
        finish(home)
        loaded = read_all(home)
        files = {}
        for name, version in loaded.versions.items():
            if loaded.source[name] == "file" and version < NEWEST[KINDS[name]] and (settings or name != SETTINGS):
                files[name] = _anew(name, loaded.files[name])
        kept = [path for name in files if (path := _kept(home, loaded, name)) is not None]
        commit(home, files)
    return Rewritten(files=tuple(home.path / name for name in files), kept=tuple(kept))


def _anew(name: str, raw: bytes) -> bytes:
    text = decoded(raw, name)
    if name == routing_file.NAME:
        return routing_file.dump(routing_file.parse(text)).encode()
    if name == accounts_file.NAME:
        return accounts_file.dump(accounts_file.parse(text)).encode()
    import tomli_w

    return tomli_w.dumps(loading.current(text, path=name).document).encode()
