"""Gemini's generateContent: our errors in it, and what is read of an answer that passes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Abilities, BadRequest, Fault, Headers, Model, Usage, chat
from korproxy.builtin.dialects.gemini import Gemini, GeminiStream, korproxy_dialects
from korproxy.builtin.dialects.gemini_format.translator import GeminiTranslator
from tests.fakes.json_bodies import cuts, groups
from tests.fakes.settings import FakeSettings

PATH = "/v1beta/models/gemini-3-pro:generateContent"
COUNTS = {"promptTokenCount": 120, "cachedContentTokenCount": 64, "candidatesTokenCount": 24, "thoughtsTokenCount": 16}
TOLD = Usage(tokens_in=56, cache_read=64, tokens_out=40, reasoning=16)


def chunk(text: str = "Hi", *, reason: str | None = None, usage: Any = None) -> bytes:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}}
    said: dict[str, Any] = {"candidates": [candidate | ({"finishReason": reason} if reason else {})]}
    return b"data: " + json.dumps(said | ({"usageMetadata": usage} if usage else {})).encode() + b"\r\n\r\n"


def read(*chunks: bytes) -> GeminiStream:
    reader = GeminiStream()
    for each in chunks:
        reader.feed(each)
    reader.finish()
    return reader


def test_the_hook_offers_the_format_under_both_versions_of_the_api() -> None:
    (dialect,) = korproxy_dialects(FakeSettings())

    assert (dialect.name, list(dialect.paths)) == (
        "gemini",
        [
            "/v1beta/models/{model}:generateContent",
            "/v1beta/models/{model}:streamGenerateContent",
            "/v1/models/{model}:generateContent",
            "/v1/models/{model}:streamGenerateContent",
        ],
    )
    assert isinstance(dialect.translator, GeminiTranslator)


@pytest.mark.parametrize(
    ("path", "model", "stream"),
    [
        (PATH, "gemini-3-pro", False),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent", "gemini-3-pro", True),
        ("/v1/models/vendor/a:b:streamGenerateContent", "vendor/a:b", True),
    ],
)
def test_model_and_stream_stand_in_the_path(path: str, model: str, stream: bool) -> None:
    peek = Gemini().peek(path, b'{"contents":[]}')

    assert (peek.model, peek.stream, peek.tools, peek.span) == (model, stream, False, None)


@pytest.mark.parametrize(
    ("body", "tools"), [(b'{"tools":[{}]}', True), (b'{"tools":[]}', False), (b'{"tools":7}', False), (b"[", False)]
)
def test_a_request_is_looked_at_for_tools(body: bytes, tools: bool) -> None:
    assert Gemini().peek(PATH, body).tools is tools


@pytest.mark.code("KP-SYS-519")
def test_a_path_without_a_model_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        Gemini().peek("/v1beta/models", b"{}")

    assert caught.value.code == "KP-SYS-519"


def test_another_model_changes_no_byte_of_the_body() -> None:
    assert Gemini().set_model(b'{"contents":[]}', (0, 0), "other") == b'{"contents":[]}'


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (405, "INVALID_ARGUMENT"),
        (413, "RESOURCE_EXHAUSTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (502, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_an_error_has_the_word_of_its_status_and_our_code(status: int, expected: str) -> None:
    error = json.loads(Gemini().error(Fault(code="KP-SYS-501", status=status, message="It broke.")))

    assert error == {
        "error": {
            "code": status,
            "message": "[KP-SYS-501] It broke.",
            "status": expected,
            "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "KP-SYS-501", "domain": "korproxy"},
            ],
        },
    }


def test_where_codes_are_switched_off_there_is_none() -> None:
    error = json.loads(Gemini().error(Fault(code="", status=500, message="It broke.")))

    assert error == {"error": {"code": 500, "message": "It broke.", "status": "INTERNAL"}}


def test_a_late_error_is_one_event_and_the_last() -> None:
    fault = Fault(code="KP-NET-309", status=502, message="Cut off.\nReally.", docs="https://docs.test/KP-NET-309")
    late = Gemini().late_error(fault)

    assert late == b"data: " + Gemini().error(fault) + b"\r\n\r\n"
    assert late.count(b"\n") == 2
    assert b"[DONE]" not in late
    assert (read(late).ended, read(late).final, read(late).failed) == (True, True, True)


@pytest.mark.parametrize(
    ("path", "headers", "own"),
    [
        ("/v1beta/models", [], True),
        ("/v1/models", [(b"x-goog-api-key", b"k")], True),
        ("/v1/models", [(b"x-api-key", b"k")], False),
    ],
)
def test_its_clients_are_known_by_the_path_or_by_where_they_put_their_key(
    path: str, headers: list[tuple[bytes, bytes]], own: bool
) -> None:
    assert Gemini().lists_models(path, b"", Headers(headers)) is own


@pytest.mark.parametrize(
    ("query", "array"),
    [
        (b"", True),
        (b"alt=sse", False),
        (b"key=k&alt=sse", False),
        (b"alt=json", True),
        (b"alt=%FF", True),
        (b"user=%C3%A9\xff&alt=sse", False),
    ],
)
def test_a_stream_is_an_array_unless_events_are_asked_for(query: bytes, array: bool) -> None:
    assert Gemini().wants_array(query) is array


def test_the_list_of_models_is_one_page_in_the_vendors_shape() -> None:
    methods = {"supportedGenerationMethods": ["generateContent", "countTokens"]}
    models = [Model(id="gemini-3-pro", name="Gemini 3 Pro", abilities=Abilities(window=10, output=5)), Model(id="m")]

    assert json.loads(Gemini().model_list(models)) == {
        "models": [
            {
                "name": "models/gemini-3-pro",
                "displayName": "Gemini 3 Pro",
                "inputTokenLimit": 10,
                "outputTokenLimit": 5,
                **methods,
            },
            {"name": "models/m", "displayName": "m", **methods},
        ]
    }


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([chunk(usage=COUNTS)], TOLD),
        ([chunk(usage={"promptTokenCount": 1}), chunk(reason="STOP", usage=COUNTS)], TOLD),
        ([chunk(reason="STOP"), chunk(usage=COUNTS)], TOLD),
        ([chunk(usage=COUNTS), chunk(usage=7), chunk(reason="STOP")], TOLD),
        ([chunk('"usageMetadata":{"promptTokenCount":9}')], Usage()),
        ([b'data: {"usage_metadata":{"prompt_token_count":3}}\n\n'], Usage(tokens_in=3)),
    ],
)
def test_the_last_usage_counts(events: list[bytes], expected: Usage) -> None:
    assert read(*events).usage == expected


@pytest.mark.parametrize(
    ("stream", "failed"),
    [
        (chunk(reason="STOP"), False),
        (chunk(reason="MAX_TOKENS"), False),
        (chunk(reason="STOP").replace(b"\r\n", b"\n"), False),
        (chunk(reason="STOP").removesuffix(b"\r\n\r\n"), False),
        (b'data: {"candidates":[{"finish_reason":"STOP"}]}\n\n', False),
        (b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n', False),
        (b'data: {"error":{"code":503}}\n\n', True),
        (b'data: [{"error":{"code":503}}]\n\n', True),
    ],
)
def test_these_events_end_a_stream(stream: bytes, failed: bool) -> None:
    found = read(chunk(), stream)

    assert not read(chunk()).ended
    assert (found.ended, found.final, found.failed) == (True, failed, failed)


@pytest.mark.parametrize(
    "stream",
    [
        chunk(),
        chunk('"finishReason":"STOP"'),
        chunk('"error"'),
        b'data: {"candidates":[{"finishReason":null}]}\n\n',
        b'data: {"candidates":[{"finishReason":""}],"error":null}\n\n',
        b'data: {"promptFeedback":{"safetyRatings":[]}}\n\n',
        b'data: {"promptFeedback":7}\n\n',
        b'data: {"finishReason":"STOP"\n\n',
        b': "finishReason":"STOP"\n\n',
        b'data: "finishReason"\n\n',
        b'data: {"candidates":{"finishReason":"STOP"}}\n\n',
        b'data: {"error":1,"x":' + b"[" * 100_000 + b"\n\n",
        b'data: \xff"error"\n\n',
    ],
    ids=lambda stream: repr(stream[:60]),
)
def test_these_events_do_not_end_a_stream_and_break_nothing(stream: bytes) -> None:
    found = read(stream)

    assert (found.ended, found.final, found.failed) == (False, False, False)


def test_a_plain_answer_says_its_usage() -> None:
    reader = Gemini().reader(stream=False)
    reader.feed(json.dumps({"candidates": [], "usageMetadata": COUNTS}).encode())
    reader.finish()

    assert (reader.usage, reader.ended) == (TOLD, True)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"usageMetadata":', b"\xff", b'{"usageMetadata":7}', b"[" * 100_000])
def test_a_plain_answer_that_is_something_else_breaks_nothing(body: bytes) -> None:
    reader = Gemini().reader(stream=False)
    reader.feed(body)
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(), True)


def signed(key: str, *signatures: str) -> bytes:
    parts = [{"functionCall": {"name": "read", "args": {}}, key: each} for each in signatures]
    return json.dumps({"candidates": [{"content": {"role": "model", "parts": parts}}]}).encode()


def test_what_seals_thoughts_and_calls_is_seen_in_both_spellings() -> None:
    for key in ("thoughtSignature", "thought_signature"):
        plain = Gemini().reader(stream=False)
        plain.feed(signed(key, "QQ==", "Qg\\/"))
        plain.finish()
        streamed = read(chunk(), b"data: " + signed(key, "QQ==") + b"\r\n\r\n", b"data: " + signed(key, "", "Qg\\/") + b"\n\n")

        assert list(plain.seals) == streamed.seals == [chat.Seal(family="google", data=each) for each in ("QQ==", "Qg\\/")]


EVENTS = st.one_of(
    st.builds(lambda each: b"data: " + signed("thoughtSignature", each) + b"\n\n", st.sampled_from(["QQ==", ""])),
    st.builds(chunk, st.sampled_from(["Hi", '"usage"', '"error"', "\u2028"]), reason=st.sampled_from([None, "STOP"])),
    st.builds(chunk, usage=st.dictionaries(st.sampled_from(list(COUNTS)), st.integers(-1, 99), max_size=4)),
    st.sampled_from([b'data: {"error":{}}\n\n', b'data: {"error":{"code":1}}\n\n', b": ping\n\n", b"data: \xff\n\n"]),
)


@given(st.lists(EVENTS, max_size=8).flatmap(lambda events: st.tuples(st.just(events), groups(events))))
def test_a_stream_reads_the_same_however_its_events_are_grouped(case: tuple[list[bytes], list[bytes]]) -> None:
    events, pieces = case

    assert read(*pieces) == read(*events)


@given(st.data())
def test_a_plain_answer_reads_the_same_however_it_is_cut(data: st.DataObject) -> None:
    reader = Gemini().reader(stream=False)
    for piece in data.draw(cuts(json.dumps({"text": "\u20ac" * 9, "usageMetadata": COUNTS}).encode())):
        reader.feed(piece)
    reader.finish()

    assert reader.usage == TOLD


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_break_a_reader(chunks: list[bytes]) -> None:
    assert isinstance(read(*chunks).ended, bool)


def test_a_long_stream_costs_microseconds_an_event() -> None:
    usual, counted = chunk(), chunk(usage=COUNTS)
    began = time.perf_counter()
    read(*[usual] * 10_000, usual * 10_000, *[counted] * 2_000, counted * 2_000)

    assert time.perf_counter() - began < 1.0  # measured: 0.06 s
