"""The suite is written after the vendors' documents: it shares no line with what it tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import korproxy_conformance
import pytest

PACKAGE = Path(korproxy_conformance.__file__).parent
ALLOWED = {"attrs", "click", "httpx", "pluggy", "korproxy_conformance"}
STANDARD = {
    "base64", "binascii", "collections", "contextlib", "functools", "hashlib", "http", "importlib", "itertools", "json",
    "os", "pathlib", "re", "shlex", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "time", "types",
    "typing", "urllib", "__future__",
}  # fmt: skip


def imported(source: str) -> Iterator[str]:
    """Yield the top-level packages that *source* imports, wherever in it, also by name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (each.name.split(".")[0] for each in names)
            case ast.ImportFrom(module=module, level=level):
                yield "relative" if level else str(module).split(".")[0]
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in {"import_module", "__import__"}:
                yield "by name"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_of_korproxy_and_nothing_of_the_mock_is_imported(path: Path) -> None:
    assert set(imported(path.read_text())) - ALLOWED - STANDARD == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f():\n    import korproxy.api", {"korproxy"}),
        ("from korproxy_mock.server import MockServer", {"korproxy_mock"}),
        ("import importlib\nimportlib.import_module('korproxy')", {"importlib", "by name"}),
        ("from . import x", {"relative"}),
    ],
)
def test_a_planted_import_is_seen(source: str, found: set[str]) -> None:
    assert set(imported(source)) == found
