"""The format as a whole: what ``Translator`` promises."""

from __future__ import annotations

import json

from korproxy.api import Abilities, Headers, Translator, chat
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator
from tests.unit.builtin.dialects.responses_format.said import ASKED, created, ended, message, response, shown, text_item


def test_it_is_a_translator_and_loads() -> None:
    translator: Translator = ResponsesTranslator()

    translator.load()


def test_an_answer_goes_through_both_ways() -> None:
    translator = ResponsesTranslator()
    answer = translator.read_answer(json.dumps(response("completed", message("Hi"))).encode())

    assert json.loads(translator.write_answer(answer, ASKED))["output"][0]["content"][0]["text"] == "Hi"


def test_a_stream_goes_through_both_ways() -> None:
    translator = ResponsesTranslator()
    reader, writer = translator.stream_reader(), translator.stream_writer(ASKED)
    events = [*reader.feed(created() + text_item(0, "Hi") + ended()), *reader.finish()]

    assert [each["type"] for each in shown(b"".join(map(writer.write, events)))] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_an_error_goes_through_both_ways() -> None:
    translator = ResponsesTranslator()
    body = b'{"error":{"message":"No such model.","type":"invalid_request_error","param":null,"code":"model_not_found"}}'

    assert translator.write_error(translator.read_error(404, Headers(), body)) == (404, body)


def test_a_request_goes_through_both_ways() -> None:
    translator, report = ResponsesTranslator(), chat.Report()
    conversation, asked = translator.read_request("/v1/responses", b'{"model":"gpt-x","input":"Hi","stream":true}', report)
    target = chat.Target(model="gpt-y", stream=asked.stream, abilities=Abilities())
    written = json.loads(translator.write_request(conversation, target, report).body)

    assert (written["model"], written["stream"]) == ("gpt-y", True)
