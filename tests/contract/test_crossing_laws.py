"""The laws of translation, with 200 examples each here and as many as anybody likes in fuzz/: the same laws, the same inputs.

The checkers they rest on are tested here too: a checker that finds nothing would prove nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.target import Target
from fuzz.targets.damaged_requests import DAMAGED_REQUESTS
from fuzz.targets.provider_garbage import PROVIDER_GARBAGE
from fuzz.targets.stream_content import STREAM_CONTENT
from fuzz.targets.stream_rules import STREAM_RULES
from fuzz.targets.there_and_back import THERE_AND_BACK
from fuzz.targets.translated_cuts import TRANSLATED_CUTS
from fuzz.targets.whole_answers import WHOLE_ANSWERS
from tests.fakes.stream_checks import chat_faults, messages_faults

EXAMPLES = max(200, settings().max_examples)  # more where the profile says so
LAWS = (TRANSLATED_CUTS, STREAM_RULES, STREAM_CONTENT, PROVIDER_GARBAGE, WHOLE_ANSWERS, DAMAGED_REQUESTS, THERE_AND_BACK)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_law_holds(law: Target[Any], data: st.DataObject) -> None:
    law.check(data.draw(law.inputs))


def _chat(*events: str) -> bytes:
    """Return a Chat stream; ``D{...}`` is a chunk's delta, ``F...`` its finish reason, anything else the data itself."""
    head = '"id":"c1","object":"chat.completion.chunk","created":1,"model":"m"'
    shapes = {
        "D": lambda text: f'{{{head},"choices":[{{"index":0,"delta":{text},"finish_reason":null}}]}}',
        "F": lambda text: f'{{{head},"choices":[{{"index":0,"delta":{{}},"finish_reason":"{text}"}}]}}',
        "U": lambda text: f'{{{head},"choices":[],"usage":{text}}}',
    }
    return "".join(f"data: {shapes.get(each[0], lambda _, each=each: each)(each[1:])}\n\n" for each in events).encode()


ROLE, TEXT, DONE = 'D{"role":"assistant","content":""}', 'D{"content":"hi"}', "[DONE]"
CALL = 'D{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}'
SECOND = 'D{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]}'
PIECE = 'D{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}'
MORE = 'D{"tool_calls":[{"index":1,"function":{"arguments":","}}]}'
USAGE = 'U{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}'
ERROR = '{"error":{"message":"no"}}'


@pytest.mark.parametrize(
    "events",
    [
        [ROLE, TEXT, "Fstop", DONE],
        [ROLE, TEXT, "Fstop", USAGE, DONE],
        [ROLE, CALL, SECOND, PIECE, "Ftool_calls", DONE],
        [ROLE, CALL, "Flength", DONE],
        [ROLE, TEXT, ERROR],
        [ERROR],
    ],
)
def test_a_good_chat_stream_has_no_faults(events: list[str]) -> None:
    assert chat_faults(_chat(*events), wants_usage=True) == []


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([], "no [DONE]"),
        ([ROLE, TEXT, "Fstop"], "no [DONE]"),
        ([ROLE, TEXT, DONE], "0 finish reasons"),
        ([ROLE, "Fstop", "Fstop", DONE], "a choice follows the finish reason"),
        ([ROLE, "Fstop", DONE, TEXT], "[DONE] is not the last event"),
        ([ROLE, "Fstop", DONE, DONE], "[DONE] is not the last event"),
        ([TEXT, "Fstop", DONE], "role is not on the first chunk alone"),
        ([ROLE, ROLE, "Fstop", DONE], "role is not on the first chunk alone"),
        ([ROLE, CALL, PIECE, "Fstop", DONE], "stop with 1 calls"),
        ([ROLE, "Ftool_calls", DONE], "tool_calls with 0 calls"),
        ([ROLE, SECOND, "Ftool_calls", DONE], "call 1 follows call -1"),
        ([ROLE, PIECE, "Ftool_calls", DONE], "a call without id"),
        ([ROLE, CALL, CALL, PIECE, "Ftool_calls", DONE], "id, type or name of a call is repeated"),
        ([ROLE, CALL, "Ftool_calls", DONE], "arguments of [0] are no JSON object"),
        ([ROLE, CALL, PIECE, PIECE, "Ftool_calls", DONE], "arguments of [0] are no JSON object"),
        ([ROLE, CALL, SECOND, MORE, "Flength", DONE], "arguments of [0, 1] are no JSON object"),
        ([ROLE, USAGE, "Fstop", DONE], "usage is not on a chunk of its own behind the finish reason"),
        ([ROLE, "Fstop", USAGE, USAGE, DONE], "usage that was not asked for, or more than once"),
        ([ROLE, ERROR, TEXT], "something follows the error"),
        ([ROLE, "Fstop", ERROR], "an error follows the finish reason"),
    ],
)
def test_a_fault_of_a_chat_stream_is_found(events: list[str], fault: str) -> None:
    assert fault in chat_faults(_chat(*events), wants_usage=True)


def test_usage_that_nobody_asked_for_is_a_fault() -> None:
    fault = "usage that was not asked for, or more than once"
    assert chat_faults(_chat(ROLE, "Fstop", USAGE, DONE), wants_usage=False) == [fault]


