"""No code is only a promise: each one is used by the program, and a marked test makes the program say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import attrs
import pytest

from korproxy.errors.catalogue import BUILTIN_CODES

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"KP-[A-Z]+-\d{3}")
REGISTERED = frozenset(each.code for each in BUILTIN_CODES)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@attrs.frozen
class Claim:
    """One ``pytest.mark.code`` on a test. ``asserted``: the code stands in the test once more than in the marker."""

    code: str
    test: str
    asserted: bool


def claims_in(source: str) -> Iterator[Claim]:
    """Yield the codes that the tests in *source* claim to provoke, by marker or by the marks of a parameter.

    What a test uses of its module counts as part of it: a list of parameters, a constant, a helper that asserts.
    """
    tree = ast.parse(source)
    named = dict(_named_in(tree))
    for test in ast.walk(tree):
        if isinstance(test, FUNCTIONS) and test.name.startswith("test_"):
            yield from _claims_of(test, named)


def _named_in(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, FUNCTIONS) and not node.name.startswith("test_"):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield target.id, node.value


def _claims_of(test: ast.FunctionDef | ast.AsyncFunctionDef, named: Mapping[str, ast.AST]) -> Iterator[Claim]:
    text = [test, *_meant_by(test, named)]
    nodes = [node for each in text for node in ast.walk(each)]
    markers = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.code")]
    apart = {id(inner) for marker in markers for inner in ast.walk(marker)} | _remarks(nodes)
    said = {code for node in nodes if id(node) not in apart for code in _codes_of(node)}
    for marker in markers:
        written_out = [code for argument in marker.args for code in _codes_of(argument)]
        for code in written_out or [ast.unparse(marker)]:  # a code that is computed cannot be counted on
            yield Claim(code, test.name, code in said)


def _meant_by(node: ast.AST, named: Mapping[str, ast.AST]) -> Iterator[ast.AST]:
    """Yield the values of the module's names that *node* uses, and of those that they use."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in named:
            yield named[inner.id]
            yield from _meant_by(named[inner.id], {name: value for name, value in named.items() if name != inner.id})


def codes_used_in(source: str) -> set[str]:
    """Return the codes in the strings of *source*, f-strings included, docstrings and comments not."""
    nodes = [*ast.walk(ast.parse(source))]
    remarks = _remarks(nodes)
    return {code for node in nodes if id(node) not in remarks for code in _codes_of(node)}


def _remarks(nodes: Iterable[ast.AST]) -> set[int]:
    """Return the ids of strings that stand by themselves: docstrings."""
    return {id(node.value) for node in nodes if isinstance(node, ast.Expr)}


def _codes_of(node: ast.AST) -> list[str]:
    return CODE.findall(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _texts(files: Iterable[Path]) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in files)


@cache
def _claims() -> list[Claim]:
    """Return all of them; a file in which nothing is marked need not be taken apart."""
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "plugins").glob("*/tests/**/test_*.py")]
    return [claim for text in _texts(sorted(files)) if "mark.code" in text for claim in claims_in(text)]


def _source_files() -> list[Path]:
    catalogue = ROOT / "korproxy" / "errors" / "catalogue"
    return sorted(path for path in (ROOT / "korproxy").rglob("*.py") if catalogue not in path.parents)


def test_every_code_is_provoked_by_a_test() -> None:
    missing = sorted(REGISTERED - {claim.code for claim in _claims()})
    assert missing == [], f"{len(missing)} codes have no test marked with them: {', '.join(missing)}"


def test_every_marked_test_names_a_real_code_and_asserts_it() -> None:
    wrong = [claim for claim in _claims() if claim.code not in REGISTERED or not claim.asserted]
    lines = [
        f"{claim.test}: "
        + (f"{claim.code} is only in its marker" if claim.code in REGISTERED else f"no such code: {claim.code}")
        for claim in wrong
    ]
    assert lines == [], "\n".join(lines)


def test_every_code_is_used_by_the_program() -> None:
    used = {code for text in _texts(_source_files()) for code in codes_used_in(text)}
    idle = sorted(REGISTERED - used)
    assert idle == [], f"{len(idle)} codes are raised nowhere in korproxy/: {', '.join(idle)}"


def test_every_code_in_the_program_is_registered() -> None:
    unknown = sorted(
        f"{code} in {path.relative_to(ROOT)}"
        for path in _source_files()
        for code in set(CODE.findall(path.read_text(encoding="utf-8"))) - REGISTERED
    )
    assert unknown == [], f"{len(unknown)} are not in the registry: {', '.join(unknown)}"


A, B = "KP-SYS-501", "KP-NET-301"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test_a(): assert x == 'KP-SYS-501'", []),
        ("@pytest.mark.code('KP-SYS-501')\ndef test_a(): assert x == 'KP-SYS-501'", [(A, True)]),
        ("@pytest.mark.code('KP-SYS-501')\nasync def test_a(): assert x == 'KP-SYS-501'", [(A, True)]),
        ("@pytest.mark.code('KP-SYS-501')\ndef test_a(): assert True", [(A, False)]),
        ("@pytest.mark.code('KP-SYS-501')\ndef test_a():\n    'KP-SYS-501'\n    # KP-SYS-501\n    assert True", [(A, False)]),
        ("@pytest.mark.code('KP-SYS-501')\ndef test_a(): assert b'[KP-SYS-501]' in x, f'{y} KP-SYS-501: z'", [(A, True)]),
        ("@mark.code('KP-SYS-501')\n@mark.code('KP-NET-301')\ndef test_a(): assert x == 'KP-NET-301'", [(A, False), (B, True)]),
        ("@pytest.mark.code('KP-SYS-501')\ndef helper(): ...", []),
        ("class TestIt:\n    @pytest.mark.code('KP-SYS-501')\n    def test_a(self): assert x == 'KP-SYS-501'", [(A, True)]),
        (
            "@parametrize('x', [param(1, 'KP-SYS-501', marks=pytest.mark.code('KP-SYS-501'))])\ndef test_a(x): ...",
            [(A, True)],
        ),
        ("@parametrize('x', [param(1, marks=[mark.slow, mark.code('KP-SYS-501')])])\ndef test_a(x): ...", [(A, False)]),
        ("X = [param('KP-SYS-501', marks=mark.code('KP-SYS-501'))]\n@parametrize('x', X)\ndef test_a(x): ...", [(A, True)]),
        ("X: list = [param(marks=mark.code('KP-SYS-501'))]\n@parametrize('x', [*X, 2])\ndef test_a(x): ...", [(A, False)]),
        ("def check(x): assert x == 'KP-SYS-501'\n@mark.code('KP-SYS-501')\ndef test_a(): check(1)", [(A, True)]),
        ("X = 'KP-SYS-501'\n@mark.code('KP-SYS-501')\ndef test_a(): assert x == X", [(A, True)]),
        ("@parametrize('x', [param(c, marks=mark.code(c)) for c in ALL])\ndef test_a(x): ...", [("mark.code(c)", False)]),
    ],
)
def test_planted_claims_are_read(source: str, expected: list[tuple[str, bool]]) -> None:
    assert [(claim.code, claim.asserted) for claim in claims_in(source)] == expected


def test_planted_uses_are_read() -> None:
    source = '"""KP-SYS-501."""\nraise X("KP-NET-301")  # KP-NET-302\ny = f"{z} KP-NET-303"\n"""KP-SYS-502"""\n'
    assert codes_used_in(source) == {"KP-NET-301", "KP-NET-303"}
