"""Every module has its unit tests, and every unit test its module, at the same place under tests/unit."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
NOT_MIRRORED = {"__init__.py", "__main__.py"}


def mirror(module: PurePosixPath) -> PurePosixPath:
    """Return where the tests of ``a/b.py`` belong: ``a/test_b.py``."""
    return module.with_name(f"test_{module.name}")


def unlike(modules: Iterable[PurePosixPath], tests: Iterable[PurePosixPath]) -> list[str]:
    """Return what lacks its counterpart; paths are relative to ``korproxy`` and ``tests/unit``."""
    wanted = {mirror(each): each for each in modules if each.name not in NOT_MIRRORED}
    there = {each for each in tests if each.name.startswith("test_")}
    missing = [f"korproxy/{wanted[each]} has no tests/unit/{each}" for each in wanted.keys() - there]
    orphans = [f"tests/unit/{each} has no module in korproxy" for each in there - wanted.keys()]
    return sorted(missing) + sorted(orphans)


def cases_in(source: str) -> list[str]:
    """Return the names of the test functions in *source*."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, functions) and node.name.startswith("test_")]


def code_in(source: str) -> list[str]:
    """Return the functions and classes that *source* defines."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, definitions)]


def _files(folder: Path) -> list[PurePosixPath]:
    return [PurePosixPath(path.relative_to(folder).as_posix()) for path in folder.rglob("*.py")]


def test_modules_and_unit_tests_mirror_each_other() -> None:
    assert unlike(_files(ROOT / "korproxy"), _files(ROOT / "tests" / "unit")) == []


def test_no_unit_test_file_is_empty() -> None:
    files = (ROOT / "tests" / "unit").rglob("test_*.py")
    assert [str(path.relative_to(ROOT)) for path in files if not cases_in(path.read_text(encoding="utf-8"))] == []


def test_what_is_not_mirrored_holds_no_code_of_its_own() -> None:
    files = [path for path in (ROOT / "korproxy").rglob("*.py") if path.name in NOT_MIRRORED]
    assert [str(path.relative_to(ROOT)) for path in files if code_in(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("modules", "tests", "expected"),
    [
        (["api.py", "a/b.py", "a/__init__.py", "__main__.py"], ["test_api.py", "a/test_b.py", "conftest.py", "a/words.py"], []),
        (["a/b.py"], [], ["korproxy/a/b.py has no tests/unit/a/test_b.py"]),
        ([], ["a/test_b.py"], ["tests/unit/a/test_b.py has no module in korproxy"]),
        (
            ["a/b.py"],
            ["test_b.py"],
            ["korproxy/a/b.py has no tests/unit/a/test_b.py", "tests/unit/test_b.py has no module in korproxy"],
        ),
    ],
)
def test_a_planted_gap_is_found(modules: list[str], tests: list[str], expected: list[str]) -> None:
    assert unlike(map(PurePosixPath, modules), map(PurePosixPath, tests)) == expected


def test_planted_code_and_planted_emptiness_are_seen() -> None:
    assert cases_in("async def test_a(): ...\ndef helper(): ...") == ["test_a"]
    assert code_in("from a import b\nX = (b,)\ndef f(): ...\nclass C: ...") == ["f", "C"]
