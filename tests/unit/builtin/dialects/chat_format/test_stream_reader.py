"""A provider's stream, as OpenAI and as other servers send it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from tests.fakes.conversations import good_streams
from tests.unit.builtin.dialects.chat_format.said import (
    DONE,
    ROLE,
    STARTED,
    calling,
    chunk,
    data,
    ended,
    fragment,
    guarded,
    heard,
    told,
)

STREAMS = Path(__file__).parents[4] / "corpora" / "streams"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}
SPENT = chat.UsageSeen(Usage(tokens_in=3, tokens_out=2))
STOP = chunk({}, "stop")


def recorded(name: str) -> list[chat.Event]:
    return heard((STREAMS / f"{name}.sse").read_bytes())


def told_text(events: list[chat.Event]) -> str:
    return "".join(each.text for each in events if isinstance(each, chat.TextDelta))


def test_a_stream_begins_says_something_and_ends() -> None:
    assert heard(ROLE, chunk({"content": "H"}), chunk({"content": "i"}), STOP, chunk(usage=USAGE), DONE) == [
        STARTED,
        chat.TextDelta("H"),
        chat.TextDelta("i"),
        SPENT,
        ended(),
    ]


def test_each_fragment_leaves_at_once() -> None:
    assert heard(ROLE, chunk({"content": "H"}), done=False)[-1] == chat.TextDelta("H")
    assert heard(ROLE, calling(fragment(0, "", "read", id="a")), calling(fragment(0, '{"')), done=False)[-1] == chat.CallDelta(
        0, '{"'
    )


def test_edge_3_text_that_comes_with_the_role_is_told() -> None:
    assert heard(chunk({"role": "assistant", "content": "Hi"}), done=False) == [STARTED, chat.TextDelta("Hi")]


def test_edge_2_an_empty_list_of_calls_says_nothing() -> None:
    assert heard(chunk({"content": "Hi", "tool_calls": []}), done=False) == [STARTED, chat.TextDelta("Hi")]


def test_edge_4_reasoning_ends_where_text_begins() -> None:
    events = heard(
        chunk({"role": "assistant", "reasoning_content": "Hm", "content": ""}),
        chunk({"reasoning_content": ".", "content": None}),
        chunk({"content": "So."}),
        STOP,
        DONE,
    )

    assert events == [
        STARTED,
        chat.ReasoningDelta("Hm"),
        chat.ReasoningDelta("."),
        chat.ReasoningEnded(),
        chat.TextDelta("So."),
        ended(),
    ]


def test_edge_5_stop_after_calls_is_tool_use_behind_the_guard() -> None:
    events = heard(ROLE, calling(fragment(0, "{}", "read", id="a")), STOP, DONE)

    assert events[-2:] == [chat.CallEnded(0), ended()]
    assert guarded(events)[-1] == ended("tools")


def test_text_may_follow_calls() -> None:
    events = heard(ROLE, calling(fragment(0, "{}", "read", id="a")), chunk({"content": "Done."}), STOP, DONE)

    assert events[1:] == [
        chat.CallStarted(key=0, id="a", name="read"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        chat.TextDelta("Done."),
        ended(),
    ]


def test_calls_follow_reasoning_and_reasoning_calls() -> None:
    events = heard(chunk({"reasoning": "a"}), calling(fragment(0, "{}", "read", id="a")), chunk({"reasoning": "b"}), STOP, DONE)

    assert [type(each).__name__ for each in events] == [
        "Started",
        "ReasoningDelta",
        "ReasoningEnded",
        "CallStarted",
        "CallDelta",
        "CallEnded",
        "ReasoningDelta",
        "ReasoningEnded",
        "Ended",
    ]


def test_edge_14_chunks_behind_done_are_ignored() -> None:
    events = heard(ROLE, chunk({"content": "Hi"}), STOP, DONE, chunk({"content": "!"}), DONE, data({"error": {"message": "a"}}))

    assert events == [STARTED, chat.TextDelta("Hi"), ended()]


def test_edge_15_a_stream_without_finish_reason_and_done_was_cut() -> None:
    assert heard(ROLE, chunk({"content": "Hi"})) == [STARTED, chat.TextDelta("Hi")]
    assert heard(ROLE, calling(fragment(0, '{"x":', "read", id="a")))[-1] == chat.CallDelta(0, '{"x":')


def test_edge_15_either_of_the_two_is_enough() -> None:
    assert heard(ROLE, chunk({"content": "Hi"}), STOP)[-1] == ended()
    assert heard(ROLE, chunk({"content": "Hi"}), chunk({}, None), DONE)[-1] == ended()


def test_edge_24_an_answer_without_a_word_and_a_reason_did_not_end() -> None:
    assert heard(DONE) == []
    assert heard() == []
    assert heard(ROLE, DONE) == [STARTED]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([STOP, chunk(usage=USAGE)], [SPENT, ended()]),
        ([chunk({}, "stop", usage=USAGE)], [SPENT, ended()]),
        ([chunk({"content": "Hi"}, usage=USAGE), STOP], [chat.TextDelta("Hi"), SPENT]),
        ([STOP, chunk(usage=None)], []),
    ],
)
def test_edge_16_the_end_is_told_once_usage_and_the_reason_are_there(chunks: list[bytes], expected: list[chat.Event]) -> None:
    assert heard(ROLE, *chunks, done=False)[1:] == expected


def test_edge_70_usage_that_is_counted_up_is_never_added_up() -> None:
    counts = [{"prompt_tokens": 3, "completion_tokens": each} for each in (1, 1, 2)]
    events = heard(ROLE, *(chunk({"content": "a"}, usage=each) for each in counts), STOP, DONE)

    assert [each.usage.tokens_out for each in events if isinstance(each, chat.UsageSeen)] == [1, 2]


def test_usage_inside_the_choice_counts() -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}

    assert heard(ROLE, data({"id": "c1", "choices": [choice]}), done=False)[1:] == [SPENT, ended()]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("length", "length"), ("eos", "end"), ("sensitive", "refusal"), ("content_filter", "refusal"), ("tool_calls", "tools")],
)
def test_every_servers_word_for_the_end_is_understood(finish: str, reason: chat.Reason) -> None:
    events = heard(ROLE, chunk({"content": "Hi"}, finish), DONE)

    assert isinstance(events[-1], chat.Ended)
    assert events[-1].ending.reason == reason


def test_a_refusal_is_told_and_is_the_reason() -> None:
    assert heard(ROLE, chunk({"refusal": "N"}), chunk({"refusal": "o."}), STOP, DONE)[1:] == [
        chat.RefusalDelta("N"),
        chat.RefusalDelta("o."),
        ended("refusal"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        data({"error": {"message": "Too many.", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}),
        data({"id": "c1", "choices": [], "error": {"message": "Too many.", "code": 429}}),
        data({"object": "error", "message": "Too many.", "code": 429}),
        b"event: error\ndata: " + data({"message": "Too many.", "code": "429"}).removeprefix(b"data: "),
    ],
)
def test_an_error_in_the_middle_is_the_end(said: bytes) -> None:
    events = heard(ROLE, chunk({"content": "Hi"}), said, chunk({"content": "!"}), DONE)

    assert len(events) == 3
    assert isinstance(events[-1], chat.Failed)
    error = events[-1].error
    assert (error.status, error.kind, error.message) == (429, "rate_limit", "Too many.")


def test_an_error_at_the_beginning_is_all_there_is() -> None:
    (only,) = heard(data({"error": {"message": "No."}}))

    assert isinstance(only, chat.Failed)


@pytest.mark.parametrize("word", ["error", "network_error", "insufficient_system_resource"])
def test_a_finish_reason_can_be_a_failure(word: str) -> None:
    events = heard(ROLE, chunk({"content": "Hi"}), chunk({}, word), DONE)

    assert isinstance(events[-1], chat.Failed)
    assert events[-1].error.type == word


def test_only_the_first_choice_is_read() -> None:
    other = {"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}
    events = heard(ROLE, data({"id": "c1", "choices": [other]}), chunk({"content": "a"}), STOP, DONE)

    assert events == [STARTED, chat.TextDelta("a"), ended()]


def test_mistrals_lists_of_parts_are_read() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
    events = heard(chunk({"content": thinking}), chunk({"content": [{"type": "text", "text": "So."}]}), STOP, DONE)

    assert events == [STARTED, chat.ReasoningDelta("Hm."), chat.ReasoningEnded(), chat.TextDelta("So."), ended()]


def test_a_call_of_old_is_a_call() -> None:
    events = heard(
        chunk({"function_call": {"name": "read", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk({}, "function_call"),
        DONE,
    )

    assert events[1:] == [
        chat.CallStarted(key=0, id="call_c1_0", name="read"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        ended("tools"),
    ]


def test_a_whole_message_in_place_of_a_delta_is_read_unless_it_repeats() -> None:
    whole = data({"id": "c1", "model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]})

    assert heard(whole) == [STARTED, chat.TextDelta("Hi"), ended()]
    assert heard(ROLE, chunk({"content": "Hi"}), whole) == [STARTED, chat.TextDelta("Hi"), ended()]


def test_a_chunk_without_choices_and_id_is_not_the_beginning() -> None:
    filters = data({"id": "", "model": "", "choices": [], "prompt_filter_results": []})

    assert heard(filters, ROLE, done=False) == [STARTED]


@pytest.mark.parametrize(
    "noise", [b": OPENROUTER PROCESSING\n\n", b"data:\n\n", b"data: {}\n\n", b"event: ping\ndata: {}\n\n", b"\xef\xbb\xbf"]
)
def test_what_says_nothing_is_passed_over(noise: bytes) -> None:
    assert heard(noise + ROLE, noise.removeprefix(b"\xef\xbb\xbf") + STOP) == [STARTED, ended()]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"data: <html>\n\n", "an event that is no JSON"),
        (b'data: {"choices":\n\n', "an event that is no JSON"),
        (b"data: [1]\n\n", "an event with a JSON value of the type list in place of an object"),
        (b"data: null\n\n", "an event with a JSON value of the type NoneType in place of an object"),
        (calling(fragment(0, "{}")) + STOP + DONE, "a tool call without a name"),
    ],
)
def test_what_is_not_the_format_cannot_be_read(said: bytes, why: str) -> None:
    with pytest.raises(chat.Unreadable, match=why):
        heard(said)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": 7},
        {"tool_calls": "a"},
        {"tool_calls": [None, 7]},
        {"reasoning_content": [1]},
        {"refusal": {}},
        {"function_call": "a"},
        {"tool_calls": [{"index": True, "function": {"arguments": 7}}]},
    ],
)
def test_odd_values_say_nothing(delta: dict[str, Any]) -> None:
    assert heard(chunk(delta), STOP, DONE) == [STARTED, ended()]


def test_azures_stream_is_read() -> None:
    events = recorded("azure-filters")

    assert isinstance(events[0], chat.Started)
    assert events[0].id
    assert isinstance(events[-1], chat.Ended)


@pytest.mark.parametrize(
    ("name", "reason", "usage"),
    [
        ("azure-filters", "end", Usage(tokens_in=19, tokens_out=4)),
        ("dashscope-crlf", "end", Usage(tokens_in=18, cache_read=8, tokens_out=14)),
        ("deepseek-reasoning", "end", Usage(tokens_in=18, cache_read=0, tokens_out=15, reasoning=10)),
        ("moonshot-usage-in-choice", "end", Usage(tokens_in=7, cache_read=4, tokens_out=6)),
        ("openai-choices", "length", None),
        ("openai-obfuscation", "end", None),
        ("openai-parallel-tools", "tools", Usage(tokens_in=311, cache_read=0, cache_write=0, tokens_out=58, reasoning=24)),
        ("openai-refusal", "refusal", None),
        ("openai-text", "end", None),
        ("openai-tool", "tools", None),
        ("openai-usage", "end", Usage(tokens_in=180, cache_read=1024, cache_write=0, tokens_out=9, reasoning=0)),
        ("openrouter-comments", "end", Usage(tokens_in=548, cache_read=1500, tokens_out=31, reasoning=12)),
        ("vllm-no-done", "end", None),
    ],
)
def test_a_recorded_stream_is_read_to_its_end(name: str, reason: chat.Reason, usage: Usage | None) -> None:
    events = guarded(recorded(name))
    spent = [each.usage for each in events if isinstance(each, chat.UsageSeen)]

    assert isinstance(events[-1], chat.Ended)
    assert events[-1].ending.reason == reason
    assert usage is None or spent[-1] == usage


def test_openrouters_sealed_reasoning_is_told_once_and_with_its_seal() -> None:
    events = recorded("openrouter-comments")
    seals = [each.seal for each in events if isinstance(each, chat.ReasoningEnded)]

    assert len(seals) == 1
    assert told_text(events)


@given(good_streams(), st.data())
def test_the_events_do_not_depend_on_the_cuts(events: list[chat.Event], choices: st.DataObject) -> None:
    chunks = told(guarded(events))
    cuts = sorted(choices.draw(st.lists(st.integers(0, len(chunks)), max_size=5)))
    pieces = [b"".join(chunks[start:end]) for start, end in pairwise([0, *cuts, len(chunks)])]

    assert heard(*pieces) == heard(b"".join(chunks))


def test_edge_84_null_in_place_of_arguments_is_an_empty_object_behind_the_guard() -> None:
    events = guarded(heard(ROLE, calling(fragment(0, "null", "read", id="a")), chunk({}, "tool_calls"), DONE))

    assert events[1:] == [
        chat.CallStarted(key=0, id="a", name="read"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        ended("tools"),
    ]


def test_what_was_held_back_is_told_where_the_stream_is_cut() -> None:
    assert heard(ROLE, calling(fragment(0, "nu", "read", id="a")))[-1] == chat.CallDelta(0, "nu")
