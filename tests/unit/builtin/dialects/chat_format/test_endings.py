"""Why an answer ended."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.endings import failure_of, read_ending, write_ending
from tests.fakes.streams import REASONS


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "end"),
        ("eos", "end"),
        ("eos_token", "end"),
        ("stop_sequence", "stop_sequence"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("tool_calls", "tools"),
        ("function_call", "tools"),
        ("content_filter", "refusal"),
        ("sensitive", "refusal"),
        ("STOP", "end"),
        ("something_new", "end"),
        (None, "end"),
        (7, "end"),
    ],
)
def test_every_servers_word_is_understood(word: object, reason: chat.Reason) -> None:
    assert read_ending(word, refused=False).reason == reason


@pytest.mark.parametrize(("word", "reason"), [("stop", "refusal"), ("length", "length"), ("tool_calls", "tools")])
def test_an_answer_that_refuses_and_stops_is_a_refusal(word: str, reason: chat.Reason) -> None:
    assert read_ending(word, refused=True).reason == reason


def test_the_vendors_own_word_for_what_was_refused_is_kept() -> None:
    assert read_ending("sensitive", refused=False) == chat.Ending(reason="refusal", category="sensitive")


@pytest.mark.parametrize(
    ("word", "kind", "status"),
    [("insufficient_system_resource", "overloaded", 503), ("network_error", "server", 502), ("error", "server", 502)],
)
def test_words_for_a_failure_are_errors(word: str, kind: str, status: int) -> None:
    failure = failure_of(word)

    assert failure is not None
    assert (failure.kind, failure.status, failure.type) == (kind, status, word)
    assert failure.message == f"The provider broke off its answer and gave {word} as the reason."


@pytest.mark.parametrize("word", ["stop", None, {}, 7])
def test_other_words_are_none(word: object) -> None:
    assert failure_of(word) is None


def test_each_reason_has_its_word() -> None:
    assert {reason: write_ending(chat.Ending(reason=reason)) for reason in REASONS} == {
        "end": "stop",
        "stop_sequence": "stop",
        "length": "length",
        "tools": "tool_calls",
        "refusal": "content_filter",
        "context": "length",
        "pause": "stop",
    }


def test_calls_in_the_form_before_tools_have_their_own_word() -> None:
    assert write_ending(chat.Ending(reason="tools"), legacy=True) == "function_call"
    assert write_ending(chat.Ending(reason="end"), legacy=True) == "stop"
