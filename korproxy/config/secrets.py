"""Secrets by reference: korproxy.toml says where a secret is, never what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from korproxy.config.home import Home
from korproxy.config.private_files import NotPrivate, NotReadable, read_private
from korproxy.config.shown import looks_secret
from korproxy.errors.exceptions import ConfigError
from korproxy.models.accounts import Secret

NO_REFERENCE, NOT_FOUND, OPEN = "KP-CONF-204", "KP-CONF-205", "KP-CONF-206"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOW = 'write "env:NAME" for an environment variable or "file:PATH" for a file that only you can read'


def resolve(reference: str, home: Home, environ: Mapping[str, str]) -> Secret:
    """Return the secret that *reference* means: ``env:NAME``, or ``file:PATH`` (relative to *home*, one line).

    Raises:
        ConfigError: KP-CONF-204: it is no reference; KP-CONF-205: nothing usable is there; KP-CONF-206: others can read
            the file. What looks like a credential in a wrong place is never repeated.
    """
    want_reference(reference)
    kind, _, name = reference.partition(":")
    return _from_environment(name, environ) if kind == "env" else _from_file(name, home)


def want_reference(reference: str) -> None:
    """Want a reference to a secret, whatever it leads to; ``ConfigError`` KP-CONF-204 if it is none."""
    kind, colon, name = reference.partition(":")
    if not colon or kind not in ("env", "file") or not name.strip():
        raise ConfigError(NO_REFERENCE, f"A secret itself does not belong here, only where it is: {_HOW}.")
    if kind == "env" and not _NAME.fullmatch(name):
        raise ConfigError(NO_REFERENCE, f"After env: stands the name of an environment variable, not the secret: {_HOW}.")


def file_of(reference: str, home: Home) -> Path | None:
    """Return the file that *reference* means; None where it means none. Whether it is there is another question."""
    kind, _, name = reference.partition(":")
    return _path(name, home) if kind == "file" and name.strip() else None


def _path(name: str, home: Home) -> Path:
    path = Path(name)
    try:
        return home.path / path.expanduser()
    except RuntimeError:  # ~ of a user that does not exist: then it is a name like any other
        return home.path / path


def _from_environment(name: str, environ: Mapping[str, str]) -> Secret:
    # A key of letters and digits is a possible name, too; what is not written as names are is not repeated.
    shown = f"variable {name}" if name.isupper() and not looks_secret(name) else "variable that it names"
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(NOT_FOUND, f"The environment {shown} is not set or empty: set it where KorProxy is started.")
    return sendable(value, f"The environment {shown}")


def _from_file(name: str, home: Home) -> Secret:
    shown = "file that the reference names" if looks_secret(name) else f"file {name!r}"
    path = _path(name, home)
    try:
        value = read_private(path)
    except NotPrivate as exc:
        advice = f"(mode {exc.mode:04o}): make it readable for you only, with `chmod 600`"
        raise ConfigError(OPEN, f"Others may read or change the {shown} {advice}.") from None
    except NotReadable as exc:
        where = "" if path == Path(name) else f" (paths start at {home.path})"
        raise ConfigError(NOT_FOUND, f"The {shown} {exc.reason}{where}.") from None
    if not value.strip():
        raise ConfigError(NOT_FOUND, f"The {shown} is empty: it holds the key, and nothing else.")
    return sendable(value, f"The {shown}")


def sendable(value: str, what: str) -> Secret:
    """Return *value* as a secret; ``ConfigError`` KP-CONF-205 if no HTTP header can carry it.

    It would fail later, and there the text could show up in an error. *what* begins the sentence that says so.
    """
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(NOT_FOUND, f"{what} does not hold one key: it has line breaks, spaces or characters that no key has.")
    return Secret(value)
