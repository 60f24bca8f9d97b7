"""Streams of providers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.messages_format.stream_reader import MessagesStreamReader
from tests.fakes.json_bodies import groups
from tests.unit.builtin.dialects.messages_format.said import block, call_block, ended, event, heard, started, text_block

BEGUN = chat.Started(id="msg_1", model="m")
END = chat.Ended(chat.Ending(reason="end"))
SEAL = chat.Seal(family="anthropic", data="EqM=")
THINKING = {"type": "thinking", "thinking": "", "signature": ""}
THOUGHT = {"type": "thinking_delta", "thinking": "Hm"}
SIGNED = {"type": "signature_delta", "signature": "EqM="}


def test_a_stream_is_read() -> None:
    usage = {"input_tokens": 56, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 64}
    stream = [
        started(**usage, output_tokens=1),
        block(0, THINKING, THOUGHT, SIGNED),
        event("ping"),
        text_block(1, "Rea", "ding."),
        call_block(2, "", '{"path":', '"a"}'),
        ended("tool_use", output_tokens=40),
    ]

    assert heard(*stream) == [
        BEGUN,
        chat.UsageSeen(Usage(tokens_in=56, cache_write=0, cache_read=64, tokens_out=1)),
        chat.ReasoningDelta("Hm"),
        chat.ReasoningEnded(seal=SEAL),
        chat.TextDelta("Rea"),
        chat.TextDelta("ding."),
        chat.CallStarted(key=0, id="toolu_1", name="Read"),
        chat.CallDelta(0, '{"path":'),
        chat.CallDelta(0, '"a"}'),
        chat.CallEnded(0),
        chat.UsageSeen(Usage(tokens_in=56, cache_write=0, cache_read=64, tokens_out=40)),
        chat.Ended(chat.Ending(reason="tools")),
    ]


@given(st.data())
def test_the_events_do_not_depend_on_how_they_are_grouped(data: st.DataObject) -> None:
    stream = (
        started(input_tokens=5)
        + block(0, THINKING, THOUGHT, SIGNED)
        + text_block(1, "é", "🦄")
        + call_block(2, "{", "}")
        + ended()
    )
    pieces = [each + b"\n\n" for each in stream.split(b"\n\n") if each]

    assert heard(*data.draw(groups(pieces))) == heard(stream)


def test_edge_7_calls_count_from_0_whatever_their_blocks_count() -> None:
    found = heard(started(), text_block(0, "a"), call_block(1, "{}"), call_block(2, "{}", id="toolu_2"), ended("tool_use"))

    assert [each.key for each in found if isinstance(each, chat.CallStarted)] == [0, 1]
    assert [each.key for each in found if isinstance(each, chat.CallDelta)] == [0, 1]


def test_edge_10_an_empty_input_at_the_start_is_no_argument() -> None:
    found = heard(started(), call_block(0, '{"a":1}'))

    assert [each.json for each in found if isinstance(each, chat.CallDelta)] == ['{"a":1}']


def test_edge_10_a_whole_input_at_the_start_counts_where_no_more_comes() -> None:
    raw = (
        b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{"n": 1.10}}}'
    )
    found = heard(started(), b"data: " + raw + b"\n\n", event("content_block_stop", index=0))

    assert found[1:] == [chat.CallStarted(key=0, id="t", name="n"), chat.CallDelta(0, '{"n": 1.10}'), chat.CallEnded(0)]


def test_edge_10_a_whole_input_at_the_start_does_not_come_twice() -> None:
    found = heard(started(), call_block(0, '{"a":1}', input={"a": 1}))

    assert [each.json for each in found if isinstance(each, chat.CallDelta)] == ['{"a":1}']


def test_edge_11_a_call_without_arguments_has_no_pieces_and_the_guard_makes_an_object() -> None:
    found = heard(started(), call_block(0))
    guard = chat.StreamGuard()

    assert found[1:] == [chat.CallStarted(key=0, id="toolu_1", name="Read"), chat.CallEnded(0)]
    assert chat.CallDelta(0, "{}") in [each for event in found for each in guard.check(event)]


def test_edge_12_a_call_without_an_id_gets_the_same_one_every_time() -> None:
    stream = [started(), call_block(0, "{}", id=""), call_block(1, "{}", id="")]
    ids = [each.id for each in heard(*stream) if isinstance(each, chat.CallStarted)]

    assert ids == ["toolu_msg_1_0", "toolu_msg_1_1"]
    assert heard(*stream) == heard(*stream)


def test_edge_14_nothing_counts_behind_the_end() -> None:
    assert heard(started(), ended() + b"data: [DONE]\n\n" + text_block(0, "late"), text_block(1, "later")) == [BEGUN, END]


def test_edge_15_without_an_end_there_is_none() -> None:
    delta = {"stop_reason": "end_turn", "stop_sequence": None}

    assert heard(started(), text_block(0, "a"), event("message_delta", delta=delta)) == [BEGUN, chat.TextDelta("a")]


def test_edge_22_characters_of_several_bytes_come_whole() -> None:
    assert heard(started(), text_block(0, "naïve 🦄 \u2028 x"))[1:] == [chat.TextDelta("naïve 🦄 \u2028 x")]


def test_edge_24_a_stream_of_nothing_says_nothing() -> None:
    assert heard(b"", b": comment\n\n", event("ping")) == []


def test_edge_25_starts_that_come_twice_count_once() -> None:
    twice = event("content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": "n", "input": {}})
    found = heard(started(), started(), twice, twice, event("content_block_stop", index=0))

    assert found == [BEGUN, chat.CallStarted(key=0, id="t", name="n"), chat.CallEnded(0)]


def test_edge_9_another_call_at_the_same_place_is_another_call() -> None:
    one, two = ({"type": "tool_use", "id": each, "name": "n"} for each in "ab")
    more = event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "{}"})
    starts = [event("content_block_start", index=0, content_block=each) for each in (one, two)]

    assert heard(starts[0], more, starts[1], more)[1:] == [
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        chat.CallStarted(key=1, id="b", name="n"),
        chat.CallDelta(1, "{}"),
    ]


def test_edge_70_usage_is_set_and_not_added() -> None:
    found = heard(
        started(input_tokens=5, cache_read_input_tokens=7), ended(input_tokens=5, cache_read_input_tokens=7, output_tokens=3)
    )

    assert found[-2] == chat.UsageSeen(Usage(tokens_in=5, cache_read=7, tokens_out=3))


def test_several_ends_of_a_message_are_one() -> None:
    early = event("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 1})
    found = heard(started(), early, text_block(0, "a"), early, ended("max_tokens"))

    assert [each for each in found if isinstance(each, chat.Ended)] == [chat.Ended(chat.Ending(reason="length"))]


def test_edge_88_a_refusal_in_a_stream_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    end = event("message_delta", delta={"stop_reason": "refusal", "stop_details": details}) + event("message_stop")

    assert heard(started(), end)[-1] == chat.Ended(chat.Ending(reason="refusal", category="cyber", explanation="No."))


def test_edge_90_a_pause_in_a_stream_is_told() -> None:
    assert heard(started(), ended("pause_turn"))[-1] == chat.Ended(chat.Ending(reason="pause"))


def test_texts_in_blocks_of_their_own_stay_apart() -> None:
    served = block(1, {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, stop=True)

    assert heard(started(), text_block(0, "a"), served, text_block(2), text_block(3, "b", "c"))[1:] == [
        chat.TextDelta("a"),
        chat.TextEnded(),
        chat.TextDelta("b"),
        chat.TextDelta("c"),
    ]


def test_text_behind_something_else_needs_no_border() -> None:
    assert heard(started(), text_block(0, "a"), call_block(1, "{}"), text_block(2, "b"))[-1] == chat.TextDelta("b")
    assert chat.TextEnded() not in heard(started(), text_block(0, "a"), block(1, THINKING, THOUGHT, SIGNED), text_block(2, "b"))


def test_hidden_reasoning_is_only_its_seal() -> None:
    redacted = block(1, {"type": "redacted_thinking", "data": "EqM="})

    assert heard(started(), block(0, THINKING, SIGNED), redacted)[1:] == [
        chat.ReasoningEnded(seal=SEAL),
        chat.ReasoningEnded(seal=SEAL, redacted=True),
    ]


def test_reasoning_without_a_seal_ends_all_the_same() -> None:
    unsigned = {"type": "signature_delta", "signature": ""}

    assert heard(started(), block(0, THINKING, THOUGHT, unsigned))[1:] == [chat.ReasoningDelta("Hm"), chat.ReasoningEnded()]


def test_blocks_of_the_providers_own_tools_are_passed_over() -> None:
    served = block(0, {"type": "server_tool_use", "id": "s"}, {"type": "input_json_delta", "partial_json": "{}"})
    unknown = block(1, {"type": "something_new"}, {"type": "text_delta", "text": "x"})

    assert heard(started(), served, unknown, ended()) == [BEGUN, END]


def test_citations_and_deltas_that_do_not_fit_are_passed_over() -> None:
    cited = {"type": "citations_delta", "citation": {}}
    found = heard(
        started(), block(0, {"type": "text", "text": "a"}, cited, THOUGHT, {"type": "new"}, {}), block(1, THINKING, cited)
    )

    assert found[1:] == [chat.TextDelta("a"), chat.ReasoningEnded()]


def test_blocks_that_are_left_open_are_closed_at_the_end() -> None:
    assert heard(started(), block(0, THINKING, THOUGHT, stop=False), ended())[1:] == [
        chat.ReasoningDelta("Hm"),
        chat.ReasoningEnded(),
        END,
    ]


@pytest.mark.parametrize(
    ("delta", "expected"),
    [({"type": "text_delta", "text": "a"}, chat.TextDelta("a")), (THOUGHT, chat.ReasoningDelta("Hm"))],
)
def test_text_and_reasoning_may_begin_without_a_start(delta: dict[str, Any], expected: chat.Event) -> None:
    assert heard(event("content_block_delta", index=0, delta=delta)) == [expected]


def test_a_stop_of_nothing_is_nothing() -> None:
    assert heard(event("content_block_stop", index=7)) == []


def test_an_error_in_the_stream_is_the_end() -> None:
    broke = event("error", error={"type": "overloaded_error", "message": "Overloaded"}, request_id="req_1")
    error = chat.ProviderError(status=529, kind="overloaded", message="Overloaded", type="overloaded_error")

    assert heard(started(), broke, text_block(0, "late"), ended()) == [BEGUN, chat.Failed(error)]


def test_an_error_may_have_no_type_and_no_name() -> None:
    found = heard(b'data: {"error":{"message":"boom"}}\n\n')

    assert found == [chat.Failed(chat.ProviderError(status=500, kind="server", message="boom"))]


def test_the_name_of_an_event_stands_in_for_its_type() -> None:
    assert heard(b'event: message_start\ndata: {"message":{"id":"msg_1","model":"m"}}\n\n') == [BEGUN]


def test_events_of_new_types_are_passed_over() -> None:
    assert heard(started(), event("something_new", x=1), ended()) == [BEGUN, END]


@pytest.mark.parametrize(
    "wire",
    [
        b"data: nonsense\n\n",
        b"data: []\n\n",
        b'data: {"choices":[]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        event("content_block_start", index=0, content_block={"type": "tool_use", "id": "t"}),
        event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "{}"}),
        event("content_block_delta", index=0, delta={}),
        event("content_block_delta", index=0, delta={"type": []}),
    ],
)
def test_what_is_no_stream_of_this_format_is_unreadable(wire: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        heard(wire)


KEYS = ["type", "index", "delta", "content_block", "message", "usage", "error", "text", "id", "name", "input", "stop_reason"]
KINDS = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "text_delta"]
ODD = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "tool_use", "text", "thinking", "text_delta", "1"]),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.sampled_from(KEYS), each, max_size=4),
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS[1:]), ODD, max_size=4)), max_size=4))
def test_odd_values_are_unreadable_or_nothing(said: list[tuple[str, dict[str, Any]]]) -> None:
    with contextlib.suppress(chat.Unreadable):
        heard(*(event(kind, **value) for kind, value in said))


def test_the_reader_gives_nothing_back_at_the_end_of_the_bytes() -> None:
    reader = MessagesStreamReader()
    reader.feed(started())

    assert reader.finish() == ()
