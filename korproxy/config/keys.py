"""The two first keys: one opens the client API, one the management. Made at the first start, read ever after."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from korproxy.config.home import Home
from korproxy.config.private_files import NotPrivate, NotReadable, read_private, write_once
from korproxy.errors.exceptions import CannotStart, ConfigError, Problem
from korproxy.models.accounts import Secret

SHORTEST = 20  # characters
_FEWEST_DIFFERENT = 8  # of them; a random key of 20 has fewer once in many billions
_SAMPLE = re.compile(
    r"change[-_ ]?me|example|password|sample|your[-_]?(?:own|api|secret|key)|secret[-_]?key|placeholder|1234567890",
    re.IGNORECASE,
)
WEAK, OPEN, UNUSABLE = "KP-CONF-202", "KP-CONF-206", "KP-SYS-504"


@attrs.frozen(kw_only=True)
class Keys:
    """What a caller has to show."""

    client: Secret
    management: Secret


def ensure_keys(home: Home) -> Keys:
    """Return the keys of *home*; those that are missing are made. An existing file is never written to.

    Raises:
        ConfigError: KP-CONF-206: others may read a key; KP-CONF-202: a key is no key: too short, a sample, both the same.
        CannotStart: KP-SYS-504: a key can be neither read nor written.
    """
    for path, kind in ((home.client_key, "client"), (home.management_key, "manage")):
        try:
            if not path.exists():
                write_once(path, _new_key(kind))
        except OSError as exc:
            raise CannotStart(UNUSABLE, f"The key {path} cannot be read or written: {exc.strerror}.") from None
    keys = read_keys(home)
    if keys is None:
        raise CannotStart(UNUSABLE, f"The keys in {home.secrets} cannot be read back: is one of them a link to nowhere?")
    return keys


def _new_key(kind: str) -> str:
    import secrets

    return f"kp-{kind}-{secrets.token_urlsafe(32)}"


def read_keys(home: Home) -> Keys | None:
    """Return the keys of *home*, None unless both are there; errors as of ``ensure_keys``."""
    found: list[Secret | None] = []
    problems: list[Problem] = []
    for path in (home.client_key, home.management_key):
        try:
            found.append(read_key(path))
        except ConfigError as exc:
            problems += exc.problems
    if problems:
        raise ConfigError.of(problems)
    client, management = found
    if client is None or management is None:
        return None
    if client.reveal() == management.reveal():
        message = (
            f"is the same key as {home.client_key}: whoever may chat could then change everything. Delete one of the files."
        )
        raise ConfigError.of([Problem(code=WEAK, path=str(home.management_key), message=message)])
    return Keys(client=client, management=management)


def read_key(path: Path) -> Secret | None:
    """Return the key in *path*, None if there is no such file; errors as of ``ensure_keys``."""
    try:
        text = read_private(path)
    except NotPrivate as exc:
        message = f"others may read or change this key (mode {exc.mode:04o}): `chmod 600 {path}`, or delete it to get a new one"
        raise ConfigError.of([Problem(code=OPEN, path=str(path), message=message)]) from None
    except NotReadable as exc:
        if exc.absent:
            return None
        raise CannotStart(UNUSABLE, f"The key {path} {exc.reason}.") from None
    if (wrong := _weakness(text)) is not None:
        message = f"{wrong}; delete the file, and the next start makes a random key"
        raise ConfigError.of([Problem(code=WEAK, path=str(path), message=message)])
    return Secret(text)


def _weakness(key: str) -> str | None:
    """Say why *key* is no key, without repeating it; None if it is one."""
    if len(key) < SHORTEST:
        return f"the key has {len(key)} characters, and {SHORTEST} are the least"
    if not key.isascii() or not key.isprintable() or " " in key:
        return "the key has spaces, line breaks or other characters that no HTTP header can carry"
    if _SAMPLE.search(key) or len(set(key)) < _FEWEST_DIFFERENT:
        return "the key is a sample or easy to guess"
    return None
