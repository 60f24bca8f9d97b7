"""Values know where they stand, and say what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from korproxy_conformance.place import Place, parsed
from korproxy_conformance.wrong import Words, Wrong, same, shown

DOCUMENT = parsed(b'{"a": [{"b/c": 7, "d": null, "e": "", "f": "{\\"x\\": 1}", "g": "{"}], "t": true, "n": -1}', "event 3 /")
INNER = DOCUMENT["a"].only()


def complaint(check: Callable[[], object]) -> str:
    with pytest.raises(Wrong) as caught:
        check()
    return str(caught.value)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (INNER["b/c"].text, "expected a text; came 7 at event 3 /a/0/b~1c"),
        (INNER["e"].word, 'expected a text that is not empty; came "" at event 3 /a/0/e'),
        (lambda: INNER["z"], "expected a member 'z'; came only 'b/c', 'd', 'e', 'f', 'g' at event 3 /a/0"),
        (DOCUMENT["t"].count, "expected a whole number, not negative; came true at event 3 /t"),
        (DOCUMENT["n"].count, "expected a whole number, not negative; came -1 at event 3 /n"),
        (DOCUMENT["n"].items, "expected an array; came -1 at event 3 /n"),
        (lambda: DOCUMENT["n"].find("x"), "expected an object; came -1 at event 3 /n"),
        (lambda: DOCUMENT["t"].equals(1), "expected 1; came true at event 3 /t"),
        (lambda: INNER["e"].one_of(("b", "a")), 'expected one of a, b; came "" at event 3 /a/0/e'),
        (lambda: Place([]).only(), "expected an array of one element; came [] at /"),
        (INNER["d"].arguments, "expected a text; came null at event 3 /a/0/d"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(check: Callable[[], object], words: str) -> None:
    assert complaint(check) == words


def test_arguments_are_an_object_in_a_text() -> None:
    assert INNER["f"].arguments() == {"x": 1}
    assert complaint(INNER["g"].arguments).endswith("at event 3 /a/0/g (parsed)")
    assert complaint(Place("7").arguments) == "expected an object; came 7 at / (parsed)"


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1, "a": 2}', b"[NaN]", b'"\xff"', b"[" * 100_000])
def test_what_is_no_json_is_seen(data: bytes) -> None:
    assert complaint(lambda: parsed(data)).startswith("expected JSON; came ")


def test_numbers_keep_all_their_digits() -> None:
    assert parsed(b"9007199254740993").value == 9007199254740993


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([1], (1,)), ({"a": 1}, {"a": True}), (None, 0)])
def test_what_python_takes_for_the_same_is_not(one: object, other: object) -> None:
    assert complaint(lambda: same(one, other)).startswith("expected ")
    same(one, one)


def test_what_is_long_is_cut_and_stays_on_one_line() -> None:
    assert shown("x" * 500) == '"' + "x" * 158 + "…"
    assert shown(Words("a\n  b")) == "a b"
