from __future__ import annotations

from math import inf, nan

import pytest

from korproxy.builtin.commands.look.figures import amount, number, part, took


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.00000412, "0.00412 ms"),
        (0.0015, "1.5 ms"),
        (0.9994, "999 ms"),
        (0.99951, "1 s"),
        (1.2345, "1.23 s"),
        (99.96, "100 s"),
        (119.4, "119 s"),
        (119.6, "1.99 min"),
        (9000, "150 min"),
        (None, "-"),
        ("1", "-"),
        (nan, "-"),
    ],
)
def test_durations_have_three_digits(seconds: object, said: str) -> None:
    assert took(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 k"),
        (12_345, "12.3 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (7.2e9, "7.2 G"),
        (None, "0"),
    ],
)
def test_amounts_have_three_digits(count: object, said: str) -> None:
    assert amount(count) == said


def test_what_is_no_number_counts_as_none() -> None:
    said: list[object] = [3, 2.5, None, "3", [], nan, inf]
    assert [number(each) for each in said] == [3, 2.5, 0, 0, 0, 0, 0]


def test_what_is_no_object_is_an_empty_one() -> None:
    said: list[object] = [{"a": {"b": 1}}, {"a": 1}, {}, None, [1]]
    assert [part(found, "a") for found in said] == [{"b": 1}, {}, {}, {}, {}]
