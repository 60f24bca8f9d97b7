"""Responses: good answers are read, and every broken rule is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from korproxy_conformance.clients.openai_responses import ResponsesClient
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Failure, Usage
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wrong import Wrong

Change = Callable[[Any], object]
SUMMARY = {"type": "summary_text", "text": "hm"}
TEXT = {"type": "output_text", "text": "Hi", "annotations": []}
REASONING = {"id": "rs_1", "type": "reasoning", "summary": [SUMMARY], "encrypted_content": "gAA"}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [TEXT]}
READ = {"id": "fc_1", "type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"a": 1}', "status": "completed"}
NOW = {"id": "fc_2", "type": "function_call", "call_id": "c2", "name": "now", "arguments": "{}", "status": "completed"}
OUTPUT: list[dict[str, Any]] = [REASONING, MESSAGE, READ, NOW]
WHOLE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "m",
    "output": OUTPUT,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 120,
        "input_tokens_details": {"cached_tokens": 64},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 16},
        "total_tokens": 160,
    },
}
BEGUN = {**WHOLE, "status": "in_progress", "output": [], "usage": None}
CALLS = (Call(id="c1", name="read", arguments={"a": 1}), Call(id="c2", name="now", arguments={}))


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


R: dict[str, Any] = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
M: dict[str, Any] = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
A: dict[str, Any] = {"item_id": "fc_1", "output_index": 2}
B: dict[str, Any] = {"item_id": "fc_2", "output_index": 3}
STREAM: list[dict[str, Any]] = [
    event("created", response=BEGUN),
    event("in_progress", response=BEGUN),
    event("output_item.added", output_index=0, item={**REASONING, "summary": [], "encrypted_content": "g"}),
    event("reasoning_summary_part.added", **R, part={**SUMMARY, "text": ""}),
    event("reasoning_summary_text.delta", **R, delta="hm"),
    event("reasoning_summary_text.done", **R, text="hm"),
    event("reasoning_summary_part.done", **R, part=SUMMARY),
    event("output_item.done", output_index=0, item=REASONING),
    event("output_item.added", output_index=1, item={**MESSAGE, "status": "in_progress", "content": []}),
    event("content_part.added", **M, part={**TEXT, "text": ""}),
    event("output_text.delta", **M, delta="H", logprobs=[]),
    event("output_text.delta", **M, delta="i", logprobs=[]),
    event("output_text.done", **M, text="Hi", logprobs=[]),
    event("content_part.done", **M, part=TEXT),
    event("output_item.done", output_index=1, item=MESSAGE),
    event("output_item.added", output_index=2, item={**READ, "arguments": "", "status": "in_progress"}),
    event("output_item.added", output_index=3, item={**NOW, "arguments": "", "status": "in_progress"}),
    event("function_call_arguments.delta", **A, delta='{"a"'),
    event("function_call_arguments.delta", **B, delta="{}"),
    event("function_call_arguments.delta", **A, delta=": 1}"),
    event("function_call_arguments.done", **A, arguments='{"a": 1}'),
    event("function_call_arguments.done", **B, arguments="{}"),
    event("output_item.done", output_index=2, item=READ),
    event("output_item.done", output_index=3, item=NOW),
    event("completed", response=WHOLE),
]
FLAT = {"type": "error", "code": "server_is_overloaded", "message": "fire", "param": None}
FAILED = event("failed", response={**WHOLE, "status": "failed", "error": {"code": "server_error", "message": "fire"}})


def heard(events: Sequence[dict[str, Any]]) -> Answer:
    stream = ResponsesClient().reader()
    numbered = [{"sequence_number": number, **each} for number, each in enumerate(events)]
    data = "".join(f"event: {each.pop('event', each['type'])}\ndata: {json.dumps(each)}\n\n" for each in numbered)
    for each in EventReader().feed(data.encode()):
        stream.take(each)
    return stream.answer()


@pytest.mark.parametrize("answer", [ResponsesClient().read(Place(WHOLE)), heard(STREAM)], ids=["whole", "streamed"])
def test_an_answer_is_read(answer: Answer) -> None:
    assert (answer.text, answer.thoughts, answer.seals, answer.calls) == ("Hi", "hm", ("gAA",), CALLS)
    assert (answer.finish, answer.closed, answer.usage) == ("completed", True, Usage(prompt=120, cached=64, output=40))
    assert answer.back == OUTPUT


def test_an_answer_that_is_too_long_says_why() -> None:
    cut = {**WHOLE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert ResponsesClient().read(Place(cut)).finish == "incomplete: max_output_tokens"
    assert heard([*STREAM[:-1], event("incomplete", response=cut)]).finish == "incomplete: max_output_tokens"


@pytest.mark.parametrize("length", range(len(STREAM)))
def test_a_stream_that_was_cut_is_no_success(length: int) -> None:
    answer = heard(STREAM[:length])
    assert (answer.closed, answer.finish, answer.calls, answer.failure) == (False, "", (), None)
    assert "Hi".startswith(answer.text)


def test_both_kinds_of_errors_in_mid_stream_are_read() -> None:
    overloaded = Failure(kind="server_is_overloaded", message="fire", code="server_is_overloaded")
    assert heard([*STREAM[:11], FLAT]).failure == overloaded
    assert heard([*STREAM[:11], FAILED]).failure == Failure(kind="server_error", message="fire", code="server_error")


def test_what_is_missing_in_frames_is_remarked() -> None:
    assert heard(STREAM).remarks == ()
    nameless = [{**each, "event": ""} if number == 3 else each for number, each in enumerate(STREAM)]
    assert heard(nameless).remarks == ("event 3 has no name",)
    stream = ResponsesClient().reader()
    data = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in STREAM)
    for each in EventReader().feed(data.encode()):
        stream.take(each)
    assert stream.answer().remarks[0] == "event 0 has no sequence_number"
    assert len(stream.answer().remarks) == len(STREAM)


def test_a_failure_may_be_told_twice_but_not_more_often() -> None:
    assert heard([*STREAM[:11], FLAT, FAILED]).failure == Failure(kind="server_error", message="fire", code="server_error")
    for events in ([FLAT, FLAT], [FAILED, FLAT], [FLAT, FAILED, FAILED], [FLAT, STREAM[11]]):
        with pytest.raises(Wrong, match="nothing after the end"):
            heard([*STREAM[:11], *events])


def test_a_failure_is_one_of_the_response_that_began() -> None:
    other = event("failed", response={**FAILED["response"], "id": "resp_2"})
    with pytest.raises(Wrong, match='expected "resp_1"; came "resp_2" at event 11 /response/id'):
        heard([*STREAM[:11], other])


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


BROKEN_ANSWERS: list[tuple[Change, str]] = [
    (set_to("object", "chat.completion"), "/object"),
    (without("id"), "a member 'id'"),
    (set_to("created_at", "now"), "/created_at"),
    (without("tools"), "a member 'tools'"),
    (without("tool_choice"), "a member 'tool_choice'"),
    (set_to("parallel_tool_calls", None), "/parallel_tool_calls"),
    (set_to("status", "failed"), "/status"),
    (set_to("status", "incomplete"), "/incomplete_details"),
    (set_to("error", {"code": "x"}), "/error"),
    (set_to("incomplete_details", {"reason": "max_output_tokens"}), "/incomplete_details"),
    (set_to("output", 1, "role", "user"), "/output/1/role"),
    (set_to("output", 1, "id", "rs_1"), "an id of its own for each item"),
    (without("output", 1, "content", 0, "annotations"), "a member 'annotations'"),
    (set_to("output", 1, "content", 0, "type", "text"), "/output/1/content/0/type"),
    (without("output", 0, "summary"), "a member 'summary'"),
    (set_to("output", 0, "summary", 0, "type", "text"), "/output/0/summary/0/type"),
    (set_to("output", 3, "call_id", "c1"), "a call_id of its own"),
    (set_to("output", 2, "arguments", '{"a": '), "/output/2/arguments (parsed)"),
    (set_to("output", 2, "status", "incomplete"), "/output/2/status"),
    (set_to("output", 2, "type", "tool_call"), "message, function_call or reasoning"),
    (set_to("usage", "total_tokens", 1), "expected 160; came 1"),
    (without("usage", "output_tokens_details"), "a member 'output_tokens_details'"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_ANSWERS)
def test_every_broken_rule_of_a_whole_answer_is_found(change: Change, words: str) -> None:
    broken = deepcopy(WHOLE)
    change(broken)
    with pytest.raises(Wrong) as caught:
        ResponsesClient().read(Place(broken))
    assert words in str(caught.value)


def inserted(number: int, event: Any) -> Change:
    return lambda events: events.insert(number, event)


def removed(number: int) -> Change:
    return lambda events: events.pop(number)


BROKEN_STREAMS: list[tuple[Change, str]] = [
    (removed(0), "response.created first, and once"),
    (lambda events: events.__delitem__(slice(0, 2)), "response.created first"),
    (inserted(1, STREAM[0]), "response.created first, and once"),
    (set_to(0, "response", "status", "completed"), "event 0 /response/status"),
    (set_to(1, "response", "id", "resp_2"), "event 1 /response/id"),
    (set_to(5, "sequence_number", 4), "expected 5; came 4"),
    (set_to(5, "sequence_number", 6), "expected 5; came 6"),
    (set_to(5, "event", "message"), 'expected "message"; came "response.reasoning_summary_text.done" at event 5 /type'),
    (set_to(8, "output_index", 0), "expected 1; came 0 at event 8 /output_index"),
    (set_to(16, "output_index", 2), "expected 3; came 2 at event 16 /output_index"),
    (set_to(8, "item", "status", "completed"), "event 8 /item/status"),
    (set_to(8, "item", "content", [TEXT]), "event 8 /item/content"),
    (set_to(15, "item", "arguments", "{}"), "event 15 /item/arguments"),
    (without(15, "item", "call_id"), "a member 'call_id'"),
    (set_to(10, "output_index", 7), "the number of an item that was added"),
    (set_to(10, "item_id", "rs_1"), "event 10 /item_id"),
    (set_to(10, "content_index", 1), "the number of a part that is open"),
    (set_to(9, "content_index", 1), "expected 0; came 1 at event 9 /content_index"),
    (set_to(9, "part", "text", "H"), "event 9 /part/text"),
    (removed(9), "the number of a part that is open"),
    (removed(10), 'expected "i"; came "Hi"'),
    (set_to(12, "text", "Ho"), 'expected "Hi"; came "Ho"'),
    (removed(12), "the text's done before its part's"),
    (inserted(13, STREAM[11]), "nothing more of a text that is done"),
    (set_to(13, "part", "text", "Ho"), "event 13 /part/text"),
    (removed(13), "all parts done before their item"),
    (set_to(14, "item", "content", 0, "text", "Ho"), "event 14 /item/content"),
    (set_to(14, "item", "id", "msg_2"), "event 14 /item/id"),
    (inserted(15, STREAM[11]), "nothing about an item that is done"),
    (set_to(20, "arguments", "{}"), "event 20 /arguments"),
    (removed(20), "what an arguments.done said"),
    (set_to(22, "item", "arguments", "{}"), "event 22 /item/arguments"),
    (set_to(22, "item", "call_id", "c9"), "event 22 /item/call_id"),
    (removed(23), "all items done before the end"),
    (set_to(24, "response", "output", []), "event 24 /response/output"),
    (set_to(24, "response", "id", "resp_2"), "event 24 /response/id"),
    (set_to(24, "response", "status", "incomplete"), "event 24 /response/status"),
    (set_to(24, "response", "usage", None), "event 24 /response/usage"),
    (inserted(25, STREAM[24]), "nothing after the end"),
    (inserted(24, FLAT), "nothing after the end"),
    (inserted(11, {**FLAT, "message": ""}), "event 11 /message"),
    (inserted(11, {"type": "error", "error": {"message": "fire"}}), "a member 'code'"),
    (inserted(11, event("failed", response={**WHOLE, "status": "failed"})), "event 11 /response/error"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_STREAMS)
def test_every_broken_rule_of_a_stream_is_found(change: Change, words: str) -> None:
    broken = json.loads(json.dumps(STREAM))  # no part of it is another one
    change(broken)
    with pytest.raises(Wrong) as caught:
        heard(broken)
    assert words in str(caught.value)


def test_events_of_other_kinds_are_passed_over_but_counted() -> None:
    other = {"type": "codex.rate_limits", "plan_type": "plus"}
    assert heard([*STREAM[:11], other, *STREAM[11:]]).closed


def test_done_is_not_for_this_format() -> None:
    [event] = EventReader().feed(b"data: [DONE]\n\n")
    with pytest.raises(Wrong, match="expected JSON"):
        ResponsesClient().reader().take(event)
