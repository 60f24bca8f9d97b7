"""A configuration on the disk that can be reloaded, in the test's own Trio loop; no server in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from korproxy.config.home import Home, prepare
from korproxy.config.keys import ensure_keys
from korproxy.config.reading import read_all
from korproxy.gateway.windows import open_windows
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.generation import Shared, key_ring, make_front
from korproxy.runtime.reload import Reloader
from korproxy.server.entrance import Entrance

NOWHERE = "http://127.0.0.1:9"


def account(provider: str = "one", name: str = "work", *, key: str = "", url: str = NOWHERE) -> str:
    """Return the tables of a provider with one account."""
    reference = f'key = "{key}"\n' if key else ""
    return (
        f'[providers.{provider}]\ntype = "compatible"\nbase_url = "{url}/v1"\n'
        f'[[providers.{provider}.accounts]]\nname = "{name}"\n{reference}'
    )


def written(home: Path, settings: str = "", routing: str | None = None) -> Home:
    """Write the files of a configuration; korproxy.toml as editors do it, in one step."""
    files = Home(path=home)
    prepare(files)
    draft = home / "draft"
    draft.write_text(settings)
    draft.replace(files.toml)
    if routing is not None:
        draft.write_text(routing)
        draft.replace(files.routing)
    return files


def started(home: Path, settings: str = "", *, plugin_dirs: Sequence[Path] = ()) -> Composition:
    """Return what a start makes of *settings*."""
    files = written(home, settings)
    return compose(files, loaded=read_all(files), plugin_dirs=plugin_dirs)


@asynccontextmanager
async def open_reloader(home: Path, settings: str = "", *, plugin_dirs: Sequence[Path] = ()) -> AsyncIterator[Reloader]:
    """Have *settings* in force for the block."""
    parts = started(home, settings, plugin_dirs=plugin_dirs)
    assert parts.problems == ()
    keys = key_ring(ensure_keys(parts.home))
    async with open_windows(parts.providers) as windows:
        shared = Shared(windows=windows, emit=lambda _: None)
        entrance = Entrance(make_front(parts, keys, shared))
        yield Reloader(parts=parts, keys=keys, shared=shared, entrance=entrance)
