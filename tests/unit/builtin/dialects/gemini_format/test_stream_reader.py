"""A provider's stream as events."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.gemini_format.stream_reader import GeminiStreamReader
from tests.fakes.json_bodies import groups
from tests.unit.builtin.dialects.gemini_format.said import HEAD, STARTED, answer, call, inner, told, wire

USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 2}
SEEN = chat.UsageSeen(Usage(tokens_in=10, tokens_out=2))
END = chat.Ended(chat.Ending(reason="end"))
TOOLS = chat.Ended(chat.Ending(reason="tools"))


def read(*pieces: bytes) -> Sequence[chat.Event]:
    reader = GeminiStreamReader()
    return [event for piece in pieces for event in reader.feed(piece)] + list(reader.finish())


def test_an_answer_begins_goes_on_and_ends_once() -> None:
    found = told(answer({"text": "Hel"}), answer({"text": "lo"}), answer({"text": ""}, reason="STOP", usageMetadata=USAGE))

    assert found == [STARTED, chat.TextDelta("Hel"), chat.TextDelta("lo"), SEEN, END]


def test_edge_8_parallel_calls_one_in_each_chunk_have_running_keys() -> None:
    found = told(*(answer(call(each, args={})) for each in ("a", "b", "b")), answer(reason="STOP"))

    assert [(each.key, each.id) for each in found if isinstance(each, chat.CallStarted)] == [
        (0, "call_abc_0"),
        (1, "call_abc_1"),
        (2, "call_abc_2"),
    ]
    assert found[-1] == TOOLS


def test_edge_12_the_same_stream_makes_the_same_ids() -> None:
    chunks = [answer(call("a"), call("b"), reason="STOP")]

    assert told(*chunks) == told(*chunks)
    assert told(*chunks)[1] == chat.CallStarted(key=0, id="call_abc_0", name="a")


def test_edge_12_an_answer_without_an_id_has_calls_that_no_other_answer_has() -> None:
    chunks = [{"candidates": [{"content": {"parts": [call("a")]}}]}, answer(call("b"), reason="STOP")]
    first, second = ([each.id for each in told(*chunks) if isinstance(each, chat.CallStarted)] for _ in range(2))

    assert not {*first} & {*second}
    stem = first[0].removesuffix("_0")
    assert re.fullmatch(r"call_[0-9a-f]{16}", stem)
    assert first == [f"{stem}_0", f"{stem}_1"]


def test_edge_14_what_follows_done_or_an_error_says_nothing() -> None:
    error = {"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}

    assert read(wire(answer({"text": "Hi"}, reason="STOP")) + b"data: [DONE]\n\n") == [STARTED, chat.TextDelta("Hi"), END]
    assert isinstance(told(error, answer({"text": "Hi"}, reason="STOP"))[-1], chat.Failed)
    assert len(told(error, answer({"text": "Hi"}, reason="STOP"))) == 1
    assert len(read(wire(error), b"data: no JSON\n\n")) == 1


def test_edge_15_a_stream_without_a_reason_for_its_end_was_cut() -> None:
    assert told(answer({"text": "Hi"}), answer({"text": "!"})) == [STARTED, chat.TextDelta("Hi"), chat.TextDelta("!")]


def test_edge_19_a_reason_before_the_last_chunk_does_not_end_the_stream() -> None:
    found = told(answer({"text": "Hi"}, reason="STOP"), answer({"text": "!"}), {**HEAD, "usageMetadata": USAGE})

    assert found == [STARTED, chat.TextDelta("Hi"), chat.TextDelta("!"), SEEN, END]


def test_edge_23_escaped_quotes_and_odd_numbers_in_arguments_stay() -> None:
    args = rb'{"text": "say \"hi\"\\n\u00e9", "n": [1.10, 1e400, 12345678901234567890123], "b": 1, "a": 2}'
    body = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":' + args + b"}}]}}]}"
    found = [each for each in read(b"data: " + body + b"\r\n\r\n") if isinstance(each, chat.CallDelta)]

    assert found == [chat.CallDelta(0, args.decode())]


def test_edge_24_a_stream_of_nothing_has_no_end() -> None:
    assert read() == []
    assert read(b": waiting\n\n") == []


def test_edge_47_snake_case_is_read() -> None:
    chunk = {
        "candidates": [{"finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 10, "candidates_token_count": 2},
    }

    assert told(chunk) == [chat.Started(), SEEN, END]


def test_edge_74_thoughts_are_output_and_counted_once() -> None:
    found = told(answer(reason="STOP", usageMetadata={**USAGE, "thoughtsTokenCount": 5}))

    assert found[1] == chat.UsageSeen(Usage(tokens_in=10, tokens_out=7, reasoning=5))


def test_edge_89_a_blocked_prompt_is_a_refusal() -> None:
    found = told({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 10}, **HEAD})
    refusal = chat.Ending(
        reason="refusal",
        explanation="The prompt was blocked by Gemini: PROHIBITED_CONTENT.",
        category="PROHIBITED_CONTENT",
    )

    assert found == [STARTED, chat.UsageSeen(Usage(tokens_in=10)), chat.Ended(refusal)]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("STOP", chat.Ending(reason="tools")),
        ("MAX_TOKENS", chat.Ending(reason="length")),
        ("SAFETY", chat.Ending(reason="refusal", category="SAFETY")),
    ],
)
def test_a_call_makes_a_natural_end_one_of_tools(reason: str, ending: chat.Ending) -> None:
    assert told(answer(call()), answer(reason=reason))[-1] == chat.Ended(ending)


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"])
def test_a_call_that_the_model_got_wrong_is_an_error_and_no_success(reason: str) -> None:
    found = told(answer({"text": "Hi"}), answer(reason=reason, usageMetadata=USAGE), answer({"text": "more"}, reason="STOP"))

    assert found[:-1] == [STARTED, chat.TextDelta("Hi"), SEEN]
    assert isinstance(found[-1], chat.Failed)
    assert (found[-1].error.kind, found[-1].error.type) == ("server", reason)


@pytest.mark.parametrize("form", ['data: {"error":%s}\r\n\r\n', 'data: [{"error":%s}]\n\n', '[{"error":%s}]', '{"error":\n%s}'])
def test_an_error_is_known_in_every_wrapping(form: str) -> None:
    error = {"code": 429, "message": "Quota. Please retry in 21.5s.", "status": "RESOURCE_EXHAUSTED"}
    found = read(wire(answer({"text": "Hi"})), (form % json.dumps(error)).encode())
    expected = chat.ProviderError(
        status=429, kind="rate_limit", message="Quota. Please retry in 21.5s.", type="RESOURCE_EXHAUSTED", retry_after=21.5
    )

    assert found == [STARTED, chat.TextDelta("Hi"), chat.Failed(expected)]


def test_usage_is_told_when_it_changes() -> None:
    found = told(
        answer(usageMetadata=USAGE), answer(usageMetadata=USAGE), answer(usageMetadata={**USAGE, "candidatesTokenCount": 3})
    )

    assert [each for each in found if isinstance(each, chat.UsageSeen)] == [
        SEEN,
        chat.UsageSeen(Usage(tokens_in=10, tokens_out=3)),
    ]


def test_usage_is_told_before_what_its_chunk_says() -> None:
    found = told(answer({"text": "Hi"}, usageMetadata=USAGE))

    assert found == [STARTED, SEEN, chat.TextDelta("Hi")]


def test_reasoning_that_is_open_at_the_end_is_closed() -> None:
    assert told(answer({"text": "plan", "thought": True}, reason="MAX_TOKENS"))[-2] == chat.ReasoningEnded()


@pytest.mark.parametrize(
    "stream",
    [
        b"data: nothing\n\n",
        b'data: {"candidates":7}\n\n',
        b"data: 7\n\n",
        b'data: {"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}\n\n',
    ],
)
def test_what_is_not_the_format_is_unreadable(stream: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        read(stream)


PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda text: {"text": text}, st.text(max_size=5)),
    st.builds(lambda text: {"text": text, "thought": True}, st.text(max_size=5)),
    st.builds(
        lambda name, args: call(name, args=args), st.sampled_from("ab"), st.dictionaries(st.text(max_size=3), st.integers())
    ),
    st.just({"text": "", "thoughtSignature": "CiQB"}),
    st.just({"inlineData": {"mimeType": "image/png", "data": "iVBO"}}),
)
CHUNKS = st.builds(
    lambda parts, reason, usage: answer(*parts, reason=reason, usageMetadata=usage),
    st.lists(PARTS, max_size=3),
    st.sampled_from([None, "STOP"]),
    st.sampled_from([None, USAGE]),
)


@given(st.lists(CHUNKS, max_size=6).flatmap(lambda found: st.tuples(st.just(found), groups([wire(each) for each in found]))))
def test_a_stream_says_the_same_however_its_events_are_grouped(case: tuple[list[Any], list[bytes]]) -> None:
    chunks, pieces = case

    assert read(*pieces) == told(*chunks)


@given(st.lists(PARTS, max_size=8), st.data())
def test_it_does_not_matter_in_which_chunks_parts_come(parts: list[dict[str, Any]], data: st.DataObject) -> None:
    at = sorted(data.draw(st.lists(st.integers(0, len(parts)), max_size=4)))
    cut = [answer(*parts[start:end]) for start, end in zip([0, *at], [*at, len(parts)], strict=True)]

    assert inner(told(*cut, answer(reason="STOP"))) == inner(told(answer(*parts, reason="STOP")))


@given(st.lists(CHUNKS, max_size=6))
def test_a_guard_finds_nothing_to_refuse_in_what_is_told(chunks: list[Any]) -> None:
    guard = chat.StreamGuard()
    found = told(*chunks)
    passed = [each for event in found for each in guard.check(event)]

    assert passed == found or not found
    assert guard.over is any(isinstance(each, chat.Ended) for each in found)


def test_a_long_stream_costs_microseconds_a_chunk() -> None:
    reader, usual = GeminiStreamReader(), wire(answer({"text": "word "}, usageMetadata=USAGE))
    began = time.perf_counter()
    for _ in range(5_000):
        reader.feed(usual)

    assert time.perf_counter() - began < 1.0  # measured: 0.08 s
