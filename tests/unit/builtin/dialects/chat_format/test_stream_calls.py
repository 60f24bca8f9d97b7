"""Tool calls out of fragments, as servers send them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.stream_calls import MOST_OPEN, StreamCalls
from tests.unit.builtin.dialects.chat_format.said import fragment


def told(*fragments: dict[str, Any], finish: bool = True) -> list[chat.Event]:
    calls = StreamCalls()
    events = [event for each in fragments for event in calls.take(each, "c1")]
    return events + (list(calls.finish()) if finish else [])


def begun(key: int, id: str, name: str = "read", **more: Any) -> chat.CallStarted:  # noqa: A002
    return chat.CallStarted(key=key, id=id, name=name, **more)


def test_a_call_begins_goes_on_and_ends() -> None:
    fragments = [fragment(0, "", "read", id="a", type="function"), fragment(0, '{"pa'), fragment(0, 'th":"a"}')]

    assert told(*fragments) == [
        begun(0, "a"),
        chat.CallDelta(0, '{"pa'),
        chat.CallDelta(0, 'th":"a"}'),
        chat.CallEnded(0),
    ]


def test_edge_1_a_whole_call_in_one_fragment_keeps_its_arguments() -> None:
    assert told(fragment(0, '{"a":1}', "read", id="a")) == [begun(0, "a"), chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]


def test_edge_6_interleaved_calls_are_told_apart() -> None:
    events = told(
        fragment(0, "", "read", id="a"),
        fragment(1, "", "list", id="b"),
        fragment(0, '{"x":'),
        fragment(1, '{"y":'),
        fragment(0, "1}"),
        fragment(1, "2}"),
    )

    assert [each.json for each in events if isinstance(each, chat.CallDelta) and each.key == 0] == ['{"x":', "1}"]
    assert [each.json for each in events if isinstance(each, chat.CallDelta) and each.key == 1] == ['{"y":', "2}"]
    assert events[-2:] == [chat.CallEnded(0), chat.CallEnded(1)]


def test_a_call_that_is_whole_ends_where_the_next_one_begins() -> None:
    events = told(fragment(0, "{}", "read", id="a"), fragment(1, "{}", "list", id="b"), finish=False)

    assert events == [
        begun(0, "a"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        begun(1, "b", "list"),
        chat.CallDelta(1, "{}"),
    ]


def test_edge_9_the_same_index_with_another_id_is_another_call() -> None:
    events = told(fragment(0, '{"a":', "read", id="a"), fragment(0, "1}"), fragment(0, "{}", "read", id="b"))

    assert events == [
        begun(0, "a"),
        chat.CallDelta(0, '{"a":'),
        chat.CallDelta(0, "1}"),
        chat.CallEnded(0),
        begun(1, "b"),
        chat.CallDelta(1, "{}"),
        chat.CallEnded(1),
    ]


def test_the_same_index_without_ids_is_another_call_once_the_first_is_whole() -> None:
    events = told(fragment(0, "{}", "read"), fragment(0, "{}", "read"), fragment(0, '{"x"', "list"), fragment(0, ":1}", "list"))

    assert [each for each in events if isinstance(each, chat.CallStarted)] == [
        begun(0, "call_c1_0"),
        begun(1, "call_c1_1"),
        begun(2, "call_c1_2", "list"),
    ]


def test_edge_25_id_and_name_in_every_fragment_are_told_once() -> None:
    events = told(*(fragment(0, each, "read", id="a", type="function") for each in ('{"x":', "1", "}")))

    assert events == [
        begun(0, "a"),
        chat.CallDelta(0, '{"x":'),
        chat.CallDelta(0, "1"),
        chat.CallDelta(0, "}"),
        chat.CallEnded(0),
    ]


def test_an_id_of_its_own_for_every_fragment_makes_no_calls() -> None:
    events = told(fragment(0, '{"x":', "read", id="a"), fragment(0, "1}", id="b"))

    assert [each for each in events if isinstance(each, chat.CallStarted)] == [begun(0, "a")]


def test_edge_12_an_id_is_made_up_and_the_same_each_time() -> None:
    fragments = [fragment(0, "{}", "read"), fragment(1, "{}", "list", id="")]
    starts = [each for each in told(*fragments) if isinstance(each, chat.CallStarted)]

    assert starts == [begun(0, "call_c1_0"), begun(1, "call_c1_1", "list")]


def test_edge_13_a_call_begins_when_its_name_is_known() -> None:
    events = told(fragment(0, None, id="a"), fragment(0, '{"x"'), fragment(0, ":1}", "read"))

    assert events == [begun(0, "a"), chat.CallDelta(0, '{"x":1}'), chat.CallEnded(0)]


@pytest.mark.parametrize(
    ("fragments", "ids"),
    [
        ([fragment(None, "{}", "read", id="a"), fragment(None, "{}", "read", id="b")], ["a", "b"]),
        ([fragment(None, "{", "read", id="a"), fragment(None, "}", id="a")], ["a"]),
        ([fragment(None, "{", "read", id="a"), fragment(None, "}")], ["a"]),
        ([fragment(None, "{", "read", id="a"), fragment(None, "}", id="b")], ["a"]),
        ([fragment(None, "{}", "read"), fragment(None, "{}", "read")], ["call_c1_0", "call_c1_1"]),
        ([fragment(None, "{", "read"), fragment(None, "}", "read")], ["call_c1_0"]),
    ],
)
def test_calls_without_an_index_are_told_apart_by_what_there_is(fragments: list[dict[str, Any]], ids: list[str]) -> None:
    events = told(*fragments)

    assert [each.id for each in events if isinstance(each, chat.CallStarted)] == ids
    assert "".join(each.json for each in events if isinstance(each, chat.CallDelta)) == "{}" * len(ids)


def test_arguments_as_an_object_are_text_again() -> None:
    said = {"index": 0, "id": "a", "function": {"name": "read", "arguments": {"x": 1}}}

    assert told(said) == [begun(0, "a"), chat.CallDelta(0, '{"x":1}'), chat.CallEnded(0)]


def test_calls_with_bare_text_are_freeform_and_end_at_the_end() -> None:
    custom = [
        {"index": 0, "id": "a", "type": "custom", "custom": {"name": "patch", "input": ""}},
        {"index": 0, "custom": {"input": "{}"}},
        fragment(1, "{}", "read", id="b"),
    ]

    assert told(*custom) == [
        begun(0, "a", "patch", freeform=True),
        chat.CallDelta(0, "{}"),
        begun(1, "b"),
        chat.CallDelta(1, "{}"),
        chat.CallEnded(0),
        chat.CallEnded(1),
    ]


def test_gemini_s_mark_comes_with_the_call() -> None:
    said = {**fragment(0, "{}", "read", id="a"), "extra_content": {"google": {"thought_signature": "QUJD"}}}

    assert told(said)[0] == begun(0, "a", seal=chat.Seal(family="google", data="QUJD"))


def test_space_behind_a_call_that_has_ended_says_nothing() -> None:
    events = told(fragment(0, "{}", "read", id="a"), fragment(1, "{}", "list", id="b"), fragment(0, " \n"))

    assert [each for each in events if isinstance(each, chat.CallDelta)] == [chat.CallDelta(0, "{}"), chat.CallDelta(1, "{}")]


def test_fragments_that_say_nothing_are_no_call() -> None:
    assert told({"index": 0}, {}, {"index": 1, "function": None}) == []


@pytest.mark.parametrize("said", [fragment(0, "{}"), fragment(0, None, id="a")])
def test_a_call_that_never_gets_a_name_cannot_be_told(said: dict[str, Any]) -> None:
    with pytest.raises(chat.Unreadable, match="a tool call without a name"):
        told(said)


@pytest.mark.parametrize("pieces", [["null"], ["nu", "ll"], ["n", "u", "l", "l "], [" ", "null\n"]])
def test_edge_84_null_in_place_of_arguments_is_held_back_and_dropped(pieces: list[str]) -> None:
    events = told(fragment(0, None, "read", id="a"), *(fragment(0, each) for each in pieces))

    said = "".join(each.json for each in events if isinstance(each, chat.CallDelta))
    assert (events[0], said.strip(), events[-1]) == (begun(0, "a"), "", chat.CallEnded(0))


def test_edge_84_null_ends_where_the_next_call_begins() -> None:
    assert told(fragment(0, "null", "read", id="a"), fragment(1, "{}", "list", id="b"), finish=False) == [
        begun(0, "a"),
        chat.CallEnded(0),
        begun(1, "b", "list"),
        chat.CallDelta(1, "{}"),
    ]


@pytest.mark.parametrize(
    ("pieces", "deltas"),
    [
        (["nu", "ts"], ["nuts"]),
        (["null", "x", "y"], ["nullx", "y"]),
        (["nul"], ["nul"]),
        (["{", "null", "}"], ["{", "null", "}"]),
        (["null" + " " * 100], ["null" + " " * 100]),
    ],
)
def test_edge_84_what_is_not_null_after_all_is_told(pieces: list[str], deltas: list[str]) -> None:
    events = told(fragment(0, None, "read", id="a"), *(fragment(0, each) for each in pieces))

    assert [each.json for each in events if isinstance(each, chat.CallDelta)] == deltas


def test_edge_84_a_bare_text_may_say_null() -> None:
    said = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "patch", "input": "null"}}

    assert told(said)[1:] == [chat.CallDelta(0, "null"), chat.CallEnded(0)]


def test_edge_84_space_behind_null_says_nothing_once_its_call_has_ended() -> None:
    events = told(fragment(0, "null", "read", id="a"), fragment(1, "{}", "list", id="b"), fragment(0, " " * 100))

    assert [each for each in events if isinstance(each, chat.CallDelta)] == [chat.CallDelta(1, "{}")]


def test_arguments_that_may_be_null_are_told_where_the_stream_is_cut() -> None:
    calls = StreamCalls()
    begin = list(calls.take(fragment(0, "nu", "read", id="a"), "c1"))

    assert [*begin, *calls.cut()] == [begun(0, "a"), chat.CallDelta(0, "nu")]


def test_no_answer_has_so_many_calls_open() -> None:
    calls = StreamCalls()
    for number in range(MOST_OPEN):
        list(calls.take(fragment(number, "{", "read"), "c1"))

    with pytest.raises(chat.Unreadable, match="more than 1000 tool calls at the same time"):
        list(calls.take(fragment(MOST_OPEN, "{", "read"), "c1"))


def test_calls_that_have_ended_do_not_count_as_open() -> None:
    events = told(*(fragment(number, "{}", "read") for number in range(2 * MOST_OPEN)))

    assert sum(isinstance(each, chat.CallEnded) for each in events) == 2 * MOST_OPEN


@pytest.mark.parametrize(
    "fragments",
    [
        [fragment(0, '{"a":"' + "x" * 400_000, "read")] + [fragment(0, "}")] * 2_000,
        [fragment(0, '{"a":[' + '"x",' * 100_000, "read")] + [fragment(0, "{},")] * 2_000,
        [fragment(0, '{"a":"' + "x" * 400_000 + '"}', "read")] + [fragment(0, "{", "read")] * 3_000,
        [fragment(0, "n", "read")] + [fragment(0, " ")] * 20_000,
        [fragment(number, "{", "read") for number in range(MOST_OPEN)] + [fragment(0, "1")] * 2_000,
    ],
    ids=["strings", "lists", "names", "space", "many"],
)
def test_each_byte_of_open_calls_is_looked_at_once(fragments: list[dict[str, Any]]) -> None:
    calls = StreamCalls()
    started = time.thread_time()
    for each in fragments:
        list(calls.take(each, "c1"))
        list(calls.close_whole())

    assert time.thread_time() - started < 0.5


def open_call() -> StreamCalls:
    calls = StreamCalls()
    list(calls.take(fragment(0, '{"path":"', "read", id="a"), "c1"))
    return calls


@pytest.mark.parametrize(("own_id", "name"), [("", ""), ("a", ""), ("a", "read")])
def test_a_piece_that_only_goes_on_is_told_at_once(own_id: str, name: str) -> None:
    assert open_call().more(0, own_id, name, "x") == (chat.CallDelta(0, "x"),)


@pytest.mark.parametrize(("index", "own_id", "name"), [(1, "", ""), (0, "b", ""), (0, "", "read")])
def test_a_piece_that_may_begin_another_call_is_not_taken(index: int, own_id: str, name: str) -> None:
    calls = open_call()

    assert calls.more(index, own_id, name, "x") is None
    assert calls.more(0, "", "", 'x"}') == (chat.CallDelta(0, 'x"}'),)
    assert calls.has_whole


def test_what_may_become_null_is_held_back_here_too() -> None:
    calls = StreamCalls()
    list(calls.take(fragment(0, "", "read", id="a"), "c1"))

    assert (calls.more(0, "", "", "nu"), calls.more(0, "", "", "ll"), calls.has_whole) == ((), (), True)
    assert list(calls.finish()) == [chat.CallEnded(0)]


def test_a_call_that_has_ended_takes_no_more_pieces() -> None:
    calls = open_call()
    list(calls.take(fragment(0, 'x"}'), "c1"))
    ended = list(calls.close_whole())

    assert (ended, calls.has_whole, calls.more(0, "", "", "x")) == ([chat.CallEnded(0)], False, None)
