"""OpenAI Responses: our errors in it, the list that Codex reads, and what is read of an answer that passes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Abilities, Fault, Headers, Model, Usage, chat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses, ResponseStream, korproxy_dialects
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator
from tests.fakes.json_bodies import cuts, groups
from tests.fakes.settings import FakeSettings

SAID = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 6},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 16},
    "total_tokens": 160,
}
READ = Usage(tokens_in=50, cache_read=64, cache_write=6, tokens_out=40, reasoning=16)
FAULT = Fault(code="KP-NET-309", status=502, message="Cut off.\nReally.", docs="https://docs.test/KP-NET-309")


def event(kind: str, **more: Any) -> bytes:
    said = {"type": kind, "sequence_number": 3, **more}
    return f"event: {kind}\ndata: {json.dumps(said)}\n\n".encode()


def delta(text: str = "Hi") -> bytes:
    return event("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=text, logprobs=[])


def ended(status: str = "completed", **more: Any) -> bytes:
    return event(f"response.{status}", response={"id": "resp_1", "status": status, "error": None, "output": [], **more})


CREATED = event("response.created", response={"id": "resp_1", "status": "in_progress", "error": None, "usage": None})


def read(*chunks: bytes) -> ResponseStream:
    reader = ResponseStream()
    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()
    return reader


def test_the_hook_offers_the_format() -> None:
    (dialect,) = korproxy_dialects(FakeSettings())

    assert (dialect.name, list(dialect.paths), dialect.kind) == ("openai-responses", ["/v1/responses"], "chat")
    assert (dialect.listed, isinstance(dialect.translator, ResponsesTranslator)) == (frozenset({"chat"}), True)


def test_a_request_is_peeked_at_and_gets_another_model() -> None:
    dialect, body = OpenAIResponses(), b'{"stream":true, "model" : "a", "tools":[{}]}'
    peek = dialect.peek("/v1/responses", body)

    assert (peek.model, peek.stream, peek.tools, peek.span) == ("a", True, True, (26, 29))
    assert dialect.set_model(body, (26, 29), "b/c") == b'{"stream":true, "model" : "b/c", "tools":[{}]}'
    assert dialect.wants_array(b"alt=sse") is False


@pytest.mark.parametrize(
    ("item", "tools"),
    [
        ({"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "read"}]}, True),
        ({"type": "message", "role": "user", "content": 'say "type":"additional_tools"'}, False),
        ({"type": "message", "role": "user", "content": "additional_tools"}, False),
    ],
)
def test_edge_41_tools_may_come_in_an_item_of_the_input(item: Any, tools: bool) -> None:
    body = json.dumps({"model": "m", "tools": [], "input": [item]}).encode()

    assert OpenAIResponses().peek("/v1/responses", body).tools is tools


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "insufficient_quota"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "service_unavailable_error"),
    ],
)
def test_an_error_has_the_type_of_its_status_and_our_code(status: int, expected: str) -> None:
    error = json.loads(OpenAIResponses().error(Fault(code="KP-SYS-501", status=status, message="It broke.")))

    assert error == {"error": {"message": "[KP-SYS-501] It broke.", "type": expected, "param": None, "code": "KP-SYS-501"}}


@pytest.mark.parametrize(
    ("said", "previous"),
    [
        ({"previous_response_id": "resp_1"}, "resp_1"),
        ({"previous_response_id": None}, ""),
        ({"previous_response_id": ""}, ""),
        ({"previous_response_id": 7}, ""),
        ({"input": 'says "previous_response_id":"resp_1"'}, ""),
        ({"input": [{"previous_response_id": "resp_1"}]}, ""),
    ],
)
def test_a_request_may_go_on_from_an_earlier_answer(said: dict[str, Any], previous: str) -> None:
    assert OpenAIResponses().peek("/v1/responses", json.dumps({"model": "m", **said}).encode()).previous == previous


@pytest.mark.parametrize(
    ("said", "keeps"),
    [
        (b"", True),
        (b',"store" : true', True),
        (b',"store":null', True),
        (b',"store": false ', False),
        (b',"input":"\\ud83d"', True),
    ],
)
def test_answers_are_kept_unless_the_client_does_not_want_it(said: bytes, keeps: bool) -> None:
    assert OpenAIResponses().peek("/v1/responses", b'{"model":"m"%b}' % said).keeps is keeps


def test_a_late_error_is_told_as_openai_breaks_off() -> None:
    said, failed = (
        json.loads(each.split(b"data: ")[1])
        for each in OpenAIResponses().late_error(FAULT, CREATED + delta()).split(b"\n\n")[:-1]
    )
    message = "[KP-NET-309] Cut off.\nReally. https://docs.test/KP-NET-309"

    assert (said["type"], said["code"], said["message"], said["error"]["code"]) == (
        "error",
        "KP-NET-309",
        message,
        "KP-NET-309",
    )
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert failed["response"]["error"] == {"code": "KP-NET-309", "message": message}
    assert (said["sequence_number"], failed["sequence_number"]) == (4, 5)  # ``event`` counts with 3


def test_a_late_error_is_the_first_event_where_there_was_none() -> None:
    assert b'"sequence_number":0' in OpenAIResponses().late_error(FAULT, b": korproxy is waiting\n\n")


@pytest.mark.parametrize(("model", "told"), [(rb"\q", ""), (b"\xff", ""), (rb"\ud83d", "\ufffd"), (rb"a\"b", 'a"b')])
def test_a_late_error_is_told_whatever_the_provider_calls_its_model(model: bytes, told: str) -> None:
    late = OpenAIResponses().late_error(FAULT, b'data: {"response":{"id":"resp_1","model":"%b"}}\n\n' % model)

    assert json.loads(late.split(b"data: ")[2])["response"]["model"] == told


def test_where_codes_are_switched_off_a_late_error_has_openais() -> None:
    late = OpenAIResponses().late_error(Fault(code="", status=500, message="It broke."))

    assert late.count(b'"code":"server_error","message":"It broke."') == 2


def test_a_late_error_ends_a_stream() -> None:
    found = read(CREATED, delta(), OpenAIResponses().late_error(FAULT))

    assert (found.ended, found.final, found.failed) == (True, True, True)


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/models", b"client_version=0.169.0", True),
        ("/v1/models", b"a=b&client_version=", True),
        ("/v1/models", b"", False),
        ("/v1/models", b"version=client_version", False),
        ("/v1/models", b"version=%C3%A9\xff", False),
        ("/v1/models", b"a=%FF&client_version=%FF", True),
        ("/v1beta/models", b"client_version=0.169.0", False),
    ],
)
def test_only_codex_gets_this_list_of_models(path: str, query: bytes, expected: bool) -> None:
    assert OpenAIResponses().lists_models(path, query, Headers()) is expected


def test_the_list_of_models_is_the_one_that_codex_reads() -> None:
    able = Abilities(window=400_000, images=False, reasoning="effort", efforts=("low", "medium", "high"))
    models = [Model(id="a/b", name="B", abilities=able), Model(id="c", abilities=Abilities(tools=False, efforts=("high",)))]
    first, second = json.loads(OpenAIResponses().model_list(models))["models"]

    assert first == {
        "slug": "a/b",
        "display_name": "B",
        "description": None,
        "context_window": 400_000,
        "max_context_window": 400_000,
        "default_reasoning_level": "medium",
        "supported_reasoning_levels": [{"effort": each, "description": each} for each in ("low", "medium", "high")],
        "shell_type": "shell_command",
        "visibility": "list",
        "supported_in_api": True,
        "priority": 99,
        "supports_reasoning_summaries": True,
        "support_verbosity": False,
        "supports_parallel_tool_calls": True,
        "truncation_policy": {"mode": "bytes", "limit": 10_000},
        "experimental_supported_tools": [],
        "input_modalities": ["text"],
    }
    assert (second["display_name"], second["priority"], second["supports_parallel_tool_calls"]) == ("c", 100, False)
    assert {"context_window", "default_reasoning_level"}.isdisjoint(second)
    assert (second["supports_reasoning_summaries"], second["input_modalities"]) == (False, ["text", "image"])
    assert json.loads(OpenAIResponses().model_entry(models[0])) == first


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (SAID, READ),
        ({"input_tokens": 3, "output_tokens": 0, "total_tokens": 3}, Usage(tokens_in=3, tokens_out=0)),
        ({"input_tokens": 3, "input_tokens_details": None, "output_tokens": 1}, Usage(tokens_in=3, tokens_out=1)),
        ({"input_tokens": "3", "output_tokens": -1}, Usage()),
        ({}, Usage()),
        (None, Usage()),
        ([3], Usage()),
    ],
)
def test_usage_is_read_as_the_servers_write_it(usage: Any, expected: Usage) -> None:
    plain = OpenAIResponses().reader(stream=False)
    plain.feed(json.dumps({"id": "resp_1", "output": [{"text": '"usage":{}'}], "usage": usage}).encode())
    plain.finish()

    assert plain.usage == expected
    assert read(CREATED, delta(), ended(usage=usage)).usage == expected


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed"])
def test_edge_73_every_end_says_what_it_cost(status: str) -> None:
    found = read(CREATED, ended(status, usage=SAID))

    assert (found.usage, found.ended, found.final, found.failed) == (READ, True, True, status == "failed")


@pytest.mark.parametrize(
    "stream",
    [
        event("error", code="server_error", message="Oh.", param=None),
        event("error", error={"type": "server_error", "code": None, "message": "Oh."}),
        b'event: error\ndata: {"message":"Oh."}\n\n',
        b'event:error\ndata: {"message":"Oh."}\n\n',
        b'data: {"error":{"message":"Oh."}}\n\n',
        b'data: {"type":"error","message":"Oh."}\n\n',
    ],
)
def test_an_error_ends_a_stream_and_what_openai_sends_behind_it_is_read(stream: bytes) -> None:
    found = read(CREATED, stream)

    assert (found.ended, found.final, found.failed) == (True, True, True)
    assert read(CREATED, stream, ended("failed", usage=SAID)).usage == READ


@pytest.mark.parametrize(
    "stream",
    [
        CREATED,
        delta("response.completed"),
        delta('"type":"response.completed"'),
        delta("event: error"),
        delta('"error"'),
        event("response.output_item.done", output_index=0, item={"type": "message", "error": None}),
        b": response.completed\n\n",
        b"data: [DONE]\n\n",
        b'data: {"type":"response.completed"\n\n',
        b'data: {"type":["response.completed"]}\n\n',
        b'data: {"error":null}\n\n',
        b'data: "response.completed"\n\n',
        b'data: {"error":' + b"[" * 100_000 + b"\n\n",
        b'data: {"error":"\xff"}\n\n',
    ],
    ids=lambda stream: repr(stream[:60]),
)
def test_these_events_do_not_end_a_stream_and_break_nothing(stream: bytes) -> None:
    found = read(stream)

    assert (found.ended, found.final, found.failed) == (False, False, False)


def test_the_name_of_an_event_is_enough() -> None:
    assert read(b"event: response.completed\ndata: not JSON\n\n").final
    assert read(b'data: {"type":"response.completed","response":{}}\n\n').final


def test_seals_are_those_of_items_that_are_done() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    begun = event("response.output_item.added", output_index=0, item={**item, "encrypted_content": "ha"})
    done = event("response.output_item.done", output_index=0, item={**item, "encrypted_content": "half"})

    assert list(read(CREATED, begun, done).seals) == [chat.Seal(family="openai", data="half")]


EVENTS = st.one_of(
    st.builds(delta, st.sampled_from(["Hi", '"usage":{}', "response.completed", '"error"', "\u2028"])),
    st.builds(ended, st.sampled_from(["completed", "incomplete", "failed"]), usage=st.sampled_from([None, {}, SAID])),
    st.builds(event, st.just("error"), message=st.just("x")),
    st.sampled_from(
        [
            CREATED,
            b": keep-alive\n\n",
            b"data: [DONE]\n\n",
            b'data: {"type":"response.completed",\ndata: "response":{"usage":{"input_tokens":7}}}\n\n',
            b'data: {"error":\ndata: {}}\n\n',
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


@given(st.data(), st.sampled_from([SAID, None, {"input_tokens": 1}]))
def test_a_plain_answer_reads_the_same_however_it_is_cut(data: st.DataObject, usage: Any) -> None:
    whole = json.dumps({"output": [{"text": "\u20ac" * 9}], "usage": usage}).encode()
    at_once, in_pieces = OpenAIResponses().reader(stream=False), OpenAIResponses().reader(stream=False)
    at_once.feed(whole)
    for piece in data.draw(cuts(whole)):
        in_pieces.feed(piece)
    assert not in_pieces.ended
    at_once.finish()
    in_pieces.finish()

    assert (in_pieces.ended, in_pieces.usage) == (True, at_once.usage)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"usage":', b"\xff", b'{"usage":"\xff"}', b"[" * 100_000])
def test_a_plain_answer_that_is_something_else_breaks_nothing(body: bytes) -> None:
    reader = OpenAIResponses().reader(stream=False)
    reader.feed(body)
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(), True)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_break_a_reader(chunks: list[bytes]) -> None:
    assert isinstance(read(*chunks).ended, bool)


def test_a_long_stream_costs_microseconds_an_event() -> None:
    usual = delta()
    start = time.perf_counter()
    read(*[usual] * 10_000, usual * 10_000, ended(usage=SAID))

    assert time.perf_counter() - start < 1.0  # measured: 0.09 s
