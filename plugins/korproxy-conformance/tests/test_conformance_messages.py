"""Messages: good answers are read, and every broken rule is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from korproxy_conformance.clients.anthropic_messages import MessagesClient
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Failure, Usage
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wrong import Wrong

Change = Callable[[Any], object]
CONTENT: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "hm", "signature": "Eq"},
    {"type": "redacted_thinking", "data": "xx"},
    {"type": "text", "text": "Hi"},
    {"type": "tool_use", "id": "t1", "name": "read", "input": {"a": 1}},
    {"type": "tool_use", "id": "t2", "name": "now", "input": {}},
]
WHOLE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": CONTENT,
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 120, "cache_read_input_tokens": 64, "cache_creation_input_tokens": 6, "output_tokens": 40},
}
USAGE = Usage(prompt=190, cached=64, output=40)
CALLS = (Call(id="t1", name="read", arguments={"a": 1}), Call(id="t2", name="now", arguments={}))


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


HEAD = {**WHOLE, "content": [], "stop_reason": None, "usage": {**WHOLE["usage"], "output_tokens": 1}}
STREAM: list[dict[str, Any]] = [
    {"type": "message_start", "message": HEAD},
    start(0, type="thinking", thinking="", signature=""),
    {"type": "ping"},
    delta(0, "thinking_delta", thinking="h"),
    delta(0, "thinking_delta", thinking="m"),
    delta(0, "signature_delta", signature="Eq"),
    stop(0),
    start(1, type="redacted_thinking", data="xx"),
    stop(1),
    start(2, type="text", text=""),
    delta(2, "text_delta", text="H"),
    delta(2, "text_delta", text="i"),
    stop(2),
    start(3, type="tool_use", id="t1", name="read", input={}),
    delta(3, "input_json_delta", partial_json='{"a"'),
    delta(3, "input_json_delta", partial_json=": 1}"),
    stop(3),
    start(4, type="tool_use", id="t2", name="now", input={}),
    stop(4),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 40},
    },
    {"type": "message_stop"},
]
ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "fire"}}


def heard(events: Sequence[dict[str, Any]]) -> Answer:
    stream = MessagesClient().reader()
    data = "".join(f"event: {each.get('event', each['type'])}\ndata: {json.dumps(each)}\n\n" for each in events)
    for event in EventReader().feed(data.encode()):
        stream.take(event)
    return stream.answer()


@pytest.mark.parametrize("answer", [MessagesClient().read(Place(WHOLE)), heard(STREAM)], ids=["whole", "streamed"])
def test_an_answer_is_read(answer: Answer) -> None:
    assert (answer.text, answer.thoughts, answer.seals, answer.calls) == ("Hi", "hm", ("Eq", "xx"), CALLS)
    assert (answer.finish, answer.closed, answer.usage) == ("tool_use", True, USAGE)
    assert answer.back == [{"role": "assistant", "content": CONTENT}]


@pytest.mark.parametrize("length", range(len(STREAM)))
def test_a_stream_that_was_cut_is_no_success(length: int) -> None:
    answer = heard(STREAM[:length])
    assert (answer.closed, answer.finish, answer.calls, answer.failure) == (False, "", (), None)
    assert "Hi".startswith(answer.text)


def test_an_error_in_mid_stream_is_read() -> None:
    answer = heard([*STREAM[:11], ERROR])
    assert (answer.text, answer.failure) == ("H", Failure(kind="overloaded_error", message="fire"))
    assert heard([{"type": "ping"}, ERROR]).failure is not None


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
    (set_to("type", "error"), "/type"),
    (set_to("role", "user"), "/role"),
    (set_to("stop_reason", None), "/stop_reason"),
    (set_to("stop_reason", "end_turn"), 'expected "tool_use"; came "end_turn" at /stop_reason'),
    (set_to("content", 2, "text", ""), "a text that is not empty"),
    (without("content", 0, "signature"), "a member 'signature'"),
    (set_to("content", 3, "id", "call:1"), "made of letters, digits, _ and -"),
    (set_to("content", 4, "id", "t1"), "an id of its own"),
    (set_to("content", 3, "input", '{"a": 1}'), "expected an object"),
    (set_to("content", 3, "name", ""), "/content/3/name"),
    (set_to("content", 2, "type", "image"), "text, thinking, redacted_thinking or tool_use"),
    (without("usage", "output_tokens"), "a member 'output_tokens'"),
    (set_to("usage", "input_tokens", None), "/usage/input_tokens"),
    (lambda body: body.update(content=CONTENT[:3]), "another reason where there are no calls"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_ANSWERS)
def test_every_broken_rule_of_a_whole_answer_is_found(change: Change, words: str) -> None:
    broken = deepcopy(WHOLE)
    change(broken)
    with pytest.raises(Wrong) as caught:
        MessagesClient().read(Place(broken))
    assert words in str(caught.value)


def inserted(number: int, event: Any) -> Change:
    return lambda events: events.insert(number, event)


def removed(number: int) -> Change:
    return lambda events: events.pop(number)


BROKEN_STREAMS: list[tuple[Change, str]] = [
    (removed(0), "message_start first"),
    (inserted(1, STREAM[0]), "one message_start"),
    (set_to(0, "message", "content", [{"type": "text", "text": "x"}]), "event 0 /message/content"),
    (set_to(0, "message", "stop_reason", "end_turn"), "event 0 /message/stop_reason"),
    (without(0, "message", "usage"), "a member 'usage'"),
    (set_to(3, "event", "message"), 'expected "message"; came "content_block_delta"'),
    (inserted(1, {"type": "content_block_delta", "index": 0, "delta": {}}), "event 1 /index"),
    (set_to(1, "index", 1), "event 1 /index"),
    (set_to(9, "index", 1), "expected 2; came 1 at event 9 /index"),
    (set_to(10, "index", 0), "expected 2; came 0 at event 10 /index"),
    (removed(12), "one block after the other"),
    (inserted(13, stop(2)), "one block after the other"),
    (inserted(13, delta(2, "text_delta", text="late")), "one block after the other"),
    (set_to(10, "delta", "type", "thinking_delta"), "a delta for a block of type text"),
    (set_to(14, "delta", "type", "x_delta"), "event 14 /delta/type"),
    (inserted(6, delta(0, "thinking_delta", thinking="more")), "the signature last in its block, and once"),
    (inserted(6, delta(0, "signature_delta", signature="Eq")), "the signature last in its block, and once"),
    (set_to(9, "content_block", "text", "H"), "event 9 /content_block/text"),
    (set_to(13, "content_block", "input", {"a": 1}), "event 13 /content_block/input"),
    (without(13, "content_block", "id"), "a member 'id'"),
    (set_to(15, "delta", "partial_json", ": 1"), "the partial_json of event 16 /, joined"),
    (set_to(15, "delta", "partial_json", ": 1}{}"), "the partial_json of event 16 /, joined"),
    (removed(19), "message_delta before message_stop"),
    (inserted(19, STREAM[19]), "one message_delta"),
    (removed(18), "one message_delta, after the last block's stop"),
    (set_to(19, "delta", "stop_reason", "end_turn"), 'expected "tool_use"; came "end_turn" at event 19'),
    (set_to(19, "delta", "stop_reason", None), "event 19 /delta/stop_reason"),
    (without(19, "usage"), "a member 'usage'"),
    (inserted(20, start(5, type="text", text="")), "no block after message_delta"),
    (inserted(21, {"type": "ping"}), "nothing after the end"),
    (inserted(21, {"type": "message_stop"}), "nothing after the end"),
    (lambda events: events.__setitem__(slice(10, 11), [ERROR]), "nothing after the end"),
    (inserted(5, {"type": "done"}), "an event that the format has"),
    (inserted(5, {"type": "error", "error": "fire"}), "event 5 /error"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_STREAMS)
def test_every_broken_rule_of_a_stream_is_found(change: Change, words: str) -> None:
    broken = deepcopy(STREAM)
    change(broken)
    with pytest.raises(Wrong) as caught:
        heard(broken)
    assert words in str(caught.value)


def test_done_is_not_for_this_format() -> None:
    [event] = EventReader().feed(b"event: done\ndata: [DONE]\n\n")
    with pytest.raises(Wrong, match="expected JSON"):
        MessagesClient().reader().take(event)


def test_an_empty_block_of_text_is_found_at_the_end() -> None:
    empty = [each for each in STREAM if each.get("delta", {}).get("type") != "text_delta"]
    with pytest.raises(Wrong, match="the stream /content/2/text"):
        heard(empty)


@pytest.mark.parametrize("body", [{}, {"error": {"type": "t", "message": "m"}}, {"type": "error", "error": {"message": "m"}}])
def test_an_error_of_another_shape_is_found(body: Any) -> None:
    with pytest.raises(Wrong):
        MessagesClient().failure(Place(body), 400)
