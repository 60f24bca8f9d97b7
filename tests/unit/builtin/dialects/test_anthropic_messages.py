"""Anthropic Messages: our errors in it, and what is read of an answer that passes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Fault, Headers, Model, Usage, chat
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages, MessageStream, korproxy_dialects
from tests.fakes.json_bodies import cuts, groups
from tests.fakes.settings import FakeSettings

AT_FIRST = {"input_tokens": 56, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 64, "output_tokens": 1}


def event(kind: str, **more: Any) -> bytes:
    return f"event: {kind}\ndata: ".encode() + json.dumps({"type": kind, **more}).encode() + b"\n\n"


def told(tokens_in: int, tokens_out: int) -> Usage:
    return Usage(tokens_in=tokens_in, cache_read=64, cache_write=0, tokens_out=tokens_out)


def start(usage: Any = None) -> bytes:
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "usage": usage or AT_FIRST,
    }
    return event("message_start", message=message)


def text(words: str = "Hi") -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": words})


def delta(usage: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)


STOP = event("message_stop")


def read(*chunks: bytes) -> MessageStream:
    reader = MessageStream()
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()
    return reader


def test_the_hook_offers_the_format() -> None:
    (dialect,) = korproxy_dialects(FakeSettings())

    assert (dialect.name, list(dialect.paths)) == ("anthropic-messages", ["/v1/messages"])


def test_a_request_is_peeked_at_and_gets_another_model() -> None:
    dialect, body = AnthropicMessages(), b'{"model":"a","max_tokens":1,"messages":[]}'
    peek = dialect.peek("/v1/messages", body)

    assert (peek.model, peek.stream, peek.tools, peek.span) == ("a", False, False, (9, 12))
    assert dialect.set_model(body, (9, 12), "b") == b'{"model":"b","max_tokens":1,"messages":[]}'


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_has_the_type_of_its_status_and_our_code(status: int, expected: str) -> None:
    error = json.loads(AnthropicMessages().error(Fault(code="KP-SYS-501", status=status, message="It broke.")))

    assert error == {
        "type": "error",
        "error": {"type": expected, "message": "[KP-SYS-501] It broke.", "details": {"error_code": "KP-SYS-501"}},
        "request_id": None,
    }


@pytest.mark.parametrize("shown", ["KP-PROV-119", ""])
def test_a_thread_that_nobody_holds_has_the_code_on_which_the_sdk_goes_on_without(shown: str) -> None:
    fault = Fault(code=shown, cause="KP-PROV-119", status=400, message="No threads here.")
    error = json.loads(AnthropicMessages().error(fault))["error"]

    assert (error["type"], error["details"]) == ("invalid_request_error", {"error_code": "thread_unsupported_request"})


def test_where_codes_are_switched_off_there_is_none() -> None:
    error = json.loads(AnthropicMessages().error(Fault(code="", status=500, message="It broke.")))

    assert error == {"type": "error", "error": {"type": "api_error", "message": "It broke."}, "request_id": None}


def test_a_late_error_is_one_event_and_not_an_end() -> None:
    fault = Fault(code="KP-NET-309", status=502, message="Cut off.\nReally.", docs="https://docs.test/KP-NET-309")
    late = AnthropicMessages().late_error(fault)

    assert late == b"event: error\ndata: " + AnthropicMessages().error(fault) + b"\n\n"
    assert late.count(b"\n") == 3
    assert b"https://docs.test/KP-NET-309" in late
    assert b"message_stop" not in late
    assert b"[DONE]" not in late
    assert read(late).ended


def test_its_clients_are_known_by_their_version_header() -> None:
    assert AnthropicMessages().lists_models("/v1/models", b"", Headers([(b"anthropic-version", b"2023-06-01")]))
    assert not AnthropicMessages().lists_models("/v1/models", b"", Headers([(b"x-api-key", b"k")]))


def test_the_list_of_models_is_one_page_in_the_vendors_shape() -> None:
    models = [Model(id="claude-opus-5", name="Claude Opus 5", created=1_700_000_000), Model(id="c")]

    assert json.loads(AnthropicMessages().model_list(models)) == {
        "data": [
            {
                "type": "model",
                "id": "claude-opus-5",
                "display_name": "Claude Opus 5",
                "created_at": "2023-11-14T22:13:20Z",
                "lifecycle": "active",
            },
            {"type": "model", "id": "c", "display_name": "c", "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"},
        ],
        "has_more": False,
        "first_id": "claude-opus-5",
        "last_id": "c",
    }


def test_an_empty_list_of_models_is_a_page_too() -> None:
    assert json.loads(AnthropicMessages().model_list([])) == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([start()], told(56, 1)),
        (
            [start(), text(), delta({"output_tokens": 40}), STOP],
            told(56, 40),
        ),
        (
            [start(), delta({"output_tokens": 40}), delta({"output_tokens": 50})],
            told(56, 50),
        ),
        (
            [start(), delta({**AT_FIRST, "input_tokens": 7, "output_tokens": 40})],
            told(7, 40),
        ),
        (
            [start({"input_tokens": 0, "output_tokens": 0}), delta(AT_FIRST)],
            told(56, 1),
        ),
        (
            [start(), delta({"output_tokens": None, "input_tokens": None})],
            told(56, 1),
        ),
        (
            [start(), delta({"output_tokens": "40", "input_tokens": -1, "cache_read_input_tokens": True})],
            told(56, 1),
        ),
        ([delta({"output_tokens": 40})], Usage(tokens_out=40)),
        ([delta(None), delta([1]), delta("x"), delta({})], Usage()),
        ([event("message_start", message="x"), event("message_start", message=None), event("message_start")], Usage()),
        ([event("message_start", message={"usage": 7})], Usage()),
        ([event("content_block_start", index=0, content_block={"type": "tool_use", "input": {"usage": AT_FIRST}})], Usage()),
        ([text('"usage":{"input_tokens":9}')], Usage()),
    ],
)
def test_the_last_number_of_each_kind_wins(events: list[bytes], expected: Usage) -> None:

    assert read(*events).usage == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({**AT_FIRST, "output_tokens": 40}, told(56, 40)),
        ({"input_tokens": 3, "output_tokens": 4}, Usage(tokens_in=3, tokens_out=4)),
        (None, Usage()),
        ([], Usage()),
    ],
)
def test_a_plain_answer_says_its_usage(usage: Any, expected: Usage) -> None:
    reader = AnthropicMessages().reader(stream=False)
    reader.feed(json.dumps({"type": "message", "content": [{"type": "text", "text": '"usage":{}'}], "usage": usage}).encode())
    reader.finish()

    assert (reader.usage, reader.ended) == (expected, True)


@pytest.mark.parametrize(
    "stream",
    [
        STOP,
        STOP.replace(b"\n", b"\r\n"),
        STOP.replace(b"\n", b"\r"),
        STOP.replace(b": ", b":"),
        b'data: {"type":"message_stop"}\n\n',
        b"event: message_stop\ndata: {}\n\n",
        STOP.removesuffix(b"\n\n"),
        event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
        b"event: error\ndata: Overloaded\n\n",
        b"event:error\ndata:Overloaded\n\n",
    ],
)
def test_these_events_end_a_stream(stream: bytes) -> None:
    assert not read(start(), text()).ended
    assert read(start(), stream).ended
    assert read(start(), stream).final
    assert read(start(), stream).failed == (b"error" in stream)


@pytest.mark.parametrize(
    "stream",
    [
        start(),
        text(),
        text("message_stop"),
        text('event: error\ndata: {"type":"error"}'),
        text('{"type":"error"}'),
        delta(AT_FIRST),
        event("ping"),
        event("content_block_stop", index=0),
        event("content_block_start", content_block={"type": "error"}),
        b": message_stop\n\n",
        b"event: message_stop\n\n",
        b'data: {"type":"message_stop"\n\n',
        b'data: {"type":{"type":"error"}}\n\n',
        b'data: ["error"]\n\n',
        b'data: "message_stop"\n\n',
        b'data: {"type":"error","x":' + b"[" * 100_000 + b"\n\n",
        b'data: \xff"error"\n\n',
    ],
    ids=lambda stream: repr(stream[:60]),
)
def test_these_events_do_not_end_a_stream_and_break_nothing(stream: bytes) -> None:
    assert not read(stream).ended
    assert (read(stream).final, read(stream).failed) == (False, False)


USAGES = st.none() | st.dictionaries(
    st.sampled_from(list(AT_FIRST)), st.integers(-1, 9) | st.sampled_from([None, True, "x", 2.0, 2.5]), max_size=4
)
SEALED = [
    event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
    event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "Eq1"}),
    event("content_block_start", index=1, content_block={"type": "redacted_thinking", "data": "red"}),
    event(
        "content_block_start", index=2, content_block={"type": "tool_use", "id": "1", "name": "redacted_thinking", "input": {}}
    ),
]


def test_what_seals_thinking_is_seen() -> None:
    seals = [chat.Seal(family="anthropic", data="Eq1"), chat.Seal(family="anthropic", data="red")]
    plain = AnthropicMessages().reader(stream=False)
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "Eq1"},
        {"type": "redacted_thinking", "data": "red"},
        {"type": "text", "text": '"signature": "x"', "signature": 7},
    ]
    plain.feed(json.dumps({"type": "message", "content": blocks}).encode())
    plain.finish()

    assert (read(start(), *SEALED, text()).seals, list(plain.seals)) == (seals, seals)


@pytest.mark.parametrize(
    "said", [b'{"content":"signature"}', b'{"content":[7,"signature"]}', b"signature", b'{"delta":"signature"}']
)
def test_what_only_looks_like_a_seal_breaks_nothing(said: bytes) -> None:
    plain = AnthropicMessages().reader(stream=False)
    plain.feed(said)
    plain.finish()

    assert (list(plain.seals), read(b"data: " + said + b"\n\n").seals) == ([], [])


EVENTS = st.one_of(
    st.builds(start, USAGES),
    st.builds(delta, USAGES),
    st.builds(text, st.sampled_from(["Hi", '"usage"', "message_stop", '"error"', "event: error", "\u2028"])),
    st.sampled_from(
        [
            STOP,
            *SEALED,
            event("ping"),
            event("error", error={"type": "api_error", "message": "x"}),
            b": keep-alive\n\n",
            b'data: {"type":"message_st\\u006fp"}\n\n',
            b'data: {"type":"message_st\\u006fp","usage":{"output_tokens":5}}\n\n',
            b'data: {"usage":\ndata: {"output_tokens":7}}\n\n',
            b'data: {"usage":{"output_tokens":\n\n',
            b"event:  error\ndata: {}\n\n",
            b"event: error\n\n",
            b"data: \xff\n\n",
            b"event: message_stop\r\ndata: {}\r\n\r\n",
        ]
    ),
)


@given(st.lists(EVENTS, max_size=8).flatmap(lambda events: st.tuples(st.just(events), groups(events))))
def test_a_stream_reads_the_same_however_its_events_are_grouped(case: tuple[list[bytes], list[bytes]]) -> None:
    events, pieces = case

    assert read(*pieces) == read(*events)


@given(st.data(), USAGES)
def test_a_plain_answer_reads_the_same_however_it_is_cut(data: st.DataObject, usage: Any) -> None:
    whole = json.dumps({"content": [{"type": "text", "text": "\u20ac" * 9}], "usage": usage}).encode()
    at_once, in_pieces = AnthropicMessages().reader(stream=False), AnthropicMessages().reader(stream=False)
    at_once.feed(whole)
    for piece in data.draw(cuts(whole)):
        in_pieces.feed(piece)
    at_once.finish()
    in_pieces.finish()

    assert in_pieces.usage == at_once.usage


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"usage":', b"\xff", b'{"usage":"\xff"}', b"[" * 100_000])
def test_a_plain_answer_that_is_something_else_breaks_nothing(body: bytes) -> None:
    reader = AnthropicMessages().reader(stream=False)
    reader.feed(body)
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(), True)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_break_a_reader(chunks: list[bytes]) -> None:
    assert isinstance(read(*chunks).ended, bool)


def test_a_long_stream_costs_microseconds_an_event() -> None:
    usual, counted = text(), delta(AT_FIRST)
    began = time.perf_counter()
    read(*[usual] * 10_000, usual * 10_000, *[counted] * 2_000, counted * 2_000)

    assert time.perf_counter() - began < 1.0  # measured: 0.05 s
