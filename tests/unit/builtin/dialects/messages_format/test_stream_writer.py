"""Streams for clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.messages_format.stream_writer import MessagesStreamWriter
from tests.unit.builtin.dialects.messages_format.said import ASKED, heard, outline, shown, told, whole

START = chat.Started(id="msg_1", model="theirs")
TOOLS = chat.Ended(chat.Ending(reason="tools"))
END = chat.Ended(chat.Ending(reason="end"))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
SEALS = st.one_of(st.none(), WORDS.map(lambda data: chat.Seal(family="anthropic", data=data)))


def begun(key: int, **more: Any) -> chat.CallStarted:
    return chat.CallStarted(key=key, id=f"toolu_{key}", name="Read", **more)


def test_a_stream_is_written() -> None:
    events: list[chat.Event] = [
        START,
        chat.UsageSeen(Usage(tokens_in=5)),
        chat.TextDelta("Hi"),
        chat.UsageSeen(Usage(tokens_out=2)),
        END,
    ]

    assert b"".join(told(events)).decode().split("\n\n") == [
        'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
        '"model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,'
        '"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}',
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}',
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        '"usage":{"input_tokens":5,"output_tokens":2}}',
        'event: message_stop\ndata: {"type":"message_stop"}',
        "",
    ]


def test_edge_1_arguments_that_come_at_once_are_told() -> None:
    assert outline(told([START, begun(0), chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0), TOOLS])) == [
        "start",
        "+0 tool_use",
        '0 input_json_delta {"a":1}',
        "-0",
        "end tool_use",
        "stop",
    ]


def test_edge_3_the_first_text_is_not_swallowed() -> None:
    assert outline(told([START, chat.TextDelta("H"), chat.TextDelta("i"), END]))[2:4] == ["0 text_delta H", "0 text_delta i"]


def test_edge_4_reasoning_and_text_are_two_blocks_of_one_message() -> None:
    assert outline(told([START, chat.ReasoningDelta("Hm"), chat.TextDelta("So"), END])) == [
        "start",
        "+0 thinking",
        "0 thinking_delta Hm",
        "0 signature_delta ",
        "-0",
        "+1 text",
        "1 text_delta So",
        "-1",
        "end end_turn",
        "stop",
    ]


def test_edge_2_and_5_an_empty_text_makes_no_block() -> None:
    assert outline(told([START, chat.TextDelta(""), begun(0), chat.CallEnded(0), chat.TextDelta(""), TOOLS])) == [
        "start",
        "+0 tool_use",
        "-0",
        "end tool_use",
        "stop",
    ]


def test_edge_5_calls_end_in_tool_use_whatever_the_provider_says() -> None:
    guard = chat.StreamGuard()
    events: list[chat.Event] = [START, begun(0), chat.CallEnded(0), END]

    assert outline(told([each for event in events for each in guard.check(event)]))[-2] == "end tool_use"


def test_edge_6_parallel_calls_that_interleave_become_blocks_one_behind_the_other() -> None:
    events: list[chat.Event] = [
        START,
        begun(0),
        begun(1),
        chat.CallDelta(0, '{"a"'),
        chat.CallDelta(1, '{"b"'),
        chat.CallDelta(0, ":1}"),
        chat.CallDelta(1, ":2}"),
        chat.CallEnded(1),
        chat.CallEnded(0),
        TOOLS,
    ]

    assert [outline([each]) for each in told(events)] == [
        [],
        ["start", "+0 tool_use"],
        [],
        ['0 input_json_delta {"a"'],
        [],
        ["0 input_json_delta :1}"],
        [],
        [],
        ["-0", "+1 tool_use", '1 input_json_delta {"b":2}', "-1"],
        ["end tool_use", "stop"],
    ]


def test_edge_6_a_call_that_has_waited_goes_on_as_soon_as_it_may() -> None:
    events: list[chat.Event] = [
        START,
        begun(0),
        begun(1),
        begun(2),
        chat.CallDelta(1, "{"),
        chat.CallDelta(2, "{}"),
        chat.CallEnded(2),
        chat.CallEnded(0),
        chat.CallDelta(1, "}"),
        chat.CallEnded(1),
    ]

    assert [outline([each]) for each in told(events)][-3:] == [
        ["-0", "+1 tool_use", "1 input_json_delta {"],
        ["1 input_json_delta }"],
        ["-1", "+2 tool_use", "2 input_json_delta {}", "-2"],
    ]


def test_text_that_comes_while_a_call_is_open_waits_for_its_end() -> None:
    events: list[chat.Event] = [
        START,
        begun(0),
        chat.TextDelta("a"),
        chat.ReasoningDelta("b"),
        begun(1),
        chat.TextDelta("c"),
        chat.CallEnded(0),
    ]

    assert outline([told(events)[-1]]) == [
        "-0",
        "+1 text",
        "1 text_delta a",
        "-1",
        "+2 thinking",
        "2 thinking_delta b",
        "2 signature_delta ",
        "-2",
        "+3 tool_use",
    ]
    assert outline([told([*events, chat.CallEnded(1)])[-1]]) == ["-3", "+4 text", "4 text_delta c"]


def test_a_thousand_parallel_calls_are_no_problem() -> None:
    keys = range(1000)
    events: list[chat.Event] = [START, *map(begun, keys), *map(chat.CallEnded, reversed(keys)), TOOLS]

    assert outline(told(events))[-3:] == ["-999", "end tool_use", "stop"]


def test_an_answer_cut_off_inside_a_call_shows_what_there_is() -> None:
    events: list[chat.Event] = [
        START,
        begun(0),
        chat.CallDelta(0, '{"a":"b'),
        begun(1),
        chat.CallDelta(1, "{"),
        chat.TextDelta("x"),
    ]

    assert outline(told([*events, chat.Ended(chat.Ending(reason="length"))]))[2:] == [
        '0 input_json_delta {"a":"b',
        "-0",
        "+1 tool_use",
        "1 input_json_delta {",
        "-1",
        "+2 text",
        "2 text_delta x",
        "-2",
        "end max_tokens",
        "stop",
    ]


def test_edge_16_and_72_there_is_one_end_with_all_the_usage() -> None:
    first, last = Usage(tokens_in=None), Usage(tokens_in=25, cache_read=75, tokens_out=9, reasoning=4)
    data = shown(told([START, chat.UsageSeen(first), chat.TextDelta("a"), chat.UsageSeen(last), END]))

    assert data[0]["message"]["usage"]["input_tokens"] == 0
    assert [each["usage"] for each in data if each["type"] == "message_delta"] == [
        {
            "input_tokens": 25,
            "cache_read_input_tokens": 75,
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 4},
        }
    ]


def test_what_an_earlier_usage_said_stays_said() -> None:
    data = shown(told([START, chat.UsageSeen(Usage(tokens_in=5)), chat.UsageSeen(Usage(tokens_out=2)), END]))

    assert data[-2]["usage"] == {"input_tokens": 5, "output_tokens": 2}


def test_edge_13_nothing_is_said_before_there_is_something_to_say() -> None:
    assert told([START, chat.UsageSeen(Usage(tokens_in=1))]) == [b"", b""]


def test_an_answer_of_nothing_is_a_message_all_the_same() -> None:
    assert outline(told([START, END])) == ["start", "end end_turn", "stop"]


@pytest.mark.parametrize(
    ("seal", "signature"),
    [
        (None, ""),
        (chat.Seal(family="anthropic", data="EqM="), "EqM="),
        (chat.Seal(family="google", data="C="), "korproxy:google:C="),
    ],
)
def test_thinking_ends_with_its_signature(seal: chat.Seal | None, signature: str) -> None:
    events: list[chat.Event] = [START, chat.ReasoningDelta("Hm"), chat.ReasoningEnded(seal=seal)]

    assert outline(told(events))[1:] == ["+0 thinking", "0 thinking_delta Hm", f"0 signature_delta {signature}", "-0"]


def test_hidden_thinking_is_a_block_with_a_signature_only() -> None:
    seal = chat.Seal(family="google", data="C=")
    events: list[chat.Event] = [START, chat.TextDelta("a"), chat.ReasoningEnded(seal=seal), chat.ReasoningEnded()]

    assert outline(told(events))[3:] == ["-0", "+1 thinking", "1 signature_delta korproxy:google:C=", "-1"]


def test_redacted_thinking_comes_whole() -> None:
    seal = chat.Seal(family="anthropic", data="Em==")
    events: list[chat.Event] = [
        START,
        chat.ReasoningDelta("Hm"),
        chat.ReasoningEnded(seal=seal, redacted=True),
        chat.ReasoningEnded(redacted=True),
    ]
    data = shown(told(events))

    assert [each["content_block"] for each in data if each["type"] == "content_block_start"] == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "redacted_thinking", "data": "Em=="},
    ]
    assert data[-1] == {"type": "content_block_stop", "index": 1}


def test_texts_of_their_own_are_blocks_of_their_own() -> None:
    events: list[chat.Event] = [
        START,
        chat.TextEnded(),
        chat.TextDelta("a"),
        chat.TextEnded(),
        chat.TextDelta("b"),
        chat.RefusalDelta("c"),
        chat.TextEnded(),
    ]

    assert outline(told(events)) == [
        "start",
        "+0 text",
        "0 text_delta a",
        "-0",
        "+1 text",
        "1 text_delta b",
        "-1",
        "+2 text",
        "2 text_delta c",
    ]


def test_edge_88_a_refusal_says_why_at_the_end() -> None:
    ending = chat.Ending(reason="refusal", category="cyber", explanation="No.")
    data = shown(told([START, chat.Ended(ending)]))

    assert data[1]["delta"] == {
        "stop_reason": "refusal",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": "cyber", "explanation": "No."},
    }


def test_a_picture_is_shown_in_markdown() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO"))

    assert outline(told([START, chat.TextDelta("a"), chat.PartAdded(image), chat.TextDelta("b")]))[1:] == [
        "+0 text",
        "0 text_delta a",
        "-0",
        "+1 text",
        "1 text_delta ![image](data:image/png;base64,iVBO)",
        "-1",
        "+2 text",
        "2 text_delta b",
    ]


def test_edge_40_a_freeform_text_is_told_when_it_is_whole() -> None:
    pieces: list[chat.Event] = [
        begun(0, freeform=True),
        chat.CallDelta(0, "*** "),
        chat.CallDelta(0, "Begin"),
        chat.CallEnded(0),
    ]

    assert [outline([each]) for each in told([START, *pieces])][1:] == [
        ["start", "+0 tool_use"],
        [],
        [],
        ['0 input_json_delta {"input":"*** Begin"}', "-0"],
    ]
    behind: list[chat.Event] = [START, begun(7), *pieces, chat.CallEnded(7)]
    assert outline(told(behind))[-3:] == ["+1 tool_use", '1 input_json_delta {"input":"*** Begin"}', "-1"]


def test_an_error_of_the_provider_is_the_last_event() -> None:
    error = chat.ProviderError(status=503, kind="overloaded", message="Busy", code="busy")
    wire = told([START, chat.TextDelta("a"), chat.Failed(error)])[-1]

    assert wire == (
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy",'
        b'"details":{"error_code":"busy"}},"request_id":null}\n\n'
    )


def test_a_ping_may_come_before_everything() -> None:
    writer = MessagesStreamWriter(ASKED)

    assert writer.keep_alive() == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert outline([writer.write(START), writer.write(END)])[0] == "start"


def test_ids_of_others_are_made_fit() -> None:
    other = chat.CallStarted(key=0, id="fs.readFile:0", name="n")
    data = shown(told([chat.Started(id="chatcmpl-1"), other]))

    assert (data[0]["message"]["id"], data[1]["content_block"]["id"]) == ("msg_chatcmpl-1", "fs_readFile_0")


def test_ids_of_calls_stand_for_one_call_only() -> None:
    twice = [chat.CallStarted(key=key, id="call_1", name="n") for key in (0, 1)]
    data = shown(told([START, twice[0], chat.CallEnded(0), twice[1], chat.CallEnded(1)]))

    assert [each["content_block"]["id"] for each in data if "content_block" in each] == ["call_1", "call_1_2"]


def test_half_an_emoji_does_not_break_the_stream() -> None:
    assert shown(told([START, chat.TextDelta("\ud83d")]))[-1]["delta"]["text"] == "\ud83d"


def test_what_the_guard_never_lets_through_is_passed_over() -> None:
    assert told([START, chat.CallDelta(3, "x"), chat.CallEnded(3)]) == [b"", b"", b""]


def arguments(*pieces: str) -> list[str]:
    """Return what a client has after each of *pieces* of a call, and at the call's end."""
    events: list[chat.Event] = [START, begun(0), *(chat.CallDelta(0, each) for each in pieces), chat.CallEnded(0)]
    said = [[each["delta"]["partial_json"] for each in shown([one]) if "delta" in each] for one in told(events)[2:]]
    return ["".join(each) for each in said]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([r'{"a":"\ud83d"}'], [r'{"a":"\ufffd"}', ""]),
        ([r'{"a":"\uDE00x\ud83d\n"}'], [r'{"a":"\ufffdx\ufffd\n"}', ""]),
        ([r'{"a":"\ud83d\ude00"}'], [r'{"a":"\ud83d\ude00"}', ""]),
        ([r'{"a":"\ud83d', r'\ude00"}'], ['{"a":"', r'\ud83d\ude00"}', ""]),
        ([r'{"a":"\ud8', "3", r"d\u", "de00", '"}'], ['{"a":"', "", "", r"\ud83d\ude00", '"}', ""]),
        ([r'{"a":"\ud83d', r"\ud83d", '"}'], ['{"a":"', r"\ufffd", r'\ufffd"}', ""]),
        ([r'{"a":"C:\\ud83d', r"\\", r"\u00", 'e9"}'], [r'{"a":"C:\\ud83d', r"\\", r"\u00", 'e9"}', ""]),
        (['{"a":"\\', 'ud83d"}'], ['{"a":"', r'\ufffd"}', ""]),
        ([r'{"a":"\ud83d'], ['{"a":"', r"\ufffd"]),
    ],
)
def test_escaped_halves_of_characters_are_replaced_because_sdks_stumble_over_them(
    pieces: list[str], expected: list[str]
) -> None:
    assert arguments(*pieces) == expected


