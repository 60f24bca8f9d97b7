"""korproxy.toml from the disk into ``RootSettings``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.config.checks import Mistake
from korproxy.config.home import Home
from korproxy.config.settings import RootSettings
from korproxy.config.shown import looks_secret
from korproxy.errors.exceptions import ConfigError, Problem

VERSION = 1  # of the file's format
UNREADABLE, TOO_NEW = "KP-CONF-201", "KP-CONF-211"
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BOM = "\ufeff"


def load(home: Home) -> RootSettings:
    """Read ``korproxy.toml`` of *home*; without one everything has its default.

    Raises:
        ConfigError: KP-CONF-201: it cannot be read, or is no TOML in UTF-8; else as ``parse``.
    """
    path = str(home.toml)
    try:
        raw = home.toml.read_bytes()
    except FileNotFoundError:
        return RootSettings()
    except OSError as exc:
        raise _unreadable(path, f"cannot be read: {exc.strerror or exc}") from None
    try:
        text = raw.decode()
    except UnicodeDecodeError as exc:
        place = _position(raw[: exc.start].decode())
        raise _unreadable(f"{path}:{place}", "is not UTF-8 here; save it as UTF-8") from None
    return parse(text, path=path)


def parse(text: str, *, path: str) -> RootSettings:
    """Turn the *text* of a korproxy.toml into settings. *path* is only for messages.

    Raises:
        ConfigError: KP-CONF-201 with line and column: no TOML; KP-CONF-211: written for a newer KorProxy; else every mistake in
            it at once, each with its code and place.
    """
    document = _document(text.removeprefix(_BOM), path)
    version = document.get("version")
    if type(version) is int and version > VERSION:
        # Alone: what else is in such a file is right or wrong by rules that this KorProxy does not know.
        message = (
            f"{path} is written for a newer KorProxy: this one reads version {VERSION}. Update KorProxy or use an older file."
        )
        raise ConfigError.of([Problem(code=TOO_NEW, path="$.version", message=message)])
    if not document:
        return RootSettings()
    from korproxy.config.strict import structure

    return structure(document, RootSettings)


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


def _document(text: str, path: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise _not_toml(str(exc), text, path) from None
    except RecursionError:
        raise _unreadable(path, "is nested too deeply") from None
    except ValueError:  # Python converts at most 4,300 digits
        raise _unreadable(path, "holds a number with far too many digits") from None


def _not_toml(said: str, text: str, path: str) -> ConfigError:
    found = _AT.search(said)
    reason = said[: found.start()] if found else said
    if looks_secret(reason):  # it repeats a key's name, and a credential can have been typed there
        reason = "this is not TOML"
    place = f"{found[1]}:{found[2]}" if found and found[1] else _position(text)
    return _unreadable(f"{path}:{place}", f"{reason} (line {place.replace(':', ', column ')})")


def _position(before: str) -> str:
    """Return ``line:column``, counted from 1, of what follows the text *before*."""
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _unreadable(place: str, message: str) -> ConfigError:
    return ConfigError.of([Problem(code=UNREADABLE, path=place, message=message)])
