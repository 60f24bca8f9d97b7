"""Which configuration a start takes: that of the files, else what worked last, with as much as is safe of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import attrs

from korproxy.config.home import Home
from korproxy.config.loading import override
from korproxy.config.reading import Loaded, read_all, read_last_good
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.crash_guard import CRASHES, SAFE
from korproxy.runtime.watched import Seen, files_of, seen_now

FELL_BACK = "KP-CONF-221"


class Wanted(Protocol):
    """What the command line says that matters here; see ``daemon.Options``."""

    @property
    def home(self) -> Home: ...
    @property
    def demo(self) -> bool: ...
    @property
    def hosts(self) -> Sequence[str] | None: ...
    @property
    def port(self) -> int | None: ...
    @property
    def plugin_dirs(self) -> tuple[Path, ...]: ...
    @property
    def no_plugins(self) -> bool: ...


@attrs.frozen(kw_only=True)
class Start:
    """What a start begins with. ``seen``: the files as they were when they were read."""

    parts: Composition
    seen: Seen


def first_configuration(wanted: Wanted, *, careful: bool = False) -> Start:
    """Return what to start with. Its ``loaded.notices`` say what is not as the files have it.

    Args:
        careful: The last starts crashed: take the last good configuration, and no plugins of others.

    Raises:
        ConfigError: There is nothing to start with: every mistake.
    """
    home = wanted.home
    seen = seen_now(files_of(home, RootSettings()))
    last = read_last_good(home) if careful else None
    loaded = read_all(home) if last is None else last
    seen = seen_now(files_of(home, loaded.root)) | seen
    parts = _composed(wanted, loaded, careful=careful)
    if parts.problems:
        parts = _before(wanted, parts, careful=careful)
    if careful:
        parts = _noted(parts, _warning(parts, last is not None))
    return Start(parts=parts, seen=seen)


def _composed(wanted: Wanted, loaded: Loaded, *, careful: bool) -> Composition:
    root = override(loaded.root, host=wanted.hosts, port=wanted.port)
    return compose(
        wanted.home,
        demo=wanted.demo,
        plugin_dirs=wanted.plugin_dirs,
        no_plugins=wanted.no_plugins,
        root=root,
        loaded=loaded,
        careful=careful,
    )


def _before(wanted: Wanted, bad: Composition, *, careful: bool) -> Composition:
    """Return what worked before *bad*, which can be read but not used: a provider of a type that there is not, say."""
    wrong = ConfigError.of(bad.problems)
    last = None if wanted.demo else read_last_good(wanted.home)
    if last is None or last.files == bad.loaded.files:
        raise wrong
    parts = _composed(wanted, attrs.evolve(last, problems=bad.problems), careful=careful)
    if parts.problems:
        raise wrong
    text = f"cannot be used, so the last good configuration is. Wrong in it: {wrong.detail}"
    return _noted(parts, Problem(code=FELL_BACK, path=str(wanted.home.toml), message=text))


def _noted(parts: Composition, notice: Problem) -> Composition:
    loaded = attrs.evolve(parts.loaded, notices=(notice, *parts.loaded.notices))
    return attrs.evolve(parts, loaded=loaded)


def _warning(parts: Composition, before: bool) -> Problem:
    left_out = ", ".join(parts.left_out) or "there are none"
    files = "the last good configuration is used" if before else "the configuration is that of the files"
    text = (
        f"KorProxy crashed {CRASHES} times within a minute of its start. So plugins of others are left out ({left_out}),"
        f" and {files}. `korproxy stop` and a new start undo that"
    )
    return Problem(code=SAFE, path="safe start", message=text)