@given(st.lists(st.sampled_from(["\\", "u", "d83d", "de00", "d", "8", "3", '\\"', "x", r"\ud83d", r"\ude00"])), st.data())
def test_escaped_halves_are_replaced_wherever_the_text_is_cut(written: list[str], data: st.DataObject) -> None:
    text = "".join(written)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True) if start < end]

    assert "".join(arguments(*pieces)) == "".join(arguments(*([text] if text else [])))
    if chat.is_object(whole_ := f'{{"a":"{text}"}}'):
        assert arguments(whole_)[0] == bytes(chat.as_object(whole_)).decode()


def test_a_call_that_had_to_wait_has_its_halves_replaced_too() -> None:
    events: list[chat.Event] = [
        START,
        begun(0),
        begun(1),
        chat.CallDelta(1, r'{"a":"\ud83d'),
        chat.CallEnded(1),
        chat.CallEnded(0),
    ]

    assert outline(told(events))[-2:] == [r'1 input_json_delta {"a":"\ufffd', "-1"]


@st.composite
def answers(draw: st.DrawFn) -> list[chat.Event]:
    """Return the content of an answer, told in the order in which this format tells it."""
    events: list[chat.Event] = []
    calls = 0
    for kind in draw(st.lists(st.sampled_from(["text", "thinking", "redacted", "call"]), max_size=6)):
        pieces = draw(st.lists(WORDS, min_size=1, max_size=3))
        if kind == "text":
            events += [chat.TextEnded()] if events and isinstance(events[-1], chat.TextDelta) else []
            events += map(chat.TextDelta, pieces)
        elif kind == "thinking":
            events += [*map(chat.ReasoningDelta, pieces), chat.ReasoningEnded(seal=draw(SEALS))]
        elif kind == "redacted":
            events.append(chat.ReasoningEnded(seal=chat.Seal(family="anthropic", data=pieces[0]), redacted=True))
        else:
            written = json.dumps({pieces[0]: pieces}, ensure_ascii=False)
            cut = draw(st.integers(0, len(written)))
            said = [chat.CallDelta(calls, each) for each in (written[:cut], written[cut:]) if each]
            events += [begun(calls), *said, chat.CallEnded(calls)]
            calls += 1
    return events


