"""Every mistake in a whole configuration: what the files say wrong, and what plugins find wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from korproxy.config import accounts_file, loading
from korproxy.config.exchange import NAMES, ROOTS, Documents, parse
from korproxy.config.exchange import problems_in as mistakes_in
from korproxy.config.migrations import migrated
from korproxy.config.reading import Loaded, read_all
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.models.routing import Routing
from korproxy.runtime.compose import compose

if TYPE_CHECKING:
    from korproxy.cli.context import Context


def problems_now(cli: Context) -> Sequence[Problem]:
    """Return every mistake in the files of the home, as a reload would find them."""
    try:
        loaded = read_all(cli.files, fall_back=False)
    except ConfigError as exc:
        return exc.problems
    return _composed(cli, loaded)


def problems_in(cli: Context, raw: bytes, path: str) -> Sequence[Problem]:
    """Return every mistake in *raw*, an export or one of the files. Secrets that it masks are none."""
    try:
        documents = parse(raw, path=path)
    except ConfigError as exc:
        return exc.problems
    return mistakes_in(documents) or judged(cli, documents)


def judged(cli: Context, documents: Documents) -> Sequence[Problem]:
    """Return what a start with *documents*, each of them right in itself, would find wrong: an unknown type, say."""
    settings = documents.get("settings", {})
    root = loading.structured(migrated("settings", settings, NAMES["settings"], root=ROOTS["settings"]))
    added = accounts_file.AddedAccounts()
    if "accounts" in documents:
        now = migrated("accounts", documents["accounts"], NAMES["accounts"], root=ROOTS["accounts"])
        added = accounts_file.structured(now)
    whole, _ = accounts_file.merged(root, added)
    return _composed(cli, Loaded(root=whole, added=added, routing=Routing()))


def _composed(cli: Context, loaded: Loaded) -> Sequence[Problem]:
    chosen = cli.chosen
    try:
        parts = compose(
            cli.files, plugin_dirs=chosen.plugin_dirs, no_plugins=chosen.no_plugins, root=loaded.root, loaded=loaded
        )
    except ConfigError as exc:
        return exc.problems
    return parts.problems
