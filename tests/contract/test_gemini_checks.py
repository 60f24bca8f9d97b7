"""The checker of Gemini streams: it finds nothing in good ones, and each fault in others, for else it would prove nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.gemini_checks import gemini_array_faults, gemini_faults

HEAD = {"modelVersion": "m", "responseId": "r1"}
USAGE = {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3, "totalTokenCount": 6}
CALL = {"functionCall": {"id": "c1", "name": "f", "args": {}}}
ERROR = {"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}
EMPTY: dict[str, Any] = {"candidates": [{"index": 0}], **HEAD}


def said(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0}], **HEAD, **more}


def last(reason: str = "STOP", *parts: Any, **more: Any) -> dict[str, Any]:
    content = {"role": "model", "parts": [*parts, {"text": ""}]}
    return {"candidates": [{"content": content, "finishReason": reason, "index": 0}], "usageMetadata": USAGE, **HEAD, **more}


def sse(*documents: Any) -> bytes:
    return b"".join(f"data: {json.dumps(each)}\r\n\r\n".encode() for each in documents)


HI = said({"text": "hi"})
PAGES = [{"web": {"uri": "https://a.example/", "title": "A"}}]


def citing(text: str, start: int, end: int, *indices: int) -> dict[str, Any]:
    segment = {"startIndex": start, "endIndex": end, "text": text}
    supports = [{"segment": segment, "groundingChunkIndices": list(indices)}]
    document = last()
    document["candidates"][0]["groundingMetadata"] = {"groundingChunks": PAGES, "groundingSupports": supports}
    return document


GOOD: list[list[Any]] = [
    [HI, last()],
    [last("STOP", {"text": "hi"})],
    [said({"text": "hm", "thought": True}), said({"text": "", "thought": True, "thoughtSignature": "QUJD"}), HI, last()],
    [said({**CALL, "thoughtSignature": "QUJD"}), said(CALL), last()],
    [said({"inlineData": {"mimeType": "image/png", "data": "iVBO"}}), last("MAX_TOKENS")],
    [said({"text": "größe"}), HI, citing("e", 6, 7, 0)],
    [HI, ERROR],
    [ERROR],
]
BAD: list[tuple[list[Any], str]] = [
    ([], "0 finish reasons"),
    ([HI], "0 finish reasons"),
    ([HI, last(), last()], "something follows the finish reason"),
    ([last(), ERROR], "an error and a finish reason"),
    ([ERROR, HI], "something follows the error"),
    ([{"error": {"message": "no"}}], "an error without its members"),
    ([{**ERROR, "candidates": []}], "an error beside something else"),
    ([HI, last(modelVersion="other")], "modelVersion and responseId change, or there is no model"),
    ([HI, last(usageMetadata=None)], "no usage in the last event"),
    ([HI, last(usageMetadata={**USAGE, "totalTokenCount": 5})], "the total is not the sum"),
    ([HI, last("TOOL_CALLS")], "the finish reason 'TOOL_CALLS'"),
    ([{**HI, "candidates": []}, last()], "not one candidate"),
    ([{**HI, "choices": []}, last()], "members {'choices'}"),
    ([HI, citing("h", 0, 2, 0)], "a citation of something that was not said"),
    (
        [{**HI, "candidates": [{**HI["candidates"][0], "groundingMetadata": {"groundingChunks": []}}]}, last()],
        "grounding without a page",
    ),
    ([{**HI, "candidates": [{**HI["candidates"][0], "groundingMetadata": {}}]}, last()], "grounding in front of the end"),
    ([HI, citing("h", 0, 1, 1)], "a citation of no page"),
    ([HI, citing("h", 0, 1)], "a citation of no page"),
    ([{**HI, "candidates": [{**HI["candidates"][0], "logprobs": 1}]}, last()], "members {'logprobs'} of a candidate"),
    ([EMPTY, last()], "a candidate that says nothing"),
    ([said(), last()], "a content without parts"),
    ([said({"text": ""}), last()], "a text that says nothing"),
    ([said({"text": "a", **CALL}), last()], "a part of ['functionCall', 'text']"),
    ([said({"thought": True}), last()], "a part of ['thought']"),
    ([said({"text": "a", "thoughtSignature": "x"}), last()], "a signature that is no base64"),
    ([said({"functionCall": {"id": "c", "name": "f", "args": "{}"}}), last()], "a call whose args are no object"),
    ([said({"functionCall": {"id": "c", "name": "", "args": {}}}), last()], "a call without a name"),
    ([said({"functionCall": {"name": "f", "args": {}}}), last()], "a call without an id"),
    ([said({"functionCall": {"id": "c", "name": "f", "args": {}, "willContinue": True}}), last()], "a call in pieces"),
]


@pytest.mark.parametrize("documents", GOOD)
def test_a_good_stream_has_no_faults(documents: list[Any]) -> None:
    assert gemini_faults(sse(*documents)) == []
    assert gemini_array_faults(json.dumps(documents).encode()) == []


@pytest.mark.parametrize(("documents", "fault"), BAD)
def test_a_fault_is_found(documents: list[Any], fault: str) -> None:
    assert fault in gemini_faults(sse(*documents))
    assert fault in gemini_array_faults(json.dumps(documents).encode())


def test_an_empty_event_is_none() -> None:
    assert gemini_faults(b"\r\n\r\n" + sse(HI, last()) + b"\r\n\r\n") == []


def test_what_other_formats_have_in_their_streams_is_a_fault() -> None:
    assert gemini_faults(sse(HI, last()) + b"data: [DONE]\r\n\r\n") == ["[DONE]"]
    assert "an event has a name" in gemini_faults(b"event: message\r\n" + sse(last()))
    assert gemini_array_faults(json.dumps(last()).encode()) == ["no array"]
