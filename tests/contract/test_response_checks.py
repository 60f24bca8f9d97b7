"""The checker of Responses streams: a checker that finds nothing would prove nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.response_checks import responses_faults

Events = list[dict[str, Any]]

HEAD = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None, "incomplete_details": None}
USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 3,
}
TEXT = {"type": "output_text", "text": "hi", "annotations": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [TEXT]}
SUMMARY = {"type": "summary_text", "text": "hm"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [SUMMARY], "encrypted_content": "QUJD"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}", "status": "completed"}
CUSTOM = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "b", "name": "g", "input": "text"}


def begun() -> Events:
    response = {**HEAD, "status": "in_progress", "output": [], "usage": None}
    return [{"type": "response.created", "response": response}, {"type": "response.in_progress", "response": response}]


def ended(*output: Any, status: str = "completed", **more: Any) -> Events:
    response = {**HEAD, "status": status, "output": list(output), "usage": USAGE, **more}
    return [{"type": f"response.{status}", "response": response}]


def message(at: int = 0, item: Any = MESSAGE) -> Events:
    about = {"item_id": item["id"], "output_index": at, "content_index": 0}
    empty = {**item, "status": "in_progress", "content": []}
    return [
        {"type": "response.output_item.added", "output_index": at, "item": empty},
        {"type": "response.content_part.added", **about, "part": {**TEXT, "text": ""}},
        {"type": "response.output_text.delta", **about, "delta": "h", "logprobs": []},
        {"type": "response.output_text.delta", **about, "delta": "i", "logprobs": []},
        {"type": "response.output_text.done", **about, "text": "hi", "logprobs": []},
        {"type": "response.content_part.done", **about, "part": TEXT},
        {"type": "response.output_item.done", "output_index": at, "item": item},
    ]


def reasoning(at: int = 0) -> Events:
    about = {"item_id": "rs_1", "output_index": at, "summary_index": 0}
    empty = {"type": "reasoning", "id": "rs_1", "summary": []}
    return [
        {"type": "response.output_item.added", "output_index": at, "item": empty},
        {"type": "response.reasoning_summary_part.added", **about, "part": {**SUMMARY, "text": ""}},
        {"type": "response.reasoning_summary_text.delta", **about, "delta": "hm"},
        {"type": "response.reasoning_summary_text.done", **about, "text": "hm"},
        {"type": "response.reasoning_summary_part.done", **about, "part": SUMMARY},
        {"type": "response.output_item.done", "output_index": at, "item": REASONING},
    ]


def call(at: int = 0, item: Any = CALL) -> Events:
    kind, field = ("function_call_arguments", "arguments") if "arguments" in item else ("custom_tool_call_input", "input")
    about = {"item_id": item["id"], "output_index": at}
    empty = {**item, field: "", **({"status": "in_progress"} if "status" in item else {})}
    return [
        {"type": "response.output_item.added", "output_index": at, "item": empty},
        {"type": f"response.{kind}.delta", **about, "delta": item[field]},
        {"type": f"response.{kind}.done", **about, field: item[field]},
        {"type": "response.output_item.done", "output_index": at, "item": item},
    ]


ERROR: Events = [{"type": "error", "code": "server_error", "message": "no", "error": {"message": "no"}}]
FAILED = ended(status="failed", error={"code": "server_error", "message": "no"})
CUT: dict[str, Any] = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
TORN = {**CALL, "arguments": '{"a":', "status": "incomplete"}


def wire(events: Events) -> bytes:
    numbered = ({**each, "sequence_number": number} for number, each in enumerate(events))
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in numbered).encode()


@pytest.mark.parametrize(
    "events",
    [
        [*begun(), *ended()],
        [*begun(), *message(), *ended(MESSAGE)],
        [*begun(), *reasoning(), *message(1), *call(2), *call(3, CUSTOM), *ended(REASONING, MESSAGE, CALL, CUSTOM)],
        [*begun(), *message(item={**MESSAGE, "status": "incomplete"}), *ended({**MESSAGE, "status": "incomplete"}, **CUT)],
        [*begun(), *call(item=TORN), *ended(TORN, **CUT)],
        [*begun(), *message()[:3], *ERROR, *FAILED],
        [*begun(), *FAILED],
        [*ERROR, *FAILED],
    ],
)
def test_a_good_stream_has_no_faults(events: Events) -> None:
    assert responses_faults(wire(events)) == []


def test_comments_are_nothing() -> None:
    assert responses_faults(b": keep-alive\n\n" + wire([*begun(), *ended()])) == []


def changed(events: Events, at: int, **more: Any) -> Events:
    return [*events[:at], {**events[at], **more}, *events[at + 1 :]]


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([], "neither completed, incomplete nor failed"),
        ([*begun(), *message()], "neither completed, incomplete nor failed"),
        ([*begun(), *ERROR], "neither completed, incomplete nor failed"),
        ([*ended()], "response.completed in front of the beginning"),
        ([*begun()[:1], *ended()], "response.completed in front of the beginning"),
        ([*begun(), *begun(), *ended()], "response.created at a wrong place"),
        ([*message(), *ended(MESSAGE)], "response.output_item.added in front of the beginning"),
        ([*begun(), *ended(), *ended()], "response.completed follows response.completed"),
        ([*begun(), *ERROR, *ended()], "response.completed follows error"),
        ([*begun(), *message(), *ended()], "the output of response.completed is not what was told"),
        ([*begun(), *message()[:-1], *ended()], "response.completed in an item"),
        ([*begun(), *message(1), *ended(MESSAGE)], "output_item.added of item 1 after 0"),
        ([*begun(), *message()[:3], *call(0)], "an item begins in another one"),
        ([*begun(), *message(), *message(1), *ended(MESSAGE, MESSAGE)], "an id of an item twice"),
        ([*begun(), *call(), *call(1, {**CALL, "id": "fc_2"})], "a call without an id of its own"),
        ([*begun(), *call(item={**CALL, "name": ""})], "a call without name"),
        ([*begun(), *call(item=TORN), *ended(TORN)], "response.completed with the torn calls ['fc_1']"),
        ([*begun(), *call(item={**CALL, "arguments": "{"})], "the status of a call does not fit its arguments"),
        ([*begun(), *message()[:2], *message()[3:]], "output_text is not what its pieces were"),
        ([*begun(), *message()[:4], *message()[5:]], "a part ends before its text"),
        ([*begun(), *message()[:1], *message()[2:]], "output_text in a part of None"),
        ([*begun(), *message()[:5], *message()[6:]], "an item ends in a part"),
        ([*begun(), *message()[1:]], "content_part.added while no item is open"),
        ([*begun(), *call()[:2], *call()[3:]], "a call without its end"),
        ([*begun(), *changed(message(), 2, item_id="msg_2")], "output_text.delta of another item"),
        ([*begun(), *changed(message(), 2, delta="")], "a piece of text that is empty, or too late"),
        ([*begun(), *changed(message(), 2, logprobs=None)], "a text without logprobs"),
        ([*begun(), *changed(message(), 6, item={**MESSAGE, "content": []})], "an item is not what was told of it"),
        ([*begun(), *changed(reasoning(), 0, item=REASONING)], "a seal before its time"),
        ([*begun(), *ended(status="incomplete")], "response.incomplete with the details None"),
        ([*begun(), *ended(usage={**USAGE, "total_tokens": 4})], "the total is not the sum"),
        ([*begun(), *ended(id="resp_2")], "the response is another one"),
        (
            [*begun(), *ended(error={"code": "x", "message": "y"})],
            "response.completed with the error {'code': 'x', 'message': 'y'}",
        ),
        ([*begun(), *ended(status="failed", error={"code": "", "message": "no"})], "a failure without code or message"),
        ([*begun(), {"type": "ping"}, *ended()], "an event 'ping'"),
    ],
)
def test_a_fault_is_found(events: Events, fault: str) -> None:
    assert fault in responses_faults(wire(events))


def test_numbers_have_to_rise() -> None:
    stream = wire([*begun(), *ended()]).replace(b'"sequence_number": 1', b'"sequence_number": 0')

    assert responses_faults(stream) == ["response.in_progress is not numbered behind the one before it"]


def test_a_name_has_to_be_the_type() -> None:
    stream = wire([*begun(), *ended()]).replace(b"event: response.created", b"event: created")

    assert "event 'created' holds 'response.created'" in responses_faults(stream)
