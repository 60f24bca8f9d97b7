from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from korproxy.runtime.canary.planting import PIECE
from korproxy.runtime.canary.shapes import CONFIGURED, SHAPES, Shape, made_up, named


def test_there_are_more_than_twenty_shapes_with_names_of_their_own() -> None:
    assert len({each.name for each in SHAPES}) == len(SHAPES) >= 20


@given(st.sampled_from((*SHAPES, CONFIGURED)))
def test_all_that_is_hidden_is_in_the_text_made_of_letters_and_digits_and_long_enough_to_be_recognised(shape: Shape) -> None:
    secret = shape.make()

    assert secret.hidden
    assert [each for each in secret.hidden if each not in secret.text] == []
    assert [each for each in secret.hidden if len(each) < PIECE or not re.fullmatch("[A-Za-z0-9]+", each)] == []


def test_no_two_secrets_are_the_same() -> None:
    assert len({each.make().text for each in SHAPES for _ in range(20)}) == 20 * len(SHAPES)


def test_gaps_are_filled_with_what_they_stand_for() -> None:
    made = Shape(name="x", form="a-{14x}-{13u}-{12l}-{15}").make(lambda alphabet, length: alphabet[-1] * length)

    assert made.text == "a-ffffffffffffff-9999999999999-zzzzzzzzzzzz-999999999999999"
    assert made.hidden == ("f" * 14, "9" * 13, "z" * 12, "9" * 15)


def test_what_is_made_up_is_of_the_alphabet() -> None:
    assert set(made_up("ab", 200)) == {"a", "b"}


def test_shapes_are_had_by_their_names() -> None:
    assert [each.name for each in named(["private-key", "qwen-key"])] == ["qwen-key", "private-key"]
