from __future__ import annotations

import re

from korproxy.gateway.repro_words import CHOICES, NAMES, SETTINGS


def test_the_words_are_words() -> None:
    assert [each for each in NAMES if not re.fullmatch(r"\$?[A-Za-z_][A-Za-z0-9_]*", each)] == []
    assert [each for words in CHOICES.values() for each in words if not re.fullmatch(r"[A-Za-z0-9_./+-]{1,60}", each)] == []


def test_what_has_a_meaning_is_a_name() -> None:
    assert set() == SETTINGS - NAMES
    assert CHOICES.keys() - NAMES == set()


def test_what_all_formats_need_is_there() -> None:
    assert {"model", "messages", "contents", "input", "tools", "stream", "thinking", "generationConfig"} <= NAMES
    assert {"user", "assistant", "system", "tool", "model"} <= CHOICES["role"]
    assert {"text", "image_url", "tool_use", "tool_result", "function", "object", "input_text"} <= CHOICES["type"]


def test_nothing_that_clients_write_is_taken_for_a_choice() -> None:
    assert CHOICES.keys() & {"text", "content", "input", "instructions", "arguments", "data", "model"} == set()
