"""Finds plugins without importing one: built-ins, installed ones, and the files of ``--plugins-dir``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import attrs

from korproxy.plugins.entry_points import EntryPoint, entry_points
from korproxy.version import VERSION

GROUP = "korproxy"  # of entry points
BUILTIN = Path(__file__).parents[1] / "builtin"
Origin = Literal["builtin", "installed", "file"]
ORDER: tuple[Origin, ...] = ("builtin", "installed", "file")  # in which plugins are loaded and asked
_UNTOLD = (OSError, ValueError, ImportError, AttributeError, AssertionError)  # its sources; the last two: it names no module


@attrs.frozen(kw_only=True)
class Found:
    """A plugin before it is imported: enough to list it, block it, or load it.

    Attributes:
        name: By which it is blocked, required and listed: ``providers.claude``, the entry point's name, the file's stem.
        version: ``?`` where the plugin does not say.
        location: Where it comes from, for people: a module, a distribution, a path.
        load: Imports it and returns the object whose functions are its hooks. Raises whatever the plugin raises.
        sources: Its Python files, as far as they can be told without an import.
    """

    name: str
    origin: Origin
    version: str
    location: str
    load: Callable[[], object] = attrs.field(repr=False, eq=False)
    sources: Callable[[], Iterable[Path]] = attrs.field(default=tuple, repr=False, eq=False)

    def mentions(self, word: str) -> bool:
        """Whether *word*, in any case, stands in its source text. All that can be known of a plugin that fails at import."""
        wanted = word.lower().encode()
        try:
            return any(wanted in path.read_bytes().lower() for path in self.sources())
        except _UNTOLD:
            return False

    def never_mentions(self, word: str) -> bool:
        """Whether all of its source text can be read and *word*, in any case, stands nowhere in it."""
        wanted = word.lower().encode()
        try:
            texts = [path.read_bytes().lower() for path in self.sources()]
        except _UNTOLD:
            return False
        return bool(texts) and not any(wanted in text for text in texts)


def find_all(folders: Iterable[Path] = (), *, installed: bool = True) -> list[Found]:
    """Return every plugin in the order in which they are loaded; ``--no-plugins`` is *installed* False and no *folders*."""
    found = [*find_builtin(), *(find_installed() if installed else ())]
    return found + [each for folder in folders for each in find_files(folder)]


def find_builtin(root: Path = BUILTIN, package: str = "korproxy.builtin") -> list[Found]:
    """Return the modules one folder below *root*, sorted, named ``folder.module``; those with a leading ``_`` are helpers."""
    paths = (path for path in root.glob("*/*.py") if not path.name.startswith("_"))
    found = []
    for name, path in sorted((f"{path.parent.name}.{path.stem}", path) for path in paths):
        module = f"{package}.{name}"
        load = partial(importlib.import_module, module)
        sources = partial(_only, path)
        found.append(Found(name=name, origin="builtin", version=VERSION, location=module, load=load, sources=sources))
    return found


def find_installed(group: str = GROUP) -> list[Found]:
    """Return the entry points of *group*, sorted by name.

    A distribution that is on ``sys.path`` twice counts once, and the first one wins, as for imports: an old copy of its
    metadata must not look like a second plugin.
    """
    found: dict[tuple[str, str, str], Found] = {}
    for point in entry_points(group):
        entry = Found(
            name=point.name,
            origin="installed",
            version=point.version,
            location=point.distribution,
            load=point.load,
            sources=partial(_files_of, point),
        )
        found.setdefault((point.name, point.distribution, point.value), entry)
    return [found[key] for key in sorted(found)]


def find_files(folder: Path) -> list[Found]:
    """Return the ``*.py`` files of *folder*, sorted by name; those with a leading ``_`` are left alone.

    A folder that is not there has no files: whoever takes its name from a user checks that it exists.
    """
    found = []
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            load, sources = partial(_import_file, path), partial(_only, path)
            found.append(Found(name=path.stem, origin="file", version="?", location=str(path), load=load, sources=sources))
    return found


def _import_file(path: Path) -> object:
    name = f"korproxy_plugins_dir_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # attrs and cattrs look a class's annotations up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _only(path: Path) -> Iterable[Path]:
    return (path,)


def _files_of(point: EntryPoint) -> Iterator[Path]:
    spec = importlib.util.find_spec(point.module.partition(".")[0])  # of a top-level name: imports nothing
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        yield from Path(folder).rglob("*.py")
    if spec.has_location and spec.origin is not None and not spec.submodule_search_locations:
        yield Path(spec.origin)
