"""Who may import whom. This table is the architecture; docs/explain/architecture.md is its picture.

Every import counts: inside functions, under ``TYPE_CHECKING``, relative, and by ``import_module`` with a name written out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "korproxy").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))

LAYERS = (  # lowest first; a room imports what stands on lower floors, and itself; never its neighbours
    ("spared",),
    ("errors",),
    ("models",),
    ("net",),
    ("chat",),
    ("contracts",),
    ("hookspecs",),
    ("kit",),
    ("api",),
    ("config", "plugins", "store", "gateway"),
    ("server",),
    ("runtime",),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: floor for floor, rooms in enumerate(LAYERS) for room in rooms}
OPEN_TO_ALL = "version"
THE_DOOR = "api"  # all that plugins may see, the built-in ones included

ONLY_IN = {  # a package of others -> the rooms that may use it
    "quart": {"server"},
    "quart_trio": {"server"},
    "werkzeug": {"server"},  # comes with quart, whose exceptions are its own
    "hypercorn": {"server", "runtime"},
    "httpx": {"net"},
    "httpcore": set[str](),
    "click": {"cli", "builtin.commands"},
    "pluggy": {"hookspecs", "plugins"},
    "peewee": {"store"},
    "psycopg": {"store"},
    "sqlite3": {"store"},
    "tomllib": {"config"},
    "os.environ": {"config"},
    "os.environb": {"config"},
    "os.getenv": {"config"},
    "os.putenv": set[str](),
    "outcome": {"net"},  # Trio's own
    "asyncio": set[str](),
    "trio_typing": set[str](),
}
TYPES_ONLY_IN = {"click": {"contracts"}}  # there under TYPE_CHECKING
NOWHERE = {name for name, rooms in ONLY_IN.items() if not rooms}
EVERYWHERE = {"attrs", "cattrs", "httptools", "msgspec", "platformdirs", "rich", "tomli_w", "trio"}


@attrs.frozen
class Import:
    """One name that a module brings in, written out in full."""

    name: str
    line: int
    typing: bool = False  # under TYPE_CHECKING
    by_name: bool = False  # import_module("...")


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Yield everything that *source*, the text of *module*, imports, and its uses of ``os.environ`` and the like."""
    tree = ast.parse(source)
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and _is_type_checking(node)]
    typing = {id(inner) for block in blocks for each in block.body for inner in ast.walk(each)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found = [each.name for each in names]
            case ast.ImportFrom():
                base = _base(node, module, is_package=is_package)
                found = [f"{base}.{each.name}" for each in node.names]
            case ast.Attribute(value=ast.Name(id="os"), attr=attr) if f"os.{attr}" in ONLY_IN:
                found = [f"os.{attr}"]
            case ast.Call(args=[ast.Constant(value=str(text)), *_]) if _called(node) in {"import_module", "__import__"}:
                found = [text]
            case _:
                continue
        for name in found:
            yield Import(name, node.lineno, id(node) in typing, isinstance(node, ast.Call))


def violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Return what *module* of ``korproxy`` imports against the table, each with its line."""
    place = module.removeprefix("korproxy").removeprefix(".")
    room = place.split(".")[0]
    if room not in FLOOR and room not in {"builtin", OPEN_TO_ALL, ""}:
        return [f"{module}: the table has no room {room!r}"]
    found = imports_of(source, module, is_package=is_package)
    return [f"{module}:{each.line}: {wrong}" for each in found if (wrong := _verdict(each, room, place))]


def plugin_violations(source: str, name: str) -> list[str]:
    """Return what the module *name* of a separately installed plugin imports and may not."""
    wrong = []
    for each in imports_of(source, name):
        top, _, rest = each.name.partition(".")
        if top == "korproxy" and rest.split(".")[0] != THE_DOOR:
            wrong.append(f"{name}:{each.line}: a plugin may import korproxy.api only, not {each.name}")
        elif top in NOWHERE:
            wrong.append(f"{name}:{each.line}: {top} may be used nowhere")
    return wrong


def _verdict(each: Import, room: str, place: str) -> str | None:
    top, _, rest = each.name.partition(".")
    if top == "korproxy":
        return _verdict_inside(each, rest.split("."), room, place)
    key = next((key for key in ONLY_IN if f"{each.name}.".startswith(f"{key}.")), None)
    if key is not None:
        allowed = ONLY_IN[key] | (TYPES_ONLY_IN.get(key, set()) if each.typing else set())
        at_home = any(f"{place}.".startswith(f"{home}.") for home in allowed)
        return None if at_home else f"{key} may be used {'only in ' + ', '.join(sorted(allowed)) if allowed else 'nowhere'}"
    known = top in sys.stdlib_module_names or top in EVERYWHERE
    return None if known else f"{top} is not in the table: may it be used everywhere, or where?"


def _verdict_inside(each: Import, wanted: list[str], room: str, place: str) -> str | None:
    target = wanted[0]
    if target == OPEN_TO_ALL:
        return None
    if room in {"", OPEN_TO_ALL}:
        fine, why = False, f"{place or 'korproxy/__init__.py'} imports nothing"
    elif room == "builtin":
        own_kind = wanted[:2] == place.split(".")[:2]  # say, builtin.dialects: a dialect may be more than one module
        fine, why = target == THE_DOOR or own_kind, f"a built-in may import korproxy.api only, not {each.name}"
    elif target == "builtin":
        fine, why = room == "plugins" and each.by_name, "nobody imports korproxy.builtin: the plugin host finds it by name"
    elif target not in FLOOR:
        fine, why = False, f"the table has no room {target!r}"
    else:
        fine = target == room or FLOOR[target] < FLOOR[room]
        why = f"{room} may not import {target}: " + ("a sibling" if FLOOR[target] == FLOOR[room] else "it stands above")
    return None if fine else why


def _is_type_checking(node: ast.If) -> bool:
    return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).split(".")[-1]


def _base(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """Return the module that a ``from`` import names, dots resolved."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if is_package else node.level
    return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert violations(text, _module(path, ROOT), is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_plugins_use_only_the_door(path: Path) -> None:
    assert plugin_violations(path.read_text(encoding="utf-8"), _module(path, ROOT)) == []


def test_the_table_and_the_package_say_the_same() -> None:
    stated = (ROOT / "korproxy" / "__init__.py").read_text(encoding="utf-8")
    in_order = [room for rooms in LAYERS for room in rooms if room != "__main__"]
    picture = stated[stated.index("spared ->") : stated.index("``config``")]
    assert [word for word in picture.replace("|", " ").split() if word.isalpha()] == in_order


PLANTED = [  # module, its text, a piece of what the table must say to it
    ("korproxy.spared", "import korproxy.errors.codes", "spared may not import errors: it stands above"),
    ("korproxy.errors.codes", "import korproxy.models.calls", "errors may not import models: it stands above"),
    ("korproxy.models.calls", "from korproxy.chat import turns", "models may not import chat"),
    ("korproxy.net.pool", "from korproxy.chat import turns", "net may not import chat: it stands above"),
    ("korproxy.chat.turns", "from korproxy.contracts import Provider", "chat may not import contracts"),
    ("korproxy.contracts", "from korproxy import hookspecs", "contracts may not import hookspecs"),
    ("korproxy.hookspecs", "from korproxy.kit.refusals import x", "hookspecs may not import kit"),
    ("korproxy.kit.refusals", "from korproxy.api import Account", "kit may not import api"),
    ("korproxy.api", "from korproxy.gateway.gate import Gate", "api may not import gateway"),
    ("korproxy.config.loading", "from korproxy.plugins.host import x", "config may not import plugins: a sibling"),
    ("korproxy.plugins.host", "from korproxy.gateway import gate", "plugins may not import gateway: a sibling"),
    ("korproxy.store.tables", "from korproxy.config import settings", "store may not import config: a sibling"),
    ("korproxy.gateway.gate", "from korproxy.store import tables", "gateway may not import store: a sibling"),
    ("korproxy.gateway.gate", "from korproxy.server import front", "gateway may not import server: it stands above"),
    ("korproxy.server.front", "from korproxy.runtime import main", "server may not import runtime"),
    ("korproxy.runtime.main", "from korproxy.cli import run", "runtime may not import cli"),
    ("korproxy.cli.run", "import korproxy.builtin.commands.init", "nobody imports korproxy.builtin"),
    ("korproxy.plugins.host", "from korproxy.builtin import providers", "nobody imports korproxy.builtin"),
    ("korproxy.runtime.main", "import_module('korproxy.builtin.sinks')", "nobody imports korproxy.builtin"),
    ("korproxy.builtin.providers.claude", "from korproxy.kit.refusals import x", "a built-in may import korproxy.api only"),
    ("korproxy.builtin.providers.claude", "from ..dialects import x", "a built-in may import korproxy.api only"),
    ("korproxy.gateway.gate", "import korproxy", "the table has no room ''"),
    ("korproxy.gateway.gate", "from korproxy.cellar import wine", "the table has no room 'cellar'"),
    ("korproxy.cellar.wine", "", "the table has no room 'cellar'"),
    ("korproxy.version", "import korproxy.errors", "version imports nothing"),
    ("korproxy", "import korproxy.errors", "korproxy/__init__.py imports nothing"),
    # However it is written.
    ("korproxy.gateway.gate", "def f():\n    from korproxy.server import front", "gateway may not import server"),
    ("korproxy.gateway.gate", "if TYPE_CHECKING:\n    from korproxy.server import front", "gateway may not import server"),
    ("korproxy.gateway.gate", "from ..server import front", "gateway may not import server"),
    ("korproxy.gateway.gate", "from .. import server", "gateway may not import server"),
    (
        "korproxy.gateway.gate",
        "from korproxy.errors import codes\nimport korproxy.cli.run as r",
        "gate:2: gateway may not import cli",
    ),
    ("korproxy.gateway.gate", "importlib.import_module('korproxy.server')", "gateway may not import server"),
    ("korproxy.gateway.gate", "__import__('korproxy.server')", "gateway may not import server"),
    # What others wrote.
    ("korproxy.gateway.gate", "from quart import Quart", "quart may be used only in server"),
    ("korproxy.runtime.main", "import quart_trio", "quart_trio may be used only in server"),
    ("korproxy.runtime.main", "from werkzeug.exceptions import NotFound", "werkzeug may be used only in server"),
    ("korproxy.gateway.gate", "import hypercorn.config", "hypercorn may be used only in runtime, server"),
    ("korproxy.cli.status", "import httpx", "httpx may be used only in net"),
    ("korproxy.server.front", "from httpcore import ConnectError", "httpcore may be used nowhere"),
    ("korproxy.server.front", "from outcome import Value", "outcome may be used only in net"),
    ("korproxy.runtime.main", "import click", "click may be used only in builtin.commands, cli"),
    ("korproxy.contracts", "import click", "click may be used only in builtin.commands, cli"),
    ("korproxy.builtin.providers.claude", "import click", "click may be used only in builtin.commands, cli"),
    ("korproxy.runtime.main", "from pluggy import PluginManager", "pluggy may be used only in hookspecs, plugins"),
    ("korproxy.runtime.main", "import peewee", "peewee may be used only in store"),
    ("korproxy.gateway.gate", "import psycopg", "psycopg may be used only in store"),
    ("korproxy.cli.run", "import sqlite3", "sqlite3 may be used only in store"),
    ("korproxy.runtime.main", "import tomllib", "tomllib may be used only in config"),
    ("korproxy.runtime.main", "import os\nhome = os.environ['HOME']", "main:2: os.environ may be used only in config"),
    ("korproxy.runtime.main", "from os import environ", "os.environ may be used only in config"),
    ("korproxy.runtime.main", "os.environb", "os.environb may be used only in config"),
    ("korproxy.cli.main", "os.getenv('HOME')", "os.getenv may be used only in config"),
    ("korproxy.config.loading", "os.putenv('A', 'b')", "os.putenv may be used nowhere"),
    ("korproxy.runtime.main", "import asyncio", "asyncio may be used nowhere"),
    ("korproxy.runtime.main", "if TYPE_CHECKING:\n    from trio_typing import TaskStatus", "trio_typing may be used nowhere"),
    ("korproxy.runtime.main", "import requests", "requests is not in the table"),
]


@pytest.mark.parametrize(("module", "source", "expected"), PLANTED)
def test_a_planted_violation_is_caught(module: str, source: str, expected: str) -> None:
    found = violations(source, module)

    assert len(found) == 1
    assert expected in found[0]


def test_every_row_of_the_table_has_a_planted_violation() -> None:
    said = " ".join(expected for _, _, expected in PLANTED)

    assert [name for name in ONLY_IN if f"{name} may be used" not in said] == []
    assert [room for room in FLOOR if room not in {"cli", "__main__"} and f"{room} may not import" not in said] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("korproxy.errors.codes", "from korproxy.errors import exceptions"),
        ("korproxy.gateway.gate", "from . import frames"),
        ("korproxy.gateway.gate", "from korproxy.version import VERSION"),
        ("korproxy.server.front", "from korproxy.gateway.gate import Gate\nimport quart, hypercorn"),
        ("korproxy.runtime.main", "from korproxy.config import settings\nimport hypercorn.trio"),
        ("korproxy.net.httpx_transport", "import httpx"),
        ("korproxy.contracts", "if TYPE_CHECKING:\n    import click"),
        ("korproxy.plugins.host", "import_module('korproxy.builtin.providers')"),
        (
            "korproxy.builtin.commands.init",
            "import click\nfrom korproxy.api import Cli\nfrom korproxy.builtin.commands import words",
        ),
        ("korproxy.config.loading", "import os, tomllib\nos.environ"),
        ("korproxy.runtime.main", "import os\nos.getpid()"),
        ("korproxy.__main__", "from korproxy.cli.main import main"),
    ],
)
def test_what_the_table_allows_passes(module: str, source: str) -> None:
    assert violations(source, module) == []


def test_a_relative_import_of_a_package_counts_from_the_package_itself() -> None:
    assert violations("from . import gate", "korproxy.gateway", is_package=True) == []
    assert violations("from .. import server", "korproxy.gateway", is_package=True) != []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from korproxy.api import Provider, hookimpl", []),
        ("import korproxy.api as api\nimport h11, os, korproxy_hello", []),
        ("from korproxy import api", []),
        ("import korproxy", ["x:1: a plugin may import korproxy.api only, not korproxy"]),
        (
            "def f():\n    from korproxy.kit import refusals",
            ["x:2: a plugin may import korproxy.api only, not korproxy.kit.refusals"],
        ),
        ("from korproxy.apiary import bee", ["x:1: a plugin may import korproxy.api only, not korproxy.apiary.bee"]),
        ("import asyncio", ["x:1: asyncio may be used nowhere"]),
    ],
)
def test_planted_imports_of_a_plugin_are_judged(source: str, expected: list[str]) -> None:
    assert plugin_violations(source, "x") == expected
