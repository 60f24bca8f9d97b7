"""Two spellings of one field."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.fields import spelled


@pytest.mark.parametrize(
    ("value", "name", "key"),
    [
        ({"systemInstruction": 1}, "systemInstruction", "systemInstruction"),
        ({"system_instruction": 1}, "systemInstruction", "system_instruction"),
        ({"system_instruction": 1, "systemInstruction": 2}, "systemInstruction", "systemInstruction"),
        ({}, "systemInstruction", "systemInstruction"),
        ({"response_json_schema": 1}, "responseJsonSchema", "response_json_schema"),
        ({"text": 1}, "text", "text"),
    ],
)
def test_edge_47_a_field_is_found_in_either_spelling(value: dict[str, int], name: str, key: str) -> None:
    assert spelled(chat.Fields(value, "", chat.Report()), name) == key
