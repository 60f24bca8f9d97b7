"""Lists of values."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.builtin.dialects.gemini_format.schema_values import of_type, texts, types_of


@pytest.mark.parametrize(
    ("values", "types"),
    [
        (["a", None], ("STRING",)),
        ([1, 2], ("INTEGER",)),
        ([1, 2.5], ("NUMBER",)),
        ([True, False], ("BOOLEAN",)),
        ([True, 1], ("STRING",)),
        (["a", 1], ("STRING",)),
        ([[1]], ("ARRAY",)),
        ([{}, "a"], ()),
        ([None], ("NULL",)),
    ],
)
def test_values_have_one_type_or_are_written_as_texts(values: list[Any], types: tuple[str, ...]) -> None:
    assert types_of(values) == types


def test_values_of_one_type_are_picked() -> None:
    assert of_type(["a", 1, 2.5, True, None], "STRING") == ["a"]
    assert of_type(["a", 1, 2.5, True, None], "NUMBER") == [1, 2.5]
    assert of_type(["a", 1, 2.5, True, None], "BOOLEAN") == [True]


def test_values_become_texts_once_each() -> None:
    assert texts(["a", 1, "1", True, 2.5, None]) == ["a", "1", "true", "2.5"]
    assert texts(["a", []]) is None
