"""Bytes on the disk into TOML documents, with the place of what is wrong. What the documents mean is not known here."""

from __future__ import annotations

import re
from pathlib import Path

from korproxy.config.shown import looks_secret
from korproxy.errors.exceptions import ConfigError, Problem

UNREADABLE = "KP-CONF-201"
DEEPEST = 64  # levels of tables and arrays
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BOM = "\ufeff"


def content(path: Path) -> bytes | None:
    """Return what is in *path*, None if there is no such file.

    Raises:
        ConfigError: KP-CONF-201: it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        reason = getattr(exc, "strerror", None) or exc
        raise unreadable(str(path), f"cannot be read: {reason}") from None


def decoded(raw: bytes, path: str) -> str:
    """Return the text in *raw*, the content of *path*; ``ConfigError`` KP-CONF-201 with line and column if it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        place = _position(raw[: exc.start].decode())
        raise unreadable(f"{path}:{place}", "is not UTF-8 here; save it as UTF-8") from None


def document(text: str, path: str) -> dict[str, object]:
    """Return *text*, the content of *path*, as TOML reads it; ``ConfigError`` KP-CONF-201 with its place if it is none."""
    import tomllib

    text = text.removeprefix(_BOM)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise _not_toml(str(exc), text, path) from None
    except RecursionError:
        raise unreadable(path, "is nested too deeply") from None
    except ValueError:  # Python converts at most 4,300 digits
        raise unreadable(path, "holds a number with far too many digits") from None
    if too_deep(found):
        raise unreadable(path, "is nested too deeply")
    return found


def too_deep(value: object) -> bool:
    """Whether *value* has more than ``DEEPEST`` levels: no setting has, and what reads it further may not follow it."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [each for values in inner for each in values]
    return bool(level)


def unreadable(place: str, message: str) -> ConfigError:
    """Return the error for a file of which nothing can be used."""
    return ConfigError.of([Problem(code=UNREADABLE, path=place, message=message)])


def _not_toml(said: str, text: str, path: str) -> ConfigError:
    found = _AT.search(said)
    reason = said[: found.start()] if found else said
    if looks_secret(reason):  # it repeats a key's name, and a credential can have been typed there
        reason = "this is not TOML"
    place = f"{found[1]}:{found[2]}" if found and found[1] else _position(text)
    return unreadable(f"{path}:{place}", f"{reason} (line {place.replace(':', ', column ')})")


def _position(before: str) -> str:
    """Return ``line:column``, counted from 1, of what follows the text *before*."""
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"
