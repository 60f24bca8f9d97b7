"""A whole configuration as one JSON document: to look at, to send to somebody, to bring back. Secrets never leave with it."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

import attrs

from korproxy.config import accounts_file, loading, routing_file
from korproxy.config.accounts_file import merged as with_added
from korproxy.config.documents import decoded, document, too_deep
from korproxy.config.edit_lock import editing
from korproxy.config.home import Home, prepare
from korproxy.config.last_good import newest
from korproxy.config.masking import counterparts, masked, name_of, unmasked
from korproxy.config.migrations import Kind, migrated
from korproxy.config.one_file import KINDS, SETTINGS
from korproxy.config.pending import commit, finish
from korproxy.config.reading import Loaded, contents, loaded_from, read_all
from korproxy.config.set_aside import set_aside
from korproxy.errors.exceptions import ConfigError, Problem

Documents: TypeAlias = dict[Kind, dict[str, Any]]
FORMAT = "korproxy-configuration"
VERSION = 1
NO_EXPORT = "KP-CONF-225"
ROOTS: Mapping[Kind, str] = {"settings": "$", "accounts": accounts_file.ROOT, "routing": routing_file.ROOT}
NAMES: Mapping[Kind, str] = {kind: name for name, kind in KINDS.items()}
_LITERAL = "$toml"  # the one key of an object that stands for what JSON has no word for: a date, inf, nan
HEAD = "# Written by `korproxy config import`. What was here before is beside it.\n"


@attrs.frozen(kw_only=True)
class Imported:
    """What an import did. ``files``: those that were written; ``kept``: where what they held before is now."""

    files: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


def export(home: Home) -> dict[str, Any]:
    """Return what is in force in *home*, in JSON's own types: secrets masked, references as they are.

    Raises:
        ConfigError: korproxy.toml cannot be used, and there is no last good one.
    """
    return exported(read_all(home))


def exported(loaded: Loaded) -> dict[str, Any]:
    """Return *loaded* in JSON's own types, as ``export`` does."""
    present = _present(loaded)
    return {"format": FORMAT, "version": VERSION, **{kind: _to_json(masked(each)) for kind, each in present.items()}}


def dump(exported: Mapping[str, Any]) -> str:
    """Return what ``export`` returned as the text of a file."""
    return json.dumps(exported, indent=2, ensure_ascii=False) + "\n"


def parse(raw: bytes, *, path: str) -> Documents:
    """Return the documents in *raw*: an export, or one of the three files by the name in *path*; any other is a korproxy.toml.

    Raises:
        ConfigError: KP-CONF-201: it is neither JSON nor TOML; KP-CONF-225: it is JSON, and no export; KP-CONF-211: for a newer
            KorProxy.
    """
    text = decoded(raw, path)
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        kind = KINDS.get(Path(path).name, "settings")
        read = document if kind == "settings" else routing_file.whole_document
        return {kind: migrated(kind, read(text, path), path, root=ROOTS[kind]).document}
    try:
        found = json.loads(text.removeprefix("\ufeff"))
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate can be in JSON, and in no file
    except (ValueError, RecursionError):
        raise _no_export(path, "is not JSON, or was cut off") from None
    if too_deep(found):
        raise _no_export(path, "is nested too deeply")
    if found.get("format") != FORMAT:
        raise _no_export(path, f'is JSON, but no export: it has no "format": "{FORMAT}"')
    if type(found.get("version")) is not int or found["version"] != VERSION:
        raise _no_export(path, f"is not of version {VERSION}, the only one that this KorProxy knows")
    kinds: tuple[Kind, ...] = get_args(Kind)
    if unknown := sorted(found.keys() - {"format", "version", *kinds}):
        raise _no_export(path, f"has {len(unknown)} parts that no export has")
    if not all(isinstance(found.get(kind, {}), dict) for kind in kinds):
        raise _no_export(path, f"may have only objects for {', '.join(kinds)}")
    documents = {kind: _from_json(found[kind], path) for kind in kinds if kind in found}
    return {kind: migrated(kind, each, path, root=ROOTS[kind]).document for kind, each in documents.items()}


def problems_in(documents: Documents) -> list[Problem]:
    """Return every mistake in *documents*, in each and between them. Masks are none."""
    return _checked(documents)[1]


