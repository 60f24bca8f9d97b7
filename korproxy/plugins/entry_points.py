"""Entry points of installed distributions, read from where installers write them.

``importlib.metadata`` takes 20 ms to be imported, a tenth of what `korproxy --help` may take, mostly for the metadata that it
could parse. It is asked only where there is more than plain folders on the path: an archive, an egg, somebody's own finder.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from pathlib import Path

import attrs

UNKNOWN = "?"
_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<attr>[\w.]+)\s*)?(\[.*\]\s*)?$")
_INFOS = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}  # folders of a distribution, and which file in it says its name
_ENDS = tuple(_INFOS)
_PYTHONS_OWN = "_frozen_importlib_external"  # where the finder is defined that goes through sys.path


@attrs.frozen
class EntryPoint:
    """One line of an ``entry_points.txt``.

    Attributes:
        distribution, version: Of what it belongs to; ``?`` where that does not say.
    """

    name: str
    value: str
    distribution: str = UNKNOWN
    version: str = UNKNOWN

    @property
    def module(self) -> str:
        """The module it names; ``ValueError`` where it names none."""
        return self._parsed()["module"]

    def load(self) -> object:
        """Import what it names. Raises whatever that raises."""
        found = self._parsed()
        return reduce(getattr, filter(None, (found["attr"] or "").split(".")), import_module(found["module"]))

    def _parsed(self) -> re.Match[str]:
        found = _VALUE.match(self.value)
        if found is None:
            raise ValueError(f"{self.value!r} does not match MODULE or MODULE:OBJECT")
        return found


def entry_points(group: str) -> list[EntryPoint]:
    """Return those of *group*. Of two copies of a distribution the first on ``sys.path`` counts, as for imports."""
    try:
        return _in_folders(group)
    except _NotPlain:
        return _as_python_finds_them(group)


class _NotPlain(Exception):
    """There is more on the path than folders."""


def _in_folders(group: str) -> list[EntryPoint]:
    if any(hasattr(each, "find_distributions") and each.__module__ != _PYTHONS_OWN for each in sys.meta_path):
        raise _NotPlain
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        for info in _infos(folder or "."):
            name = re.sub(r"[-_.]+", "-", info.name.partition("-")[0]).lower()
            if name not in seen:
                seen.add(name)
                found += _of(info, group)
    return found


def _infos(folder: str) -> Iterator[Path]:
    if folder.endswith(".egg"):
        raise _NotPlain
    try:
        with os.scandir(folder) as entries:
            yield from [Path(each.path) for each in entries if each.name.lower().endswith(_ENDS)]
    except NotADirectoryError:
        raise _NotPlain from None
    except OSError:  # most often there is no such folder
        return


def _of(info: Path, group: str) -> Iterator[EntryPoint]:
    named = list(_named_in(_lines(info / "entry_points.txt"), group))
    if named:
        distribution, version = _identity(info)
        for name, value in named:
            yield EntryPoint(name, value, distribution, version)


def _named_in(lines: list[str], group: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif section == group and not line.startswith("#") and "=" in line:
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _identity(info: Path) -> tuple[str, str]:
    """Return name and version; damaged metadata of one distribution must not hide all the others."""
    said: dict[str, str] = {}
    for line in _lines(info / _INFOS[info.suffix.lower()]):
        if not line.strip():
            break  # what follows is the description
        name, _, value = line.partition(":")
        said.setdefault(name.lower(), value.strip())
    return said.get("name") or UNKNOWN, said.get("version") or UNKNOWN


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _as_python_finds_them(group: str) -> list[EntryPoint]:
    from importlib import metadata

    found = []
    for each in metadata.entry_points(group=group):
        try:
            distribution, version = (each.dist.name, each.dist.version) if each.dist else (UNKNOWN, UNKNOWN)
        except Exception:  # noqa: BLE001 -- importlib.metadata promises nothing about files that lie
            distribution, version = UNKNOWN, UNKNOWN
        found.append(EntryPoint(each.name, each.value, distribution or UNKNOWN, version or UNKNOWN))
    return found
