"""The secrets that KorProxy holds while it runs with a configuration: so that they can be hidden, whatever they look like."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from korproxy.config.home import Home
from korproxy.config.private_files import NotPrivate, NotReadable, read_private
from korproxy.config.secrets import resolve
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError

# A variable that is for a secret; what holds a path or a switch is none, whatever it is called.
_NAME = re.compile(r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:$|_)", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"://([^/?#]*)@")


def held_secrets(root: RootSettings, home: Home, environ: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return every secret that *root* leads to, KorProxy's own keys, and those that stand in the environment.

    One that cannot be had is left out: whoever needs it says so.

    Args:
        environ: None: the process's own.
    """
    return frozenset(each for each in _all(root, home, os.environ if environ is None else environ) if each)


def familiar_words(root: RootSettings) -> frozenset[str]:
    """Return names that stand in every other line of a log: were one of them a secret, hiding it would hide them all."""
    words = set(root.providers) | {table.type for table in root.providers.values()}
    return frozenset(words | {each.name for table in root.providers.values() for each in table.accounts})


def _all(root: RootSettings, home: Home, environ: Mapping[str, str]) -> Iterator[str]:
    for path in (home.client_key, home.management_key):
        try:
            yield read_private(path).strip()
        except (NotPrivate, NotReadable):
            continue
    for table in root.providers.values():
        for account in table.accounts:
            yield from _of_reference(account.key or "", home, environ)
    for meant in _of_reference(root.store.url or "", home, environ):
        yield meant
        yield from _of_address(meant)
    yield from _of_plugin(root.plugin, home, environ)
    for name, value in environ.items():
        if _NAME.search(name) and not value.startswith(("/", ".")):
            yield value.strip()


def _of_reference(reference: str, home: Home, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what *reference* means; the thing itself where somebody typed a key in its place."""
    if not reference.startswith(("env:", "file:")):
        yield reference
        return
    try:
        yield resolve(reference, home, environ).reveal()
    except ConfigError:
        return


def _of_address(address: str) -> Iterator[str]:
    for found in _IN_ADDRESS.finditer(address):
        user, _, password = found[1].partition(":")
        yield password or user


def _of_plugin(value: object, home: Home, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what the references in a plugin's table mean; what else is a secret there, only the plugin knows."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _of_plugin(each, home, environ)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _of_plugin(each, home, environ)
    elif isinstance(value, str):
        if value.startswith(("env:", "file:")):
            yield from _of_reference(value, home, environ)
        yield from _of_address(value)
