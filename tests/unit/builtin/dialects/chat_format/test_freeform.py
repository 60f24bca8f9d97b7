"""The input of tools that are called with bare text."""

from __future__ import annotations

import pytest

from korproxy.builtin.dialects.chat_format.freeform import bare_text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"input": "*** Begin \\"Patch\\"\\n+é"}', '*** Begin "Patch"\n+é'),
        ('{"input": ""}', ""),
        ("*** Begin Patch", "*** Begin Patch"),
        ('{"input": 7}', '{"input": 7}'),
        ('{"patch": "a"}', '{"patch": "a"}'),
        ('["a"]', '["a"]'),
        ("", ""),
    ],
)
def test_the_text_is_taken_out_of_its_object_and_bare_text_is_one_already(arguments: str, expected: str) -> None:
    assert bare_text(arguments) == expected
