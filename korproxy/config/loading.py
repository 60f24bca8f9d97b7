"""korproxy.toml from the disk into ``RootSettings``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.config.checks import Mistake
from korproxy.config.documents import content, decoded, document
from korproxy.config.home import Home
from korproxy.config.migrations import Migrated, migrated
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError, Problem


def load(home: Home) -> RootSettings:
    """Read ``korproxy.toml`` of *home*; without one everything has its default.

    Raises:
        ConfigError: KP-CONF-201: it cannot be read, or is no TOML in UTF-8; else as ``parse``.
    """
    path = str(home.toml)
    raw = content(home.toml)
    return RootSettings() if raw is None else parse(decoded(raw, path), path=path)


def parse(text: str, *, path: str) -> RootSettings:
    """Turn the *text* of a korproxy.toml into settings. *path* is only for messages.

    Raises:
        ConfigError: KP-CONF-201 with line and column: no TOML; KP-CONF-211: written for a newer KorProxy; else every mistake in
            it at once, each with its code and place.
    """
    return structured(current(text, path=path))


def current(text: str, *, path: str) -> Migrated:
    """Return the document in *text* as this KorProxy has it; errors as of ``parse``, what is in the tables is not looked at."""
    return migrated("settings", document(text, path), path)


def structured(document: Migrated) -> RootSettings:
    """Return what *document* says; errors as of ``parse``."""
    if document.version == 0 and document.document.keys() == {"version"}:
        return RootSettings()  # the usual home of a first run: cattrs need not be imported for it
    from korproxy.config.strict import structure

    return structure(document.document, RootSettings)


def override(root: RootSettings, *, host: Sequence[str] | None = None, port: int | None = None) -> RootSettings:
    """Return *root* with what the command line says about ``[server]``; ``ConfigError`` KP-CONF-202 if that cannot be."""
    server = root.server
    changes: Mapping[str, Any] = {"host": tuple(host) if host else None, "port": port}
    problems = []
    for name, value in changes.items():
        if value is None:
            continue
        try:
            server = attrs.evolve(server, **{name: value})
        except (Mistake, ExceptionGroup) as exc:
            wrong = exc.exceptions if isinstance(exc, ExceptionGroup) else [exc]
            problems += [Problem(code="KP-CONF-202", path=f"--{name}", message=str(each)) for each in wrong]
    if problems:
        raise ConfigError.of(problems)
    return attrs.evolve(root, server=server)
