"""The debug bundle, as a command asks for it: of the running daemon, else of what is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import trio

from korproxy.cli.insight import counted, history
from korproxy.cli.insight.disk import Disk
from korproxy.config.accounts_file import AddedAccounts
from korproxy.config.reading import Loaded, read_all
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import CommandFailed, ConfigError, KorproxyError
from korproxy.gateway.redact import Redactor
from korproxy.models.clock import wall_time
from korproxy.models.routing import Routing
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.runtime.bundle import DAY, LINES, Known, bundle_of, configured, gathered, plugins, recent, rows_of, with_times
from korproxy.runtime.compose import Composition, compose
from korproxy.runtime.health import sections
from korproxy.runtime.lately import MOST_FAILURES
from korproxy.version import VERSION

if TYPE_CHECKING:
    from korproxy.cli.context import Context

T = TypeVar("T")
ADDRESS = "/v1/diagnostics/bundle"
PATIENCE = 20.0  # seconds; a daemon in trouble takes all of the time that each part has
ALIVE = 4.0  # seconds to say that it is there
NO_SHAPE = "KP-SYS-539"


def bundle(cli: Context, *, repro: str = "") -> Mapping[str, object]:
    """Return the bundle. A daemon that runs and does not answer is one more reason for one: then the disk has to say it.

    Raises:
        CommandFailed: KP-SYS-539: the shape of a request is wanted, and none is remembered.
        ConfigError: A plugin that hides secrets is broken.
    """
    if cli.running() is None:
        if repro:
            raise CommandFailed(NO_SHAPE, f"No daemon runs with home {cli.home}; only a running one has shapes of requests.")
        return from_files(cli, "No daemon runs with this home: this is what is on the disk.")
    try:
        cli.talk("GET", "/healthz", patience=ALIVE)  # one that hangs is not waited for as long as one that works on it
        wanted = f"?repro={quote(repro, safe='', errors='replace')}" if repro else ""
        return cli.talk("GET", ADDRESS + wanted, patience=PATIENCE)
    except KorproxyError as exc:  # an older daemon has no such address; and whatever it is, the disk is still there
        if repro:
            raise
        return from_files(cli, f"The daemon did not answer, so this is what is on the disk: {exc}", state="silent")


def from_files(cli: Context, remark: str, *, state: str = "not running") -> dict[str, Any]:
    """Return the bundle of what is on the disk."""
    return trio.run(_from_files, cli, _composed(cli), Disk(cli).redactor, remark, state)


async def _from_files(cli: Context, parts: Composition, redactor: Redactor, remark: str, state: str) -> dict[str, Any]:
    got = await gathered(
        {
            "configuration": partial(_beside, partial(configured, parts)),
            "sections": partial(sections, [each.item for each in parts.offered_collectors], redactor),
            "store": partial(_beside, partial(_store, cli)),
            "log": partial(_beside, partial(cli.insight.logs, WantedLines(most=LINES))),
            "metrics": partial(_beside, partial(counted.on_disk, cli, since=DAY)),
            "failed": partial(_beside, partial(history.on_disk, cli, WantedRequests(failed=True, most=MOST_FAILURES))),
            "recent": partial(recent, parts, lambda wanted: _beside(partial(history.on_disk, cli, wanted))),
        }
    )
    known = Known(
        asked="files",
        korproxy={
            "status": state,
            "version": VERSION,
            "home": str(parts.home.path),
            "notices": [str(each) for each in parts.loaded.notices],
        },
        configuration=got["configuration"],
        plugins=plugins(parts),
        providers=_providers(parts),
        log=got["log"],
        metrics=got["metrics"],
        supervision=None,
        store=with_times(got["store"]),
        sections=got["sections"],
        rows=rows_of(got["failed"], got["recent"]),
        remarks=[remark, *(f"{name}: {each['error']}" for name, each in got.items() if "error" in each)],
    )
    return bundle_of(known, redactor, now=wall_time())


async def _beside(ask: Callable[[], T]) -> T:
    return await trio.to_thread.run_sync(ask, abandon_on_cancel=True)


def _composed(cli: Context) -> Composition:
    try:
        loaded = read_all(cli.files)
    except ConfigError as exc:  # what is wrong is what somebody wants to read
        loaded = Loaded(root=RootSettings(), added=AddedAccounts(), routing=Routing(), problems=tuple(exc.problems))
    return compose(cli.files, loaded=loaded, plugin_dirs=cli.chosen.plugin_dirs, no_plugins=cli.chosen.no_plugins)


def _store(cli: Context) -> dict[str, Any]:
    nothing: dict[str, Any] = {}
    return Disk(cli).ask(lambda store: store.facts(), nothing)


def _providers(parts: Composition) -> Sequence[Mapping[str, Any]]:
    disabled = parts.loaded.routing.disabled
    return [
        {
            "id": each.id,
            "type": each.type,
            "base_url": each.base_url,
            "accounts": [account.name for account in each.accounts],
            "no_key": [account.name for account in each.accounts if account.missing is not None],
            "disabled": [account.name for account in each.accounts if f"{each.id}/{account.name}" in disabled],
        }
        for each in parts.providers
    ]
