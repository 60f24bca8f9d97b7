"""Chat Completions: good answers are read, and every broken rule is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from korproxy_conformance.clients.openai_chat import ChatClient
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Failure, Usage
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wrong import Wrong

Change = Callable[[Any], object]
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 40,
    "total_tokens": 160,
    "prompt_tokens_details": {"cached_tokens": 64},
}
WHOLE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "hm",
                "annotations": [],
                "refusal": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"a": 1}'}},
                    {"id": "c2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
                ],
            },
        }
    ],
    "usage": USAGE,
}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, usage: Any = None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": choices, "usage": usage}


def fragment(index: int, arguments: str, **names: Any) -> dict[str, Any]:
    name = names.pop("name", None)
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return chunk({"tool_calls": [{"index": index, **names, "function": function}]})


STREAM: list[Any] = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "h"}),
    chunk({"reasoning_content": "m"}),
    chunk({"content": "H"}),
    chunk({"content": "i"}),
    fragment(0, "", id="c1", type="function", name="read"),
    fragment(1, "", id="c2", type="function", name="now"),
    fragment(0, '{"a"'),
    fragment(1, "{}"),
    fragment(0, ": 1}"),
    chunk({}, "tool_calls"),
    chunk(usage=USAGE),
    "[DONE]",
]
CALLS = (Call(id="c1", name="read", arguments={"a": 1}), Call(id="c2", name="now", arguments={}))


def heard(events: Sequence[Any]) -> Answer:
    stream = ChatClient().reader()
    data = b"".join(
        b"data: " + (each.encode() if isinstance(each, str) else json.dumps(each).encode()) + b"\n\n" for each in events
    )
    for event in EventReader().feed(data):
        stream.take(event)
    return stream.answer()


def test_a_whole_answer_is_read() -> None:
    answer = ChatClient().read(Place(WHOLE))
    assert (answer.text, answer.thoughts, answer.calls, answer.finish) == ("Hi", "hm", CALLS, "tool_calls")
    assert answer.usage == Usage(prompt=120, cached=64, output=40)
    message = WHOLE["choices"][0]["message"]
    assert answer.back == [{name: message[name] for name in ("role", "content", "reasoning_content", "tool_calls")}]


def test_a_stream_is_read() -> None:
    answer = heard(STREAM)
    assert (answer.pieces, answer.thoughts, answer.calls, answer.finish) == (("H", "i"), "hm", CALLS, "tool_calls")
    assert (answer.usage, answer.usage_is_last, answer.closed) == (Usage(prompt=120, cached=64, output=40), True, True)
    assert answer.back == ChatClient().read(Place(WHOLE)).back


def test_usage_that_is_not_in_the_last_event_is_told() -> None:
    assert heard([*STREAM[:-2], chunk(usage=USAGE), "[DONE]"]).usage_is_last
    late = [*STREAM[:-3], chunk({}, usage=USAGE), chunk({}, "tool_calls"), "[DONE]"]
    assert (heard(late).usage_is_last, heard(STREAM[:-2]).usage) == (False, None)


@pytest.mark.parametrize("length", range(len(STREAM)))
def test_a_stream_that_was_cut_is_no_success(length: int) -> None:
    answer = heard(STREAM[:length])
    assert (answer.closed, bool(answer.finish)) == (False, length > 10)
    if length <= 10:
        assert answer.calls == ()


def test_an_error_in_mid_stream_is_read_with_or_without_done() -> None:
    error = {"error": {"message": "fire", "type": "server_error", "param": None, "code": "c"}}
    for end in ([], ["[DONE]"]):
        answer = heard([*STREAM[:4], error, *end])
        assert (answer.failure, answer.finish) == (Failure(kind="server_error", message="fire", code="c"), "")


def set_to(*path: Any) -> Change:
    """Return a change: the last of *path* is put where the others lead."""

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
    (set_to("object", "chat.completion.chunk"), "/object"),
    (without("id"), "a member 'id'"),
    (set_to("created", "now"), "/created"),
    (set_to("choices", []), "/choices"),
    (set_to("choices", 0, "index", 1), "/choices/0/index"),
    (set_to("choices", 0, "finish_reason", "stop"), "/choices/0/finish_reason"),
    (set_to("choices", 0, "finish_reason", "eos"), "one of content_filter, length, stop, tool_calls"),
    (set_to("choices", 0, "message", "role", "user"), "/message/role"),
    (without("choices", 0, "message", "content"), "a member 'content'"),
    (set_to("choices", 0, "message", "tool_calls", []), "calls, or no member 'tool_calls'"),
    (set_to("choices", 0, "message", "tool_calls", 1, "id", "c1"), "an id of its own"),
    (set_to("choices", 0, "message", "tool_calls", 1, "type", "x"), "/tool_calls/1/type"),
    (set_to("choices", 0, "message", "tool_calls", 0, "function", "arguments", '{"a": '), "/arguments (parsed)"),
    (set_to("choices", 0, "message", "tool_calls", 0, "function", "arguments", ""), "/arguments (parsed)"),
    (set_to("choices", 0, "message", "tool_calls", 0, "function", "arguments", {"a": 1}), "expected a text"),
    (without("usage"), "a member 'usage'"),
    (set_to("usage", "total_tokens", 161), "expected 160; came 161"),
    (set_to("usage", "prompt_tokens", -1), "/usage/prompt_tokens"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_ANSWERS)
def test_every_broken_rule_of_a_whole_answer_is_found(change: Change, words: str) -> None:
    broken = deepcopy(WHOLE)
    change(broken)
    with pytest.raises(Wrong) as caught:
        ChatClient().read(Place(broken))
    assert words in str(caught.value)


def at(number: int, change: Change) -> Change:
    return lambda events: change(events[number])


def inserted(number: int, event: Any) -> Change:
    return lambda events: events.insert(number, event)


def removed(number: int) -> Change:
    return lambda events: events.pop(number)


CHOICE = ("choices", 0)
DELTA = (*CHOICE, "delta")
CALL = (*DELTA, "tool_calls", 0)
ERROR = {"error": {"message": "m", "type": "t", "param": None, "code": None}}
BROKEN_STREAMS: list[tuple[Change, str]] = [
    (inserted(13, chunk({"content": "more"})), "nothing after [DONE]"),
    (inserted(13, "[DONE]"), "nothing after [DONE]"),
    (inserted(4, "{"), "expected JSON"),
    (at(3, set_to("id", "other")), "event 3 /id"),
    (at(3, set_to("model", "other")), "event 3 /model"),
    (at(3, set_to("created", 2)), "event 3 /created"),
    (at(3, set_to("object", "chat.completion")), "event 3 /object"),
    (at(3, set_to("choices", [])), "a choice, where there is no usage"),
    (at(3, set_to(*CHOICE, "index", 1)), "event 3 /choices/0/index"),
    (at(0, without(*DELTA, "role")), "a member 'role'"),
    (at(3, set_to(*DELTA, "role", "assistant")), "the role in the first delta only"),
    (at(5, set_to(*CALL, "index", 1)), "0, the next number"),
    (at(6, set_to(*CALL, "index", 0)), "id and name in the first fragment only"),
    (at(6, without(*CALL, "id")), "a member 'id'"),
    (at(6, without(*CALL, "type")), "a member 'type'"),
    (at(6, without(*CALL, "function", "name")), "a member 'name'"),
    (at(7, set_to(*CALL, "id", "c1")), "id and name in the first fragment only"),
    (at(7, set_to(*CALL, "function", "name", "read")), "id and name in the first fragment only"),
    (at(9, set_to(*CALL, "function", "arguments", ": 1")), "/tool_calls/0/function/arguments (parsed)"),
    (at(6, set_to(*CALL, "id", "c1")), "an id of its own"),
    (removed(8), "/tool_calls/1/function/arguments (parsed)"),
    (at(10, set_to(*CHOICE, "finish_reason", "stop")), 'expected "tool_calls"; came "stop"'),
    (inserted(11, chunk({"content": "more"})), "nothing more to be said after the finish reason"),
    (inserted(11, chunk({}, "tool_calls")), "one finish reason"),
    (inserted(12, chunk(usage=USAGE)), "the usage once"),
    (at(11, set_to("usage", "total_tokens", 1)), "expected 160; came 1"),
    (lambda events: events.__setitem__(slice(4, 12), [ERROR, chunk({"content": "x"})]), "nothing but [DONE] after an error"),
    (inserted(4, {"error": {"message": "m"}}), "a member 'param'"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN_STREAMS)
def test_every_broken_rule_of_a_stream_is_found(change: Change, words: str) -> None:
    broken = deepcopy(STREAM)
    change(broken)
    with pytest.raises(Wrong) as caught:
        heard(broken)
    assert words in str(caught.value)


def test_an_event_with_a_name_is_wrong() -> None:
    [event] = EventReader().feed(b"event: message\ndata: [DONE]\n\n")
    with pytest.raises(Wrong, match="event 0, its name"):
        ChatClient().reader().take(event)


@pytest.mark.parametrize(
    "body",
    [{}, {"error": "x"}, {"error": {"message": "m", "type": "t"}}, {"detail": "m"}, {"error": {**ERROR["error"], "code": 7}}],
)
def test_an_error_of_another_shape_is_found(body: Any) -> None:
    with pytest.raises(Wrong):
        ChatClient().failure(Place(body), 400)
