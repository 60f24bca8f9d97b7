"""Reasoning out of the fields in which servers stream it."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.stream_reasoning import StreamReasoning

OWN = chat.Seal(family="anthropic", data="QUJD")
SEALED = {"type": "reasoning.text", "signature": "QUJD", "format": "anthropic", "index": 0}
HIDDEN = {"type": "reasoning.encrypted", "data": "QUJD", "format": "anthropic", "index": 1}


def told(*deltas: dict[str, Any]) -> list[chat.Event]:
    reasoning = StreamReasoning()
    return [event for each in deltas for event in reasoning.take(each)] + list(reasoning.end())


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_plain_text_is_told_at_once_and_ends(name: str) -> None:
    assert told({name: "H"}, {name: ""}, {name: "m."}) == [
        chat.ReasoningDelta("H"),
        chat.ReasoningDelta("m."),
        chat.ReasoningEnded(),
    ]


def test_edge_86_what_two_fields_say_is_told_once() -> None:
    detail = {"type": "reasoning.text", "text": "Hm.", "format": "anthropic", "index": 0}

    assert told({"reasoning_content": "Hm.", "reasoning": "Hm.", "reasoning_details": [detail]}) == [
        chat.ReasoningDelta("Hm."),
        chat.ReasoningEnded(),
    ]


def test_details_alone_are_told_too_also_where_two_are_alike() -> None:
    pieces = [{"reasoning_details": [{"type": "reasoning.text", "text": "ha", "index": 0}]}] * 2

    assert told(*pieces, {"reasoning_details": [SEALED]}) == [
        chat.ReasoningDelta("ha"),
        chat.ReasoningDelta("ha"),
        chat.ReasoningEnded(seal=OWN),
    ]


def test_a_seal_that_repeats_the_text_only_ends_it() -> None:
    assert told(
        {"reasoning_content": "H"}, {"reasoning_content": "m."}, {"reasoning_details": [{**SEALED, "text": "Hm."}]}
    ) == [
        chat.ReasoningDelta("H"),
        chat.ReasoningDelta("m."),
        chat.ReasoningEnded(seal=OWN),
    ]


def test_hidden_reasoning_stands_alone() -> None:
    assert told({"reasoning_content": "Hm."}, {"reasoning_details": [HIDDEN]}, {"reasoning_details": [SEALED]}) == [
        chat.ReasoningDelta("Hm."),
        chat.ReasoningEnded(),
        chat.ReasoningEnded(seal=OWN, redacted=True),
        chat.ReasoningEnded(seal=OWN),
    ]


@pytest.mark.parametrize(
    "delta", [{}, {"reasoning": {"effort": "low"}}, {"reasoning_details": "a"}, {"reasoning_details": [7]}]
)
def test_odd_fields_say_nothing(delta: dict[str, Any]) -> None:
    assert told(delta) == []


def test_text_of_other_fields_can_be_told_with_it() -> None:
    reasoning = StreamReasoning()

    assert [*reasoning.say("Hm."), *reasoning.end(), *reasoning.end()] == [chat.ReasoningDelta("Hm."), chat.ReasoningEnded()]


def test_a_plain_text_alone_is_told_as_with_others() -> None:
    alone, with_others = StreamReasoning(), StreamReasoning()
    before = alone.is_open

    assert [alone.tell("Hm.")] == list(with_others.take({"reasoning_content": "Hm."}))
    assert (before, alone.is_open, alone) == (False, True, with_others)
