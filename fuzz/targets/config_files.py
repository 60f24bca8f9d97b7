"""Any bytes in the three files, and in what comes as an export: a configuration or coded problems, and never a lost secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from hypothesis import strategies as st

from fuzz.target import Target, words
from fuzz.targets.config import SECRET
from korproxy.config import accounts_file, exchange, routing_file
from korproxy.config.home import Home
from korproxy.config.last_good import Kept
from korproxy.config.pending import NAMES
from korproxy.config.reading import Loaded, loaded_from
from korproxy.errors.exceptions import ConfigError, Problem

HOME = Home(path=Path("/home/of/korproxy"))
SETTINGS = b'version = 1\n[providers.a]\ntype = "claude"\n[[providers.a.accounts]]\nname = "work"\nkey = "env:A"\n'
ACCOUNTS = accounts_file.HEAD.encode() + b'version = 1\n[[providers.a.accounts]]\nname = "b"\n# end of file\n'
ROUTING = (
    routing_file.HEAD.encode()
    + b'version = 1\nprofile = "p"\n[profiles.p]\nchat = "g"\n[groups.g]\nmembers = [{ provider = "a", weight = 2 }]\n'
    + b'[[rules]]\nname = "r"\ngroup = "g"\n[rules.when]\nhours = "22:00-06:00"\nmodel = "claude-*"\n# end of file\n'
)
WHOLE = dict(zip(NAMES, (SETTINGS, ACCOUNTS, ROUTING), strict=True))


@attrs.frozen
class Disk:
    """What is in a home: the files by name, those that were kept, and something that claims to be an export."""

    now: Mapping[str, bytes]
    last: Mapping[str, bytes]
    export: bytes = b""


def read(raw: bytes) -> Disk:
    """Read a file of the corpus: ``=== NAME``, ``=== last good NAME`` or ``=== export`` before each content."""
    parts = re.split(rb"^=== (.+)\n", raw, flags=re.MULTILINE)
    found = {name.decode("utf-8", "replace"): content for name, content in zip(parts[1::2], parts[2::2], strict=True)}
    now, last = ({name: found[f"{which}{name}"] for name in NAMES if f"{which}{name}" in found} for which in ("", "last good "))
    return Disk(now, last, found.get("export", b""))


_headers = st.one_of(
    words("[providers.a] [[providers.a.accounts]] [profiles.p] [profiles.default] [groups.g] [groups.h] [rules.when]"),
    words("[[rules]] [[groups.g.members]] [aliases] [safe_mode] [rules.when.headers] [[profiles]] [[groups]] [[accounts]]"),
    words("[features] [plugin.x] [plugin.x.auth] [deadlines] [retry]"),
)
_keys = words(
    "version profile disabled name group model refuse message safe_mode enabled when match types days hours headers min_body"
    " max_body tools profile default chat other strategy members provider account weight on since x-a key type credential"
    " active_profile accounts token max_wait NEW_ERROR_CODES CORRELATION_IDS_ENABLED"
)
_values = st.one_of(
    words('1 0 -1 true inf nan "" "a" "p" "g" "h" "claude-*" "KP-RATE-401" "09:00-17:00" ["chat"] ["mon"] ["a/b"] {} []'),
    words(
        '"env:A" "client" "round-robin" [{provider="a"}] [{provider="a",account="work"},{}] {x="*"} 1979-05-27 "***REDACTED***"'
    ),
    st.sampled_from([f'"{SECRET}"', '"***REDACTED***"', "9" * 5000, "[" * 70 + "]" * 70]),
    st.text(max_size=6).map('"{}"'.format),
)
_lines = st.one_of(_headers, st.builds("{} = {}".format, _keys, _values), st.text(max_size=10))
_texts = st.builds(
    "{}{}\n{}".format,
    st.sampled_from(["", "version = 1\n", "version = 2\n", routing_file.HEAD]),
    st.lists(_lines, max_size=8).map("\n".join),
    st.sampled_from(["", routing_file.END]),
).map(lambda text: text.encode("utf-8", "replace"))


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw a file that was cut off, or in which something else stands somewhere."""
    begin, end = sorted(draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    return whole[:begin] if draw(st.booleans()) else whole[:begin] + draw(st.binary(max_size=4)) + whole[end:]


def _contents(name: str) -> st.SearchStrategy[bytes]:
    return st.one_of(_texts, _damaged(WHOLE[name]), st.just(WHOLE[name]), st.binary(max_size=20))


_files = st.fixed_dictionaries({}, optional={name: _contents(name) for name in NAMES})
_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), words("***REDACTED*** env:A a g")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.one_of(_keys, words("a g p $toml")), inner, max_size=3),
    max_leaves=10,
)
_tables = st.dictionaries(words("providers groups profiles rules version plugin"), _json)
_parts = st.fixed_dictionaries(
    {"format": st.just(exchange.FORMAT), "version": st.just(1)},
    optional={name: st.one_of(_json, _tables) for name in ("settings", "accounts", "routing")},
)
_exports = st.one_of(st.binary(max_size=20), _texts, st.one_of(_parts, _json).map(lambda each: json.dumps(each).encode()))
_disks = st.builds(Disk, _files, st.one_of(st.just(WHOLE), _files), _exports)


