"""What is told of the items of a stream."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.stream_items import ItemState, Telling, Told, kind_of


def test_a_text_that_came_in_pieces_lacks_its_rest() -> None:
    told = Told()

    assert (told.add("a"), told.rest("abc"), told.rest("abc"), told.rest("abcd")) == ("a", "bc", "", "d")


def test_a_text_that_begins_in_another_way_adds_nothing() -> None:
    told = Told()
    told.add("abc")

    assert (told.rest("xabc"), told.rest(""), told.rest("abcd")) == ("", "", "d")


def test_texts_of_other_blocks_are_told_apart() -> None:
    telling = Telling()
    events = [each for block, text in ((1, "a"), (1, "b"), (2, ""), (2, "c")) for each in telling.text(block, text)]

    assert events == [chat.TextDelta("a"), chat.TextDelta("b"), chat.TextEnded(), chat.TextDelta("c")]


def test_nothing_was_said_until_something_is_told() -> None:
    telling = Telling()
    before = (telling.said, telling.refused, list(telling.text(0, "")), list(telling.refusal("")))
    said = list(telling.refusal("No."))

    assert (before, said) == ((False, False, [], []), [chat.RefusalDelta("No.")])
    assert (telling.said, telling.refused) == (True, True)


def test_arguments_wait_for_the_name_of_their_call() -> None:
    telling, state = Telling(), ItemState("call")
    early = list(telling.arguments(state, "{"))
    begun = list(telling.call(state, {"type": "function_call", "call_id": "call_1", "name": "read"}, "resp_1"))

    assert (early, begun) == ([], [chat.CallStarted(key=0, id="call_1", name="read"), chat.CallDelta(0, "{")])
    assert list(telling.call(state, {}, "resp_1")) == []


def test_an_item_ends_once() -> None:
    telling, state = Telling(), ItemState("reasoning")
    seal = chat.Seal(family="openai", data="gA")

    assert list(telling.end(state, seal)) == [chat.ReasoningEnded(seal=seal)]
    assert list(telling.end(state, seal)) == []


def test_a_call_that_never_got_a_name_cannot_end() -> None:
    with pytest.raises(chat.Unreadable):
        list(Telling().end(ItemState("call")))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("message", "message"),
        ("reasoning", "reasoning"),
        ("function_call", "call"),
        ("custom_tool_call", "call"),
        ("web_search_call", "skip"),
        (["odd"], "skip"),
        (None, "skip"),
    ],
)
def test_items_are_told_apart(kind: object, expected: str) -> None:
    assert kind_of({"type": kind}) == expected


def test_a_piece_that_only_goes_on_is_told_at_once() -> None:
    telling, message, thought, call = Telling(), ItemState("message"), ItemState("reasoning"), ItemState("call", key=3)
    list(telling.text((0, 0), message.text(0).add("a")))
    said: list[chat.Event | None] = [telling.more_text(message, (0, 0), 0, "b"), telling.more_arguments(call, "{")]
    list(telling.thought(thought, "summary", 1, thought.text(1).add("a")))
    said.append(telling.more_thought(thought, "summary", 1, "b"))

    assert said == [chat.TextDelta("b"), chat.CallDelta(3, "{"), chat.ReasoningDelta("b")]
    assert (message.text(0).rest("abc"), call.text(0).rest("{}"), thought.text(1).rest("abc")) == ("c", "}", "c")


def test_a_piece_with_which_more_has_to_be_told_is_not_taken() -> None:
    telling, message, thought, call = Telling(), ItemState("message"), ItemState("reasoning"), ItemState("call")
    list(telling.thought(thought, "summary", 0, "a"))

    assert telling.more_text(message, (0, 0), 0, "b") is None  # a thought stands before it
    assert telling.more_arguments(call, "{") is None  # its name is not known
    assert telling.more_thought(thought, "summary", 1, "b") is None  # another paragraph
    assert telling.more_thought(thought, "content", 0, "b") is None
    assert (message.texts, call.texts, thought.texts) == ({}, {}, {})
