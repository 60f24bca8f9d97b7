"""OpenAI's count of tokens as a format of its own."""

from __future__ import annotations

import json
from typing import Any

import attrs

from korproxy.api import Abilities, Usage, chat
from korproxy.builtin.dialects.responses_count import ResponsesCountTranslator, korproxy_dialects
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator
from tests.fakes.settings import FakeSettings

PATH = "/v1/responses/input_tokens"
BODY = b'{"model": "gpt-x", "instructions": "Be brief.", "input": "hi", "stream": true, "max_output_tokens": 9}'


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    reader = dialect.reader(stream=False)
    reader.feed(b'{"input_tokens": 7, "usage": {"input_tokens": 7}}')
    reader.finish()

    assert (dialect.name, dialect.paths, dialect.kind) == ("responses-count", (PATH,), "count")
    assert (dialect.peek(PATH, BODY).model, dialect.peek(PATH, BODY).stream, reader.usage) == ("gpt-x", False, Usage())


def test_a_question_goes_there_and_back() -> None:
    translator, report = ResponsesCountTranslator(), chat.Report()
    conversation, asked = translator.read_request(PATH, BODY, report)
    target = chat.Target(model="gpt-y", stream=False, abilities=Abilities(family="openai"))
    sent = json.loads(translator.write_request(conversation, target, report).body)

    assert asked.stream is False
    assert (sent["model"], sent["instructions"], sent["input"][0]["content"]) == (
        "gpt-y",
        "Be brief.",
        [{"type": "input_text", "text": "hi"}],
    )
    assert sent.keys() <= {"model", "instructions", "input"}
    assert translator.write_answer(translator.read_answer(b'{"input_tokens": 8}'), asked) == (
        b'{"object":"response.input_tokens","input_tokens":8}'
    )
    assert report.losses == ()


@attrs.frozen
class Cleaner(ResponsesTranslator):
    """Says what it was asked to clean."""

    def without_foreign_reasoning(self, body: bytes, own: Any, report: chat.Report) -> bytes:
        report.lost("/input/0", f"own: {own(chat.Seal(family='x', data='y'))}")
        return body[::-1]


def test_reasoning_of_another_account_is_taken_out_of_a_question_as_out_of_a_request() -> None:
    report = chat.Report()
    cleaned = ResponsesCountTranslator(inner=Cleaner()).without_foreign_reasoning(BODY, lambda seal: seal.family == "x", report)

    assert cleaned == BODY[::-1]
    assert report.notes == [chat.Note("/input/0", "lost", "own: True")]