def joined(events: Sequence[chat.Event]) -> list[chat.Event]:
    """Return *events* with the pieces of each call's arguments as one: where an escape is cut, they are cut elsewhere."""
    found: list[chat.Event] = []
    for each in events:
        if isinstance(each, chat.CallDelta) and found and isinstance(found[-1], chat.CallDelta):
            found[-1] = chat.CallDelta(each.key, found[-1].json + each.json)
        else:
            found.append(each)
    return found


@given(answers())
def test_what_is_written_is_read_again(events: list[chat.Event]) -> None:
    told_ = [chat.Started(id="msg_1", model="claude-x"), *events]
    reason: chat.Reason = "tools" if any(isinstance(each, chat.CallStarted) for each in events) else "end"
    ending = chat.Ended(chat.Ending(reason=reason))
    found = [each for each in heard(*told([*told_, ending])) if not isinstance(each, chat.UsageSeen)]

    assert joined(found) == joined([*told_, ending])


@st.composite
def tangled(draw: st.DrawFn) -> list[chat.Event]:
    """Return the events of an answer whose calls run at the same time, with texts between their pieces."""
    count = draw(st.integers(1, 4))
    written = [f'{{"n":{"1" * draw(st.integers(1, 5))}}}' for _ in range(count)]
    tracks: list[list[chat.Event]] = [
        [begun(key), *(chat.CallDelta(key, each) for each in text), chat.CallEnded(key)] for key, text in enumerate(written)
    ]
    order = draw(st.permutations([key for key, track in enumerate(tracks) for _ in track]))
    events: list[chat.Event] = [tracks[key].pop(0) for key in range(count)]
    for key in order:
        if tracks[key]:
            events.append(tracks[key].pop(0))
        between: list[list[chat.Event]] = [[], [chat.TextDelta("t")], [chat.ReasoningDelta("r")]]
        events += draw(st.sampled_from(between))
    return events


@given(tangled())
def test_edge_6_however_calls_interleave_the_sdk_puts_them_together(events: list[chat.Event]) -> None:
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for data in shown(told(whole(events))):
        if data["type"] != "message_stop":
            snapshot = accumulate_event(event=_raw(data), current_snapshot=snapshot, json_bufs=buffers)
    arguments = {each.key: "" for each in events if isinstance(each, chat.CallStarted)}
    for each in events:
        if isinstance(each, chat.CallDelta):
            arguments[each.key] += each.json

    called = {block.id: block.input for block in snapshot.content if block.type == "tool_use"}
    assert called == {f"toolu_{key}": json.loads(text) for key, text in arguments.items()}
    assert snapshot.stop_reason == "tool_use"


def _raw(data: dict[str, Any]) -> Any:
    from anthropic._models import construct_type_unchecked
    from anthropic.types import RawMessageStreamEvent

    kind: Any = RawMessageStreamEvent
    return construct_type_unchecked(type_=kind, value=data)
