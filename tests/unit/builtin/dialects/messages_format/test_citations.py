"""Citations of Anthropic's models."""

from __future__ import annotations

import json
from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.answer_reader import read_answer
from korproxy.builtin.dialects.messages_format.answer_writer import write_answer
from korproxy.builtin.dialects.messages_format.citations import read_citations
from tests.unit.builtin.dialects.messages_format.said import ASKED, block, ended, heard, outline, started, text_block, told

PAGE = chat.Citation(url="https://a.example/", title="A", quote="As it says.")
SAID = {
    "type": "web_search_result_location",
    "url": "https://a.example/",
    "title": "A",
    "cited_text": "As it says.",
    "encrypted_index": "Eo8B",
}
DOCUMENT = {"type": "char_location", "document_index": 0, "cited_text": "x", "document_title": "a.pdf"}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND: dict[str, Any] = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}


def test_only_pages_of_the_web_say_something_to_others() -> None:
    assert list(read_citations([DOCUMENT, 7, SAID, {**SAID, "url": None}])) == [PAGE]
    assert list(read_citations({"url": "x"})) == []
    assert list(read_citations([{"url": "https://b.example/", "title": None}])) == [chat.Citation(url="https://b.example/")]


def test_a_block_rests_on_what_it_cites() -> None:
    content = [SEARCH, FOUND, {"type": "text", "text": "It rains.", "citations": [SAID]}, {"type": "text", "text": "So."}]
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": "end_turn"}

    assert read_answer(json.dumps(body).encode()).parts == (
        chat.Text(text="It rains.", citations=(PAGE,)),
        chat.Text(text="So."),
    )


def test_a_stream_cites_in_front_of_its_text_and_events_behind_it() -> None:
    cited = {"type": "citations_delta", "citation": SAID}
    said = {"type": "text_delta", "text": "It rains."}
    empty = {"type": "text", "text": "", "citations": []}
    searching = block(1, SEARCH, {"type": "input_json_delta", "partial_json": '{"query":"rain"}'}) + block(2, FOUND)
    stream = [started(), text_block(0, "I search."), searching, block(3, empty, cited, said), ended()]

    assert heard(*stream)[1:-1] == [
        chat.TextDelta("I search."),
        chat.TextEnded(),
        chat.TextDelta("It rains."),
        chat.Cited(PAGE),
    ]


def test_a_block_without_text_cites_nothing() -> None:
    cited = {"type": "citations_delta", "citation": SAID}

    assert heard(started(), block(0, {"type": "text", "text": ""}, cited), ended())[1:-1] == []


def test_no_citation_is_made_up_for_a_client_and_the_text_is_whole() -> None:
    events: list[chat.Event] = [
        chat.Started(),
        chat.TextDelta("It rains."),
        chat.Cited(PAGE),
        chat.Ended(chat.Ending(reason="end")),
    ]
    answer = chat.Answer(parts=(chat.Text(text="It rains.", citations=(PAGE,)),), ending=chat.Ending(reason="end"))

    assert outline(told(events))[1:4] == ["+0 text", "0 text_delta It rains.", "-0"]
    assert json.loads(write_answer(answer, ASKED))["content"] == [{"type": "text", "text": "It rains."}]