def _messages(*events: str) -> bytes:
    """Return a Messages stream of *events*, each a word of ``EVENTS`` and the index of its block."""
    said = []
    for name, _, index in (each.partition(" ") for each in events):
        event = EVENTS[name] | ({"index": int(index)} if index else {})
        said.append(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n")
    return "".join(said).encode()


def _start(block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "content_block": block}


def _delta(kind: str, key: str, value: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "delta": {"type": kind, key: value}}


def _end(reason: str) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 2}}


EVENTS: dict[str, dict[str, Any]] = {
    "start": {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 0},
        },
    },
    "ping": {"type": "ping"},
    "text": _start({"type": "text", "text": ""}),
    "thinking": _start({"type": "thinking", "thinking": "", "signature": ""}),
    "call": _start({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}),
    "second-call": _start({"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}}),
    "full-call": _start({"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"a": 1}}),
    "odd-call": _start({"type": "tool_use", "id": "fs.read:0", "name": "f", "input": {}}),
    "hi": _delta("text_delta", "text", "hi"),
    "hm": _delta("thinking_delta", "thinking", "hm"),
    "seal": _delta("signature_delta", "signature", "QUJD"),
    "json": _delta("input_json_delta", "partial_json", '{"a":'),
    "rest": _delta("input_json_delta", "partial_json", "1}"),
    "stop": {"type": "content_block_stop"},
    "end_turn": _end("end_turn"),
    "tool_use": _end("tool_use"),
    "max_tokens": _end("max_tokens"),
    "over": {"type": "message_stop"},
    "error": {"type": "error", "error": {"type": "api_error", "message": "no"}},
}
SAID = ["start", "text 0", "hi 0", "stop 0"]
CALLED = ["start", "call 0", "json 0", "rest 0", "stop 0"]


@pytest.mark.parametrize(
    "events",
    [
        ["ping", *SAID, "end_turn", "over"],
        ["start", "thinking 0", "hm 0", "seal 0", "stop 0", "ping", "text 1", "hi 1", "stop 1", "end_turn", "over"],
        [*CALLED, "tool_use", "over"],
        ["start", "call 0", "stop 0", "tool_use", "over"],
        ["start", "call 0", "json 0", "stop 0", "max_tokens", "over"],
        ["start", "end_turn", "over"],
        [*SAID, "error"],
        ["error"],
    ],
)
def test_a_good_messages_stream_has_no_faults(events: list[str]) -> None:
    assert messages_faults(_messages(*events)) == []


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([], "neither message_stop nor error"),
        ([*SAID], "neither message_stop nor error"),
        ([*SAID, "over"], "message_stop without stop_reason"),
        ([*SAID, "end_turn", "end_turn", "over"], "a second message_delta"),
        ([*SAID, "end_turn", "over", "over"], "message_stop follows message_stop"),
        ([*SAID, "end_turn", "over", "error"], "error follows message_stop"),
        ([*SAID, "end_turn", "error"], "an error follows message_delta"),
        (["start", "start", "end_turn", "over"], "a second message_start"),
        (["text 0", "hi 0", "stop 0", "end_turn", "over"], "content_block_start in front of message_start"),
        (["start", "text 1", "hi 1", "stop 1", "end_turn", "over"], "block 1 follows block -1"),
        ([*SAID, "text 0", "hi 0", "stop 0", "end_turn", "over"], "block 0 follows block 0"),
        (["start", "text 0", "hi 0", "call 1", "stop 1", "tool_use", "over"], "a block begins in another one"),
        (["start", "text 0", "hi 0", "end_turn", "over"], "message_delta in a block"),
        ([*SAID, "end_turn", "text 1", "hi 1", "stop 1", "over"], "a block follows message_delta"),
        (["start", "text 0", "stop 0", "end_turn", "over"], "an empty text block"),
        (["start", "text 0", "hi 0", "hm 0", "stop 0", "end_turn", "over"], "thinking_delta in text"),
        (["start", "thinking 0", "seal 0", "hm 0", "stop 0", "end_turn", "over"], "something follows the signature"),
        ([*SAID, "hi 0", "end_turn", "over"], "a delta of a block that is not open"),
        ([*SAID, "stop 0", "end_turn", "over"], "a stop of a block that is not open"),
        (["start", "call 0", "json 0", "stop 0", "tool_use", "over"], "input of blocks [0] is no JSON object"),
        (
            ["start", "call 0", "json 0", "stop 0", "second-call 1", "json 1", "stop 1", "max_tokens", "over"],
            "input of blocks [0, 1] is no JSON object",
        ),
        (["start", "full-call 0", "stop 0", "tool_use", "over"], "a tool_use with input, or without name"),
        (["start", "odd-call 0", "stop 0", "tool_use", "over"], "a tool_use 'fs.read:0' after []"),
        ([*CALLED, "call 1", "stop 1", "tool_use", "over"], "a tool_use 'toolu_1' after ['toolu_1']"),
        ([*CALLED, "end_turn", "over"], "'end_turn' with 1 tool_use blocks"),
        ([*SAID, "tool_use", "over"], "'tool_use' with 0 tool_use blocks"),
    ],
)
def test_a_fault_of_a_messages_stream_is_found(events: list[str], fault: str) -> None:
    assert fault in messages_faults(_messages(*events))
