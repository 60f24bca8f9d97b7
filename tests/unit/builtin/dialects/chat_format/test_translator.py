"""The format as a whole."""

from __future__ import annotations

import json
import subprocess
import sys

from korproxy.api import Headers, Translator, chat
from korproxy.builtin.dialects.chat_format.translator import ChatTranslator
from tests.unit.builtin.dialects.chat_format.said import ASKED, PLAIN, STARTED, asking, ended, text, user

CHAT: Translator = ChatTranslator()


def test_requests_are_read_and_written() -> None:
    written = CHAT.write_request(asking(), chat.Target(model="m", stream=False, abilities=PLAIN), chat.Report())
    conversation, asked = CHAT.read_request("/v1/chat/completions", written.body, chat.Report())

    assert (conversation.turns, asked.model) == ((user(text("Hi")),), "m")


def test_answers_are_read_and_written() -> None:
    answer = chat.Answer(id="chatcmpl-1", model="gpt-x", parts=(text("Hi"),), ending=chat.Ending(reason="end"))

    assert CHAT.read_answer(CHAT.write_answer(answer, ASKED)) == answer


def test_streams_are_read_and_written() -> None:
    writer, reader = CHAT.stream_writer(ASKED), CHAT.stream_reader()
    events: list[chat.Event] = [STARTED, chat.TextDelta("Hi"), ended()]

    assert list(reader.feed(b"".join(map(writer.write, events))))[1:] == events[1:]


def test_errors_are_read_and_written() -> None:
    error = CHAT.read_error(429, Headers(), b'{"error": {"message": "Slow down.", "code": "slow_down"}}')
    status, body = CHAT.write_error(error)

    assert (status, json.loads(body)["error"]["code"]) == (429, "slow_down")


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = "import sys, korproxy.builtin.dialects.openai_chat; print([m for m in sys.modules if 'chat_format.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    names = ["translator", "usage"]
    assert done.stdout.strip() == str([f"korproxy.builtin.dialects.chat_format.{each}" for each in names])