def import_into(
    home: Home,
    documents: Documents,
    *,
    merge: bool = False,
    judge: Callable[[Documents], Sequence[Problem]] = lambda documents: (),  # noqa: ARG005
) -> Imported:
    """Put *documents* in the place of those of *home*, all in one step; what they do not have stays. Old files are kept.

    Args:
        merge: Put them on top instead: tables are joined, tables in arrays by their name, and every other value is replaced.
        judge: Returns what else is wrong with what would be written, all of which is right in itself.

    Raises:
        ConfigError: KP-CONF-224: a mask has nothing behind it; else every mistake in what would be written. Nothing is then.
        CommandFailed: KP-CONF-223: others are changing the configuration; KP-CONF-229: it cannot be written.
    """
    prepare(home)
    with editing(home):
        finish(home)
        present = _present(_what_can_be_read(home))
        new, problems = dict(present), list[Problem]()
        for kind, given in documents.items():
            real, wrong = unmasked(given, present.get(kind, {}), root=ROOTS[kind])
            problems += wrong
            new[kind] = joined(present.get(kind, {}), real) if merge else real
        texts, wrong = _checked(new) if not problems else ({}, [])
        if problems := problems + wrong:
            raise ConfigError.of(problems)
        if others := judge(new):
            raise ConfigError.of(others)
        files = {NAMES[kind]: text.encode() for kind, text in texts.items() if new[kind] != present.get(kind)}
        kept = [copy for name in files if (copy := set_aside(home.path / name, "before-import"))]
        commit(home, files)
    return Imported(files=tuple(home.path / name for name in files), kept=tuple(kept))


def joined(present: Any, given: Any) -> Any:
    """Return *given* on top of *present*."""
    if isinstance(present, Mapping) and isinstance(given, Mapping):
        return {**present, **{name: joined(present.get(name), each) for name, each in given.items()}}
    named = isinstance(given, list) and given and all(name_of(each) is not None for each in given)
    if not named or not isinstance(present, list):
        return given
    new = {name_of(each): joined(other, each) for each, other in zip(given, counterparts(given, present), strict=True)}
    return [new.pop(name_of(each), each) for each in present] + [*new.values()]


def _what_can_be_read(home: Home) -> Loaded:
    """Return what ``read_all`` does; without korproxy.toml if that cannot be used: an import may well mend it."""
    try:
        return read_all(home)
    except ConfigError:
        return loaded_from(home, {**contents(home), SETTINGS: None}, newest(home), fall_back=True)


def _present(loaded: Loaded) -> Documents:
    written = {name: document(decoded(raw, name), name) for name, raw in loaded.files.items()}
    return {KINDS[name]: migrated(KINDS[name], each, name).document for name, each in written.items()}


def _checked(documents: Documents) -> tuple[dict[Kind, str], list[Problem]]:
    """Return the texts of files with *documents*, and every mistake in them."""
    texts: dict[Kind, str] = {}
    problems: list[Problem] = []
    settings, added = loading.parse("", path=SETTINGS), accounts_file.AddedAccounts()
    for kind, each in documents.items():
        now = migrated(kind, each, NAMES[kind], root=ROOTS[kind])
        try:
            if kind == "settings":
                settings, texts[kind] = loading.structured(now), _settings_text(each)
            elif kind == "accounts":
                added = accounts_file.structured(now)
                texts[kind] = accounts_file.dump(added)
            else:
                texts[kind] = routing_file.dump(routing_file.structured(now))
        except ConfigError as exc:
            problems += exc.problems
    return texts, [*problems, *with_added(settings, added)[1]]


def _settings_text(settings: Mapping[str, Any]) -> str:
    import tomli_w

    return HEAD + tomli_w.dumps(settings)


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _to_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_to_json(each) for each in value]
    if isinstance(value, datetime.date | datetime.time):
        return {_LITERAL: value.isoformat()}
    if isinstance(value, float) and not math.isfinite(value):
        return {_LITERAL: str(value)}
    return value


def _from_json(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_LITERAL} and isinstance(value[_LITERAL], str):
            return _literal(value[_LITERAL], path)
        return {name: _from_json(each, path) for name, each in value.items()}
    if isinstance(value, list):
        return [_from_json(each, path) for each in value]
    if value is None:
        raise _no_export(path, "has a null, which TOML cannot express: leave the name out")
    return value


def _literal(text: str, path: str) -> object:
    try:
        found = document(f"x = {text}", path)
    except ConfigError:
        found = {}
    value = found.get("x")
    if len(found) != 1 or not isinstance(value, float | datetime.date | datetime.time):
        raise _no_export(path, f"has a {_LITERAL} that is neither a date, nor a time, nor a number")
    return value


def _no_export(path: str, message: str) -> ConfigError:
    return ConfigError.of([Problem(code=NO_EXPORT, path=path, message=message)])
