"""Anthropic's count of tokens as a format of its own."""

from __future__ import annotations

import json
from typing import Any

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.anthropic_count import AnthropicCountTranslator, korproxy_dialects
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator
from tests.fakes.settings import FakeSettings

BODY = b'{"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}'


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())

    assert (dialect.name, dialect.paths, dialect.kind) == ("anthropic-count", ("/v1/messages/count_tokens",), "count")
    assert dialect.peek("/v1/messages/count_tokens", BODY).model == "claude-x"


def test_a_question_goes_there_and_back() -> None:
    translator = AnthropicCountTranslator()
    conversation, asked = translator.read_request("/v1/messages/count_tokens", BODY, chat.Report())
    target = chat.Target(model="claude-y", stream=False, abilities=Abilities())
    written = translator.write_request(conversation, target, chat.Report())

    assert json.loads(written.body) == {
        "model": "claude-y",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert translator.write_answer(translator.read_answer(b'{"input_tokens": 8}'), asked) == b'{"input_tokens":8}'


@attrs.frozen
class Cleaner(MessagesTranslator):
    """Says what it was asked to clean."""

    def without_foreign_reasoning(self, body: bytes, own: Any, report: chat.Report) -> bytes:
        report.lost("/messages/0", f"own: {own(chat.Seal(family='x', data='y'))}")
        return body[::-1]


def test_thinking_of_another_vendor_is_taken_out_of_a_question_as_out_of_a_request() -> None:
    report = chat.Report()
    cleaned = AnthropicCountTranslator(inner=Cleaner()).without_foreign_reasoning(BODY, lambda seal: seal.family == "x", report)

    assert cleaned == BODY[::-1]
    assert report.notes == [chat.Note("/messages/0", "lost", "own: True")]
