from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.runtime.format_guess import CHAT, COMPLETIONS, GEMINI, MESSAGES, RESPONSES, guess_format

CORPUS = Path(__file__).parents[2] / "corpora" / "requests"
HELLO = [{"role": "user", "content": "Hello"}]
BLOCKS = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("format", "path"),
    [(folder, path) for folder in (CHAT, MESSAGES) for path in sorted((CORPUS / folder).glob("*.json"))],
    ids=lambda each: getattr(each, "stem", each),
)
def test_every_request_of_the_corpus_is_recognised(format: str, path: Path) -> None:  # noqa: A002 -- the word for it
    assert guess_format(json.loads(path.read_bytes())) == format


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messages": HELLO}, CHAT),
        ({"messages": HELLO, "max_tokens": 9}, CHAT),
        ({"messages": BLOCKS}, CHAT),
        ({"messages": BLOCKS, "max_tokens": 9}, MESSAGES),
        ({"messages": HELLO, "max_tokens": 9, "model": "claude-opus-5"}, MESSAGES),
        ({"messages": HELLO, "model": "claude-opus-5"}, CHAT),  # Messages wants max_tokens
        ({"messages": HELLO, "system": "Be brief."}, MESSAGES),
        ({"messages": HELLO, "system": None}, CHAT),
        ({"messages": HELLO, "tools": [{"name": "a", "input_schema": {}}]}, MESSAGES),
        ({"messages": HELLO, "tools": [{"type": "bash_20250124", "name": "bash"}]}, MESSAGES),
        ({"messages": HELLO, "tools": [{"type": "function", "function": {"name": "a"}}]}, CHAT),
        ({"messages": HELLO, "tools": [{"type": "function", "name": "a", "parameters": {}}]}, CHAT),
        ({"messages": [{"role": "developer", "content": "Be brief."}]}, CHAT),
        ({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]}]}, MESSAGES),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}], "max_tokens": 9}, CHAT),
        ({"messages": HELLO, "thinking": {"type": "enabled"}, "stop": ["x"], "seed": 1}, CHAT),
        ({"contents": []}, GEMINI),
        ({"input": "Hello"}, RESPONSES),
        ({"input": "Hello", "prompt": {"id": "pmpt_1"}}, RESPONSES),
        ({"prompt": "Hello"}, COMPLETIONS),
        ({"prompt": ["Hello"], "max_tokens": 9}, COMPLETIONS),
        ({}, CHAT),
    ],
)
def test_a_body_is_what_its_fields_say(body: dict[str, Any], expected: str) -> None:
    assert guess_format(body) == expected


@given(
    st.dictionaries(st.sampled_from(["messages", "tools", "system", "model", "n", "max_tokens", "contents", "prompt"]), JSON)
)
def test_something_is_guessed_whatever_the_body_is(body: dict[str, Any]) -> None:
    assert guess_format(body) in {CHAT, MESSAGES, RESPONSES, GEMINI, COMPLETIONS}
