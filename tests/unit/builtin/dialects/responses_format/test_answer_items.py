"""The items of answers of providers."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.answer_items import made_up_id, read_item, thoughts
from tests.unit.builtin.dialects.responses_format.said import call, message, reasoning


def parts(item: dict[str, Any]) -> list[chat.Part]:
    return list(read_item(item, "made_up"))


PAGE = chat.Citation(url="https://a.example", title="A", start=0, end=1)
CITED = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1}


def test_a_message_has_its_texts_and_what_they_cite() -> None:
    cited = {"type": "output_text", "text": "b", "annotations": [{"type": "file_path"}, CITED]}
    odd = [{"type": "new_part", "text": "x"}, {"type": ["text"], "text": "y"}, 7, {"type": "output_text", "text": None}]
    item = message("a") | {"content": [*message("a")["content"], cited, *odd, {"type": "refusal", "refusal": "No."}]}

    assert parts(item) == [chat.Text(text="a"), chat.Text(text="b", citations=(PAGE,)), chat.Refusal(text="No.")]


def test_servers_that_call_a_text_just_text_are_understood() -> None:
    assert parts(message("a") | {"content": [{"type": "text", "text": "b"}]}) == [chat.Text(text="b")]


def test_reasoning_shows_its_summary_else_its_text() -> None:
    raw = [{"type": "reasoning_text", "text": "Hmm"}]

    assert thoughts(reasoning("a", "", "b", content=raw)) == ("summary", ["a", "b"])
    assert thoughts(reasoning("", content=raw)) == ("content", ["Hmm"])
    assert thoughts(reasoning()) == ("summary", [])


def test_reasoning_that_says_nothing_is_nothing() -> None:
    assert parts(reasoning(encrypted_content=None)) == []


def test_a_call_in_a_namespace_has_one_name() -> None:
    assert parts(call(namespace="files", id="", call_id="")) == [chat.ToolCall(id="made_up", name="files__read")]


def test_arguments_that_are_no_text_become_one() -> None:
    assert parts(call() | {"arguments": {"a": 1}}) == [chat.ToolCall(id="call_1", name="read", arguments='{"a":1}')]


def test_a_call_without_a_name_is_unreadable() -> None:
    with pytest.raises(chat.Unreadable):
        parts(call(name=""))


@pytest.mark.parametrize(
    "kind", ["web_search_call", "image_generation_call", "compaction", "mcp_call", "new_item", ["odd"], None]
)
def test_what_the_provider_runs_itself_says_nothing(kind: Any) -> None:
    assert parts({"type": kind, "id": "x_1", "result": "iVBO", "encrypted_content": "gA"}) == []


def test_a_made_up_id_fits_everywhere() -> None:
    assert (made_up_id("", 0), made_up_id("resp:1", 3)) == ("call_x_0", "call_resp_1_3")
    assert len(made_up_id("x" * 99, 10)) <= 64
