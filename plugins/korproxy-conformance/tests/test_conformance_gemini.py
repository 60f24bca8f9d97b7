"""Gemini: good answers are read, and every broken rule is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from korproxy_conformance.clients.gemini import GeminiClient
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Call, Failure, Tool, Usage
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wrong import Wrong

Change = Callable[[Any], object]
PARTS: list[dict[str, Any]] = [
    {"text": "hm", "thought": True},
    {"text": "Hi"},
    {"functionCall": {"id": "f1", "name": "read", "args": {"a": 1}}, "thoughtSignature": "CiQ="},
    {"functionCall": {"name": "now"}},
]
USAGE = {
    "promptTokenCount": 120,
    "cachedContentTokenCount": 64,
    "candidatesTokenCount": 24,
    "thoughtsTokenCount": 16,
    "totalTokenCount": 160,
}
WHOLE: dict[str, Any] = {
    "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": PARTS}}],
    "usageMetadata": USAGE,
    "modelVersion": "m",
    "responseId": "r",
}
CALLS = (Call(id="f1", name="read", arguments={"a": 1}), Call(id="", name="now", arguments={}))


def chunk(*parts: dict[str, Any], finish: str | None = None, usage: Any = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    candidate |= {"finishReason": finish} if finish else {}
    return {
        "candidates": [candidate],
        **({"usageMetadata": usage} if usage else {}),
        "modelVersion": "m",
        "responseId": "r",
    }


STREAM: list[dict[str, Any]] = [
    chunk({"text": "h", "thought": True}, usage={"promptTokenCount": 120, "totalTokenCount": 120}),
    chunk({"text": "m", "thought": True}),
    chunk({"text": "H"}),
    chunk({"text": "i"}),
    chunk(PARTS[2]),
    chunk(PARTS[3]),
    chunk({"text": ""}, finish="STOP", usage=USAGE),
]
ERROR = {"error": {"code": 503, "message": "fire", "status": "UNAVAILABLE"}}


def heard(chunks: Sequence[dict[str, Any]]) -> Answer:
    stream = GeminiClient().reader()
    data = "".join(f"data: {json.dumps(each)}\r\n\r\n" for each in chunks)
    for event in EventReader().feed(data.encode()):
        stream.take(event)
    return stream.answer()


@pytest.mark.parametrize("answer", [GeminiClient().read(Place(WHOLE)), heard(STREAM)], ids=["whole", "streamed"])
def test_an_answer_is_read(answer: Answer) -> None:
    assert (answer.text, answer.thoughts, answer.seals, answer.calls) == ("Hi", "hm", ("CiQ=",), CALLS)
    assert (answer.finish, answer.closed, answer.usage) == ("STOP", True, Usage(prompt=120, cached=64, output=40))
    assert answer.back == [{"role": "model", "parts": PARTS}]


def test_a_sealed_part_goes_back_as_it_came() -> None:
    sealed = {"text": "", "thought": True, "thoughtSignature": "x"}
    answer = heard(
        [chunk({"text": "a"}), chunk(sealed), chunk({"text": "b"}), chunk({"text": "c"}), chunk(finish="STOP", usage=USAGE)]
    )
    assert answer.back[0]["parts"] == [{"text": "a"}, sealed, {"text": "bc"}]


@pytest.mark.parametrize("length", range(len(STREAM)))
def test_a_stream_that_was_cut_is_no_success(length: int) -> None:
    answer = heard(STREAM[:length])
    assert (answer.closed, answer.finish, answer.failure) == (False, "", None)


def test_usage_that_is_not_in_the_last_chunk_is_missed() -> None:
    assert heard([*STREAM[:-2], chunk(PARTS[3], usage=USAGE), chunk({"text": ""}, finish="STOP")]).usage is None


def test_an_error_in_mid_stream_is_read() -> None:
    answer = heard([*STREAM[:3], ERROR])
    assert (answer.text, answer.failure) == ("H", Failure(kind="UNAVAILABLE", message="fire", code="503"))


def set_to(*path: Any) -> Change:
    def change(document: Any) -> None:
        *way, last, value = path
        for step in way:
            document = document[step]
        document[last] = value

    return change


def without(*path: Any) -> Change:
    def change(document: Any) -> None:
        *way, last = path
        for step in way:
            document = document[step]
        del document[last]

    return change


CANDIDATE = ("candidates", 0)
FIRST = (*CANDIDATE, "content", "parts", 0)
BROKEN_ANSWERS: list[tuple[Change, str]] = [
    (set_to("candidates", []), "/candidates"),
    (set_to(*CANDIDATE, "index", 1), "/candidates/0/index"),
    (set_to(*CANDIDATE, "finishReason", "TOOL_CALLS"), "/candidates/0/finishReason"),
    (without(*CANDIDATE, "finishReason"), "a member 'finishReason'"),
    (set_to(*CANDIDATE, "content", "role", "assistant"), "/content/role"),
    (set_to(*FIRST, "functionCall", {"name": "x"}), "one of text, functionCall"),
    (without(*FIRST, "text"), "one of text, functionCall"),
    (set_to(*CANDIDATE, "content", "parts", 2, "functionCall", "args", '{"a": 1}'), "expected an object"),
    (set_to(*CANDIDATE, "content", "parts", 3, "functionCall", "id", "f1"), "an id of its own"),
    (without(*CANDIDATE, "content", "parts", 3, "functionCall", "name"), "a member 'name'"),
    (without("usageMetadata"), "a member 'usageMetadata'"),
    (set_to("usageMetadata", "totalTokenCount", 144), "expected 160; came 144"),
    (set_to("modelVersion", 7), "/modelVersion"),
    (set_to("responseId", ""), "/responseId"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_ANSWERS)
def test_every_broken_rule_of_a_whole_answer_is_found(change: Change, words: str) -> None:
    broken = deepcopy(WHOLE)
    change(broken)
    with pytest.raises(Wrong) as caught:
        GeminiClient().read(Place(broken))
    assert words in str(caught.value)


BROKEN_STREAMS: list[tuple[Change, str]] = [
    (set_to(3, "responseId", "other"), "event 3 /responseId"),
    (set_to(3, "modelVersion", "other"), "event 3 /modelVersion"),
    (without(3, "responseId"), 'expected "r"; came null at event 3 /responseId'),
    (set_to(3, *FIRST, "functionCall", {"name": "x"}), "event 3 /candidates/0/content/parts/0"),
    (set_to(3, *CANDIDATE, "finishReason", "STOP"), "nothing after the end"),
    (lambda chunks: chunks.append(chunk(finish="STOP", usage=USAGE)), "nothing after the end"),
    (lambda chunks: chunks.insert(3, ERROR), "nothing after the end"),
    (lambda chunks: chunks.insert(3, {"error": "fire"}), "event 3 /error"),
    (set_to(6, "usageMetadata", "totalTokenCount", 1), "expected 160; came 1"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_STREAMS)
def test_every_broken_rule_of_a_stream_is_found(change: Change, words: str) -> None:
    broken = deepcopy(STREAM)
    change(broken)
    with pytest.raises(Wrong) as caught:
        heard(broken)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"), [(b"data: [DONE]\n\n", "expected JSON"), (b"event: chunk\ndata: {}\n\n", "its name")]
)
def test_done_and_names_of_events_are_not_for_this_format(data: bytes, words: str) -> None:
    [event] = EventReader().feed(data)
    with pytest.raises(Wrong) as caught:
        GeminiClient().reader().take(event)
    assert words in str(caught.value)


def test_an_error_says_when_to_come_back() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"}
    body = {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "x"}, info]}}
    assert GeminiClient().failure(Place(body), 429) == Failure(kind="RESOURCE_EXHAUSTED", message="m", code="429", retry=7.5)
    with pytest.raises(Wrong, match="expected 400; came 429 at /error/code"):
        GeminiClient().failure(Place(body), 400)
    info["retryDelay"] = "7"
    with pytest.raises(Wrong, match="a duration like 7s"):
        GeminiClient().failure(Place(body), 429)


def test_the_model_and_the_way_are_in_the_path() -> None:
    ask = Ask(model="claude/x", turns=[], tools=[Tool(name="now", description="d", schema={"properties": {}})])
    client = GeminiClient()
    assert client.path(ask) == "/v1beta/models/claude/x:generateContent"
    assert client.body(ask)["tools"] == [{"functionDeclarations": [{"name": "now", "description": "d"}]}]
