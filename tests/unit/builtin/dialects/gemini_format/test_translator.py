"""The format as a whole: every direction is there."""

from __future__ import annotations

import json

from korproxy.api import Abilities, Headers, chat
from korproxy.builtin.dialects.gemini_format.translator import GeminiTranslator

PATH = "/v1beta/models/gemini-3-pro:generateContent"
ANSWER = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}


def test_a_request_is_read_and_written() -> None:
    body = b'{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}'
    conversation, asked = GeminiTranslator().read_request(PATH, body, chat.Report())
    goal = chat.Target(model="m", stream=False, abilities=Abilities())

    assert asked.model == "gemini-3-pro"
    assert GeminiTranslator().write_request(conversation, goal, chat.Report()).body == body


def test_an_answer_is_read_and_written() -> None:
    answer = GeminiTranslator().read_answer(json.dumps(ANSWER).encode())
    written = json.loads(GeminiTranslator().write_answer(answer, chat.Asked(model="m")))

    assert written["candidates"][0]["content"]["parts"] == [{"text": "Hi"}]


def test_a_stream_is_read_and_written() -> None:
    reader, writer = GeminiTranslator().stream_reader(), GeminiTranslator().stream_writer(chat.Asked(model="m"))
    events = [*reader.feed(b"data: " + json.dumps(ANSWER).encode() + b"\n\n"), *reader.finish()]

    assert b'"Hi"' in b"".join(writer.write(each) for each in events)


def test_an_error_is_read_and_written() -> None:
    error = GeminiTranslator().read_error(503, Headers(), b'{"error":{"message":"Overloaded.","status":"UNAVAILABLE"}}')

    assert GeminiTranslator().write_error(error) == (
        503,
        b'{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}',
    )
