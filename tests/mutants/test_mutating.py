"""Faults are planted one at a time, and only where tests could notice them."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.__main__ import chosen
from tests.mutants.mutating import mutant, places

MODULE = '''
"""What it is."""

LIMIT: int = 3


def f(a: "int", *, b: str = "x") -> bool:
    """Promise."""
    report.lost(b, "why it is lost")
    if not a:
        raise ValueError("no a")
    return a == LIMIT and b in "xy"
'''


def faults(source: str) -> list[str]:
    return [f"{each.was} -> {each.now}" for each in (mutant(source, place) for place in places(source))]


def test_each_kind_of_fault_is_planted_once_where_it_can_show() -> None:
    assert faults(MODULE) == [
        "3 -> 4",
        "'x' -> 'xmutated'",
        "report.lost(b, 'why it is lost') -> pass",
        "not a -> a",
        "return a == LIMIT and b in 'xy' -> return None",
        "a == LIMIT and b in 'xy' -> a == LIMIT or b in 'xy'",
        "a == LIMIT -> a != LIMIT",
        "b in 'xy' -> b not in 'xy'",
        "'xy' -> 'xymutated'",
    ]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("x = a < b", "a < b -> a <= b"),
        ("x = a is b", "a is b -> a is not b"),
        ("x = a + b", "a + b -> a - b"),
        ("x = a if b else c", "a if b else c -> c if b else a"),
        ("x = True", "True -> False"),
        ("x = b'y'", "b'y' -> b'ymutated'"),
        ("x += y", "x += y -> pass"),
        ("f()", "f() -> pass"),
    ],
)
def test_a_fault_is_what_a_tired_person_might_write(code: str, fault: str) -> None:
    assert fault in faults(code)


def test_a_mutant_is_the_module_with_nothing_else_changed() -> None:
    changed = [mutant(MODULE, place).source.splitlines() for place in places(MODULE)]
    plain = ast.unparse(ast.parse(MODULE)).splitlines()

    assert [sum(now != was for now, was in zip(each, plain, strict=True)) for each in changed] == [1] * len(changed)


def test_the_seed_chooses_and_every_format_gets_its_share() -> None:
    first, again, other = chosen(8, 1), chosen(8, 1), chosen(8, 2)

    assert [each.name for each in first] == [each.name for each in again] != [each.name for each in other]
    assert [each.format for each in first] == sorted([*["anthropic-messages", "gemini", "openai-chat", "openai-responses"] * 2])
