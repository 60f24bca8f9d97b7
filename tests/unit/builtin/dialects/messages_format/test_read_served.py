"""What tools gave that Anthropic ran itself."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.read_served import is_served
from tests.unit.builtin.dialects.messages_format.said import PDF, read

SEARCHED = [{"type": "web_search_result", "title": "Bees", "url": "https://b.example", "encrypted_content": "QmVl"}]
FETCHED = {
    "type": "web_fetch_result",
    "url": "https://b.example",
    "content": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Honey."}, "title": "Bees"},
}
FETCHED_PDF = {"url": "https://b.example/p", "content": {"source": {"type": "base64", "data": PDF}}}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("web_search_tool_result", SEARCHED, "[web search]\nBees\nhttps://b.example"),
        ("web_search_tool_result", {"type": "web_search_tool_result_error", "error_code": "busy"}, "[web search]\nbusy"),
        ("web_fetch_tool_result", FETCHED, "[web fetch]\nhttps://b.example\nBees\nHoney."),
        ("web_fetch_tool_result", FETCHED_PDF, "[web fetch]\nhttps://b.example/p"),
        ("code_execution_tool_result", {"stdout": "1\n", "stderr": "", "return_code": 0}, "[code execution]\n1\n"),
        ("text_editor_code_execution_tool_result", {"lines": ["+a", "-b"]}, "[text editor code execution]\n+a\n-b"),
        ("tool_search_tool_result", {"tool_references": [{"tool_name": "mail"}]}, "[tool search]\nmail"),
        ("mcp_tool_result", [{"type": "text", "text": "Sunny"}], "[mcp]\nSunny"),
    ],
)
def test_its_text_stays_as_a_text(kind: str, content: Any, expected: str) -> None:
    blocks = [{"type": kind, "tool_use_id": "srvtoolu_1", "content": content, "cache_control": {"type": "ephemeral"}}]
    conversation, notes = read(messages=[{"role": "assistant", "content": blocks}])

    assert conversation.turns[0].parts == (chat.Text(text=expected),)
    assert notes == [("/messages/0/content/0", "lost")]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "bees"}},
        {"type": "mcp_tool_use", "id": "m", "name": "weather", "input": {}, "server_name": "s"},
        {"type": "code_execution_tool_result", "content": {"encrypted_stdout": "Mgo="}},
        {"type": "new_tool_result"},
    ],
)
def test_what_holds_no_text_is_lost(block: dict[str, Any]) -> None:
    conversation, notes = read(messages=[{"role": "assistant", "content": [block]}])

    assert (conversation.turns[0].parts, notes) == ((), [("/messages/0/content/0", "lost")])


def test_the_results_of_a_clients_tools_are_none_of_these() -> None:
    assert [is_served(each) for each in ("tool_result", "tool_use", "text")] == [False, False, False]
