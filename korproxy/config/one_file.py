"""One file of the configuration: as it is, else as it last worked, else, where KorProxy wrote it, as if it was absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Literal, TypeAlias, TypeVar

import attrs

from korproxy.config import accounts_file, loading, routing_file
from korproxy.config.accounts_file import AddedAccounts
from korproxy.config.documents import decoded, unreadable
from korproxy.config.home import Home
from korproxy.config.last_good import Kept
from korproxy.config.migrations import Kind, Migrated
from korproxy.config.settings import RootSettings
from korproxy.errors.exceptions import ConfigError, Problem
from korproxy.models.routing import Routing

T = TypeVar("T")
Source: TypeAlias = Literal["file", "absent", "last good", "defaults"]
SETTINGS = "korproxy.toml"
KINDS: Mapping[str, Kind] = {SETTINGS: "settings", accounts_file.NAME: "accounts", routing_file.NAME: "routing"}
FELL_BACK, OLDER = "KP-CONF-221", "KP-CONF-230"


@attrs.frozen(kw_only=True)
class File(Generic[T]):
    """One of the three.

    Attributes:
        empty: What holds where the file is absent.
        users: Written by the user, not by KorProxy: its defaults are no substitute for it.
    """

    name: str
    empty: T
    current: Callable[..., Migrated]
    structured: Callable[[Migrated], T]
    users: bool = False


@attrs.frozen(kw_only=True)
class Found(Generic[T]):
    """What one file gave. ``raw``: the bytes that are in use, ``version``: theirs; the rest as in ``reading.Loaded``."""

    name: str
    value: T
    source: Source
    raw: bytes | None = None
    version: int | None = None
    problems: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()


ROOT = File(name=SETTINGS, empty=RootSettings(), current=loading.current, structured=loading.structured, users=True)
ADDED = File(
    name=accounts_file.NAME,
    empty=AddedAccounts(),
    current=accounts_file.current,
    structured=accounts_file.structured,
)
ROUTING = File(name=routing_file.NAME, empty=Routing(), current=routing_file.current, structured=routing_file.structured)


def read(file: File[T], home: Home, now: bytes | ConfigError | None, last: Kept | None, *, fall_back: bool) -> Found[T]:
    """Return what *file* gives, *now* being its content or why it could not be had, None if it is absent.

    Raises:
        ConfigError: It is the user's, cannot be used, and there is no last good one. Never without *fall_back*: then the
            problems are in the result, so that those of all files can be told at once.
    """
    if now is None:
        return Found(name=file.name, value=file.empty, source="absent")
    before = last.files.get(file.name) if last else None
    path = str(home.path / file.name)
    try:
        return _parsed(file, _not_cut(file, now, before, path), path)
    except ConfigError as exc:
        wrong = exc
    if not fall_back:
        return Found(name=file.name, value=file.empty, source="defaults", problems=tuple(wrong.problems))
    if last is not None and before is not None:
        try:
            found = _parsed(file, before, str(last.path / file.name))
        except ConfigError:  # kept by another version, or damaged
            pass
        else:
            notice = _instead(path, f"the last good one is used, {last.path / file.name}", wrong)
            return attrs.evolve(found, source="last good", problems=tuple(wrong.problems), notices=(notice, *found.notices))
    if file.users:
        raise wrong
    notice = _instead(path, "it is treated as absent, since there is no last good one", wrong)
    return Found(name=file.name, value=file.empty, source="defaults", problems=tuple(wrong.problems), notices=(notice,))


def _parsed(file: File[T], raw: bytes, path: str) -> Found[T]:
    document = file.current(decoded(raw, path), path=path)
    notices = (_older(file, document, path),) if document.changed else ()
    value = file.structured(document)
    return Found(name=file.name, value=value, source="file", raw=raw, version=document.version, notices=notices)


def _not_cut(file: File[T], now: bytes | ConfigError, before: bytes | None, path: str) -> bytes:
    """Return *now*; ``ConfigError`` if it cannot be read, or is the user's and cut off.

    What KorProxy writes has a last line to tell that by. Of the user's file only its last good form can: what is the beginning
    of that and stops within a line was not typed. Editors end a file with a line break.
    """
    if isinstance(now, ConfigError):
        raise now
    if file.users and before and now != before and before.startswith(now) and not now.endswith(b"\n"):
        message = "is cut off: it is the beginning of the last good one. If you mean it so, end it with a line break"
        raise unreadable(path, message)
    return now


def _instead(path: str, what: str, wrong: ConfigError) -> Problem:
    return Problem(code=FELL_BACK, path=path, message=f"cannot be used, so {what}. Wrong in it: {wrong.detail}")


def _older(file: File[T], document: Migrated, path: str) -> Problem:
    does = (
        "It works, and stays as it is; `korproxy config migrate --settings` rewrites it"
        if file.users
        else f"Its next change rewrites it and keeps the old one as {file.name}.v{document.version}"
    )
    return Problem(code=OLDER, path=path, message=f"is of version {document.version}. {does}")