def check(disk: Disk) -> None:
    """Read it as a start does, and as a reload does; look at what a user would be shown, and at what would be written."""
    last = Kept(files=disk.last, path=HOME.last_good / "1")
    lenient = _loaded(disk.now, last, fall_back=True)
    strict = _loaded(disk.now, last, fall_back=False)
    if isinstance(strict, Loaded):
        assert not strict.problems
        assert isinstance(lenient, Loaded)
        assert (lenient.root, lenient.added, lenient.routing) == (strict.root, strict.added, strict.routing)
    without_settings = {name: raw for name, raw in disk.now.items() if name != NAMES[0]}
    assert isinstance(_loaded(without_settings, last, fall_back=True), Loaded), "a file that KorProxy writes locks the user out"
    if isinstance(_loaded(disk.last, None, fall_back=False), Loaded) and NAMES[0] in disk.last:
        assert isinstance(lenient, Loaded), "a wrong file locks the user out, although there is a last good one"
    if isinstance(lenient, Loaded):
        _can_be_written(lenient)
    _is_export_or_told(disk.export)


def _loaded(now: Mapping[str, bytes], last: Kept | None, *, fall_back: bool) -> Loaded | ConfigError:
    try:
        found = loaded_from(HOME, now, last, fall_back=fall_back)
    except ConfigError as exc:
        _can_be_shown(exc.problems)
        assert SECRET not in f"{exc} {exc!r}", "a secret is in an error"
        return exc
    _can_be_shown((*found.problems, *found.notices))
    return found


def _can_be_shown(problems: Sequence[Problem]) -> None:
    for each in problems:
        assert each.code.startswith("KP-CONF-")
        assert each.path
        assert each.message
    assert SECRET not in f"{problems!r}", "a secret is in what is shown"


def _can_be_written(loaded: Loaded) -> None:
    assert routing_file.parse(routing_file.dump(loaded.routing)) == loaded.routing
    assert accounts_file.parse(accounts_file.dump(loaded.added)) == loaded.added
    text = exchange.dump(exchange.exported(loaded))
    assert SECRET not in text, "a secret is in an export"
    exchange.parse(text.encode(), path="export.json")


def _is_export_or_told(raw: bytes) -> None:
    try:
        problems = exchange.problems_in(exchange.parse(raw, path="export.json"))
    except ConfigError as exc:
        problems = list(exc.problems)
        assert problems
    _can_be_shown(problems)


CONFIG_FILES = Target(name="config_files", inputs=_disks, read=read, check=check)
