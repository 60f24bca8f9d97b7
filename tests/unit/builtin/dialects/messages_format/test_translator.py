"""The translator as the gateway sees it, with a request of Claude Code's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from korproxy.api import Headers, chat
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator
from tests.fakes.claude_code import BETAS, DEFERRED, PLAIN, SIZE, claude_code_headers, claude_code_request
from tests.unit.builtin.dialects.messages_format.said import NEW, OLD, ended, shown, started, text_block

PACKAGE = "korproxy.builtin.dialects.messages_format"


def signed(thinking: str) -> str:
    signature_for: Any = pytest.importorskip("korproxy_mock.anthropic_read").signature_for
    return str(signature_for(thinking))


def test_it_is_the_formats_translator() -> None:
    assert AnthropicMessages().translator == MessagesTranslator()


def test_the_start_does_not_wait_for_readers_and_writers() -> None:
    found = f"sorted(name for name in sys.modules if name.startswith('{PACKAGE}.'))"
    code = f"import sys, korproxy.builtin.dialects.anthropic_messages; print({found})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert told.stdout.strip() == str([f"{PACKAGE}.translator", f"{PACKAGE}.usage"])


def test_an_answer_goes_through_both_ways() -> None:
    translator = MessagesTranslator()
    answer = chat.Answer(id="msg_1", model="m", parts=(chat.Text(text="a"),), ending=chat.Ending(reason="end"))

    assert translator.read_answer(translator.write_answer(answer, chat.Asked(model="m"))).parts == answer.parts


def test_a_stream_goes_through_both_ways() -> None:
    translator = MessagesTranslator()
    reader, writer = translator.stream_reader(), translator.stream_writer(chat.Asked(model="x"))
    events = reader.feed(started() + text_block(0, "a") + ended())

    assert [each["type"] for each in shown(map(writer.write, events))] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_an_error_goes_through_both_ways() -> None:
    translator = MessagesTranslator()
    body = b'{"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":null}'

    assert translator.write_error(translator.read_error(404, Headers(), body)) == (404, body)


def test_claude_codes_request_is_as_large_as_it_says() -> None:
    body = claude_code_request()
    written = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()

    assert (len(written), len(body["tools"])) == (SIZE, 25)
    assert claude_code_headers()["anthropic-beta"].split(",") == list(BETAS)


def test_claude_codes_request_loses_only_what_nobody_else_has() -> None:
    report = chat.Report()
    conversation, asked = MessagesTranslator().read_request("/v1/messages", _bytes(claude_code_request()), report)
    eager = [f"/tools/{number}/eager_input_streaming" for number in range(len(PLAIN))]
    deferred = [f"/tools/{number}/defer_loading" for number in range(len(PLAIN), len(PLAIN) + len(DEFERRED))]

    assert report.losses == (*eager, *deferred, "/context_management")
    assert [each.fate for each in report.notes if each.fate != "lost"] == []
    assert asked == chat.Asked(model="claude-opus-5", stream=True)
    assert (len(conversation.turns[0].parts), len(conversation.functions)) == (4, 25)
    assert conversation.options.thinking == chat.Thinking(effort="high")


@pytest.mark.parametrize(("abilities", "model"), [(NEW, "claude-opus-5"), (OLD, "claude-sonnet-4-5")])
def test_claude_codes_request_is_taken_by_anthropic_after_a_translation(abilities: Any, model: str) -> None:
    check: Any = pytest.importorskip("korproxy_mock.anthropic_checks").check
    translator, report = MessagesTranslator(), chat.Report()
    conversation, _ = translator.read_request("/v1/messages", _bytes(claude_code_request(sign=signed)), report)
    target = chat.Target(model=model, stream=True, abilities=abilities)
    body = json.loads(translator.write_request(conversation, target, report).body)

    check(body)
    assert (len(body["system"]), len(body["tools"]), body["thinking"]["type"]) == (
        4,
        25,
        "adaptive" if abilities is NEW else "enabled",
    )


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
