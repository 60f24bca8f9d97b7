"""OpenAI Chat Completions: our errors in it, and what is read of an answer that passes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Fault, Headers, Model, Usage, chat
from korproxy.builtin.dialects.chat_format.translator import ChatTranslator
from korproxy.builtin.dialects.openai_chat import ChatStream, OpenAIChat, korproxy_dialects
from tests.fakes.json_bodies import cuts, groups
from tests.fakes.settings import FakeSettings

SAID = {"prompt_tokens": 120, "completion_tokens": 40, "total_tokens": 160, "prompt_tokens_details": {"cached_tokens": 64}}
READ = Usage(tokens_in=56, cache_read=64, tokens_out=40)


def event(content: str | None = "Hi", finish: str | None = None, **more: Any) -> bytes:
    choices = [{"index": 0, "delta": {"content": content}, "finish_reason": finish, "logprobs": None}]
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def read(*chunks: bytes) -> ChatStream:
    reader = ChatStream()
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()
    return reader


def test_the_hook_offers_the_format() -> None:
    (dialect,) = korproxy_dialects(FakeSettings())

    assert (dialect.name, list(dialect.paths)) == ("openai-chat", ["/v1/chat/completions"])
    assert isinstance(dialect.translator, ChatTranslator)


def test_a_request_is_peeked_at_and_gets_another_model() -> None:
    dialect, body = OpenAIChat(), b'{"stream":true, "model" : "a", "tools":[{}]}'
    peek = dialect.peek("/v1/chat/completions", body)

    assert (peek.model, peek.stream, peek.tools, peek.span) == ("a", True, True, (26, 29))
    assert dialect.set_model(body, (26, 29), "b/c") == b'{"stream":true, "model" : "b/c", "tools":[{}]}'


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "insufficient_quota"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "service_unavailable_error"),
    ],
)
def test_an_error_has_the_type_of_its_status_and_our_code(status: int, expected: str) -> None:
    error = json.loads(OpenAIChat().error(Fault(code="KP-SYS-501", status=status, message="It broke.")))

    assert error == {"error": {"message": "[KP-SYS-501] It broke.", "type": expected, "param": None, "code": "KP-SYS-501"}}


def test_where_codes_are_switched_off_there_is_none() -> None:
    error = json.loads(OpenAIChat().error(Fault(code="", status=500, message="It broke.")))

    assert error == {"error": {"message": "It broke.", "type": "server_error", "param": None, "code": None}}


def test_a_late_error_is_one_event_and_not_an_end() -> None:
    fault = Fault(code="KP-NET-309", status=502, message="Cut off.\nReally.", docs="https://docs.test/KP-NET-309")
    late = OpenAIChat().late_error(fault)

    assert late == b"data: " + OpenAIChat().error(fault) + b"\n\n"
    assert late.count(b"\n") == 2
    assert b"https://docs.test/KP-NET-309" in late
    assert b"[DONE]" not in late
    assert read(late).ended


def test_every_client_may_have_the_list_of_models() -> None:
    assert OpenAIChat().lists_models("/v1/models", b"", Headers())
    assert not OpenAIChat().lists_models("/v1beta/models", b"", Headers())


def test_the_list_of_models_has_the_vendors_shape() -> None:
    models = [Model(id="a/b", owner="me", created=7), Model(id="c")]

    assert json.loads(OpenAIChat().model_list(models)) == {
        "object": "list",
        "data": [
            {"id": "a/b", "object": "model", "created": 7, "owned_by": "me"},
            {"id": "c", "object": "model", "created": 0, "owned_by": ""},
        ],
    }


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (SAID, READ),
        ({"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}, Usage(tokens_in=3, tokens_out=0)),
        (
            {**SAID, "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 6}},
            Usage(tokens_in=50, cache_read=64, cache_write=6, tokens_out=40),
        ),
        (
            {**SAID, "completion_tokens_details": {"reasoning_tokens": 16}},
            Usage(tokens_in=56, cache_read=64, tokens_out=40, reasoning=16),
        ),
        # DeepSeek
        (
            {"prompt_tokens": 10, "completion_tokens": 1, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
            Usage(tokens_in=6, cache_read=4, tokens_out=1),
        ),
        # Qwen
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 9},
            },
            Usage(tokens_in=1, cache_read=0, cache_write=9, tokens_out=1),
        ),
        # Moonshot
        ({"prompt_tokens": 10, "completion_tokens": 1, "cached_tokens": 8}, Usage(tokens_in=2, cache_read=8, tokens_out=1)),
        # Nonsense
        ({"prompt_tokens": 3, "completion_tokens": 1, "cached_tokens": 8}, Usage(tokens_in=0, cache_read=8, tokens_out=1)),
        ({"prompt_tokens": "3", "completion_tokens": -1, "cached_tokens": None}, Usage()),
        ({"prompt_tokens": 3.0, "completion_tokens": 10**40}, Usage(tokens_in=3)),
        ({"prompt_tokens": 3, "prompt_tokens_details": [1]}, Usage(tokens_in=3)),
        ({}, Usage()),
        (None, Usage()),
        ([3], Usage()),
        ("3", Usage()),
    ],
)
def test_usage_is_read_as_the_servers_write_it(usage: Any, expected: Usage) -> None:
    whole = {"id": "c1", "object": "chat.completion", "choices": [{"message": {"content": '"usage":{}'}}], "usage": usage}
    plain = OpenAIChat().reader(stream=False)
    plain.feed(json.dumps(whole).encode())
    plain.finish()

    assert plain.usage == expected
    assert read(event(usage=usage)).usage == expected


def test_the_last_usage_wins_and_none_is_added_up() -> None:
    stream = [event(usage={"prompt_tokens": 120, "completion_tokens": count}) for count in (1, 2, 3)]
    stream += [event(usage=None), event(usage={}), event(finish="stop"), b"data: [DONE]\n\n"]

    assert read(*stream).usage == Usage(tokens_in=120, tokens_out=3)


def test_usage_inside_the_choice_counts() -> None:
    inside = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": SAID}

    assert read(event(choices=[{"index": 1}, inside])).usage == READ


@pytest.mark.parametrize(
    "stream",
    [
        b"data: [DONE]\n\n",
        b"data:[DONE]\r\n\r\n",
        b": x\rdata: [DONE]\r\r",
        b"data: [DONE]",
        event(finish="stop"),
        event(finish="tool_calls"),
        event(finish="made-up"),
        event(finish="stop").replace(b": ", b":"),
        b'data: {"choices":[{"finish_reason"\ndata: :"stop"}]}\n\n',
        b'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n',
        b'data: {"error":"Overloaded"}\n\n',
    ],
)
def test_these_events_end_a_stream(stream: bytes) -> None:
    assert not read(event()).ended
    assert read(event(), stream, event()).ended
    assert read(event(), stream, event()).final == (b"[DONE]" in stream or b"error" in stream)
    assert read(event(), stream, event()).failed == (b"error" in stream)


def choice(index: Any, finish: str | None = None) -> bytes:
    return event(choices=[{"index": index, "delta": {"content": "Hi"}, "finish_reason": finish}])


@pytest.mark.parametrize(
    ("stream", "ended"),
    [
        ([choice(0), choice(1), choice(0, "stop")], False),
        ([choice(0), choice(1), choice(1, "stop")], False),
        ([choice(0), choice(1), choice(1), choice(0, "stop"), choice(1, "length")], True),
        ([choice(0), choice(0, "stop"), choice(2)], False),
        ([choice(0), choice(2), choice(0, "stop"), b"data: [DONE]\n\n"], True),
        ([event(choices=[]), choice(0), choice(11), choice(11, "stop")], False),
        ([choice(1), choice(1, "stop")], True),
        ([choice(None), choice("x"), choice(0, "stop")], True),
        ([event(choices=[{"index": 0}, {"index": 1}]), choice(0, "stop")], False),
        ([choice(0), choice(0, "tool_calls").replace(b'"Hi"', b'null, "tool_calls": [{"index": 1}]')], True),
    ],
)
def test_a_stream_ended_when_every_choice_has_finished(stream: list[bytes], ended: bool) -> None:
    assert read(*stream).ended == ended
    assert read(b"".join(stream)).ended == ended


@pytest.mark.parametrize(
    "stream",
    [
        event(),
        event(content="[DONE]"),
        event(content='"finish_reason":"stop"'),
        event(content='data: {"error":1}'),
        event(finish=""),
        event(usage=None),
        event(usage=SAID),
        event(error=None),
        event(error={}),
        event(choices=None),
        event(choices=[]),
        event(choices=[None]),
        event(choices=[{"finish_reason": None}, {"delta": {"finish_reason": "stop"}}]),
        b": [DONE]\n\n",
        b"event: [DONE]\ndata: {}\n\n",
        b'data: {"choices":[{"finish_reason":"stop"\n\n',
        b'data: {"error": oops}\n\n',
        b'data: "error"\n\n',
        b'data: ["usage"]\n\n',
        b'data: {"choices":{"finish_reason":"stop"}}\n\n',
        b'data: {"error":' + b"[" * 100_000 + b"\n\n",
        b"data: \xff\xfe [DONE]\n\n",
        b'data: {"error":"\xff"}\n\n',
    ],
    ids=lambda stream: repr(stream[:60]),
)
def test_these_events_do_not_end_a_stream_and_break_nothing(stream: bytes) -> None:
    assert not read(stream).ended
    assert (read(stream).final, read(stream).failed) == (False, False)


DETAILS = [
    {"type": "reasoning.text", "text": "hm", "signature": None, "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.text", "text": "", "signature": "Eq1", "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "gAAA", "format": "openai-responses-v1", "index": 1},
    {"type": "reasoning.encrypted", "data": "x"},
]
CALL = {"id": "1", "extra_content": {"google": {"thought_signature": "QQ=="}}}
SEALS = [
    chat.Seal(family="google", data="QQ=="),
    chat.Seal(family="anthropic", data="Eq1"),
    chat.Seal(family="openai", data="gAAA"),
    chat.Seal(family="", data="x"),
]


def sealed(name: str, *details: Any, calls: Any = ()) -> bytes:
    return json.dumps({"choices": [{"index": 0, name: {"reasoning_details": details, "tool_calls": calls}}]}).encode()


def test_what_seals_reasoning_and_calls_is_seen() -> None:
    plain = OpenAIChat().reader(stream=False)
    plain.feed(sealed("message", *DETAILS, calls=[CALL]))
    plain.finish()
    streamed = [sealed("delta", calls=[CALL]), *(sealed("delta", each) for each in DETAILS)]

    assert list(plain.seals) == SEALS
    assert read(event(), *(b"data: " + each + b"\n\n" for each in streamed), event(finish="stop")).seals == SEALS


@pytest.mark.parametrize("details", ["7", '[7,{"signature":7}]', '{"data":"x"}', '[{"signature":"x"}'])
def test_what_only_looks_like_a_seal_breaks_nothing(details: str) -> None:
    said = f'{{"choices":[{{"delta":{{"reasoning_details":{details},"x":{{"data":"signature"}}}}}}]}}'.encode()

    assert read(b"data: " + said + b"\n\n").seals == []


EVENTS = st.one_of(
    st.sampled_from([b"data: " + sealed("delta", each) + b"\n\n" for each in DETAILS]),
    st.builds(
        event,
        st.sampled_from(["Hi", None, '"usage":{"prompt_tokens":9}', "[DONE]", '"error"', "\u2028"]),
        st.sampled_from([None, None, "stop"]),
        usage=st.sampled_from([None, {}, SAID])
        | st.builds(dict, prompt_tokens=st.integers(-1, 9), completion_tokens=st.just(1)),
    ),
    st.builds(event, error=st.sampled_from([None, "", {"message": "x"}])),
    st.builds(choice, st.sampled_from([0, 1, 2, 12, None]), st.sampled_from([None, "stop"])),
    st.builds(event, choices=st.sampled_from([None, [], [{"finish_reason": "stop", "usage": SAID}], "wrong", [7]])),
    st.sampled_from(
        [
            b": keep-alive\n\n",
            b"data: [DONE]\n\n",
            b'data: {"usage"\ndata: :{"prompt_tokens":7}}\n\n',
            b'data: {"usage":\ndata: null}\n\n',
            b'data: {"choices":[{"index"\ndata: :1}]}\n\n',
            b'data: {"choices":[{"index":\ndata: 1,"finish_reason":"stop"}]}\n\n',
            b'data: {"usage":{"prompt_tokens":\n\n',
            b'event: x\ndata: {"finish_reason":"stop"}\n\n',
            b"\n\n",
            b"data: \xff\n\n",
            b"data: {}\r\n\r\n",
        ]
    ),
)


@given(st.lists(EVENTS, max_size=8).flatmap(lambda events: st.tuples(st.just(events), groups(events))))
def test_a_stream_reads_the_same_however_its_events_are_grouped(case: tuple[list[bytes], list[bytes]]) -> None:
    events, pieces = case

    assert read(*pieces) == read(*events)
    assert read(*pieces).ended == read(*events).ended


@given(st.data(), st.sampled_from([SAID, None, {"prompt_tokens": 1}]))
def test_a_plain_answer_reads_the_same_however_it_is_cut(data: st.DataObject, usage: Any) -> None:
    whole = json.dumps({"choices": [{"message": {"content": "\u20ac" * 9}, "finish_reason": "stop"}], "usage": usage}).encode()
    at_once, in_pieces = OpenAIChat().reader(stream=False), OpenAIChat().reader(stream=False)
    at_once.feed(whole)
    for piece in data.draw(cuts(whole)):
        in_pieces.feed(piece)
    assert not in_pieces.ended
    at_once.finish()
    in_pieces.finish()

    assert in_pieces.ended
    assert in_pieces.usage == at_once.usage


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"usage":', b"\xff", b'{"usage":"\xff"}', b"[" * 100_000])
def test_a_plain_answer_that_is_something_else_breaks_nothing(body: bytes) -> None:
    reader = OpenAIChat().reader(stream=False)
    reader.feed(body)
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(), True)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_break_a_reader(chunks: list[bytes]) -> None:
    assert isinstance(read(*chunks).ended, bool)


def test_a_long_stream_costs_microseconds_an_event() -> None:
    usual, counted = event(usage=None), event(usage=SAID)
    start = time.perf_counter()
    read(*[usual] * 10_000, usual * 10_000, *[counted] * 2_000, counted * 2_000)

    assert time.perf_counter() - start < 1.0  # measured: 0.03 s
