from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.kit.patterns import fits


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("claude-opus-5", "claude-*", True),
        ("claude-", "claude-*", True),
        ("org/claude-opus", "claude-*", False),
        ("Claude-opus", "claude-*", False),
        ("", "*", True),
        ("model[1m]-x", "model[1m]-*", True),
        ("model1-x", "model[1m]-*", False),
        ("modelm-x", "model[1m]-*", False),
        ("a?c", "a?c*", True),
        ("abc", "a?c*", False),
        ("line\nbreak", "line*", True),
    ],
)
def test_only_the_star_stands_for_anything(name: str, pattern: str, expected: bool) -> None:
    assert fits(name, pattern) is expected


@given(st.text())
def test_every_name_fits_itself_whatever_is_in_it(name: str) -> None:
    assert fits(name, name)
