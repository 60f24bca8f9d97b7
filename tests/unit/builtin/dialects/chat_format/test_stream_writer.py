"""Events as a client's stream."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any, TypeAlias

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.chat_format.stream_writer import ChatStreamWriter
from tests.fakes.conversations import good_streams
from tests.fakes.streams import ANY_EVENTS, OBJECTS
from tests.fakes.streams import FULL_TEXTS as TEXTS
from tests.unit.builtin.dialects.chat_format.said import ASKED, PNG, deltas, ended, guarded, heard, image, shown, told

BEGIN = chat.Started(id="msg_1", model="claude-x")
WITH_USAGE = attrs.evolve(ASKED, usage=True)
OWN = chat.Seal(family="anthropic", data="QUJD")
HEAD = {"id": "chatcmpl-msg_1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "gpt-x"}


def begun(key: int = 0, id: str = "a", name: str = "read", **more: Any) -> chat.CallStarted:  # noqa: A002
    return chat.CallStarted(key=key, id=id, name=name, **more)


def said(*events: chat.Event, asked: chat.Asked = ASKED) -> list[dict[str, Any]]:
    """Return the deltas between the first and the last one."""
    return deltas(told([BEGIN, *events, ended()], asked))[1:-1]


def test_a_stream_has_role_text_end_and_done() -> None:
    chunks = told([BEGIN, chat.TextDelta("H"), chat.TextDelta("i"), chat.TextEnded(), ended()])

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    assert shown(chunks) == [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "H"}),
        chunk({"content": "i"}),
        chunk({}, "stop"),
        "[DONE]",
    ]
    assert [bool(each) for each in chunks] == [True, True, True, False, True]


def test_usage_comes_at_the_end_for_those_who_asked() -> None:
    events: list[chat.Event] = [
        BEGIN,
        chat.TextDelta("Hi"),
        chat.UsageSeen(Usage(tokens_in=3)),
        chat.UsageSeen(Usage(tokens_in=3, tokens_out=2)),
    ]
    chunks = shown(told([*events, ended()], WITH_USAGE))

    assert [each["usage"] for each in chunks[:-2]] == [None] * 3
    assert (chunks[-2]["choices"], chunks[-2]["usage"]["total_tokens"], chunks[-1]) == ([], 5, "[DONE]")
    assert all("usage" not in each for each in shown(told([*events, ended()]))[:-1])


def test_usage_that_nobody_knows_is_not_made_up() -> None:
    chunks = shown(told([BEGIN, chat.TextDelta("Hi"), ended()], WITH_USAGE))

    assert [each["choices"] != [] for each in chunks[:-1]] == [True] * 3


def test_edge_7_and_8_calls_are_counted_from_nought_whatever_stands_between_them() -> None:
    events: list[chat.Event] = [
        chat.TextDelta("First"),
        begun(0, "a"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        chat.TextDelta("then"),
        begun(5, "b", "list"),
        chat.CallDelta(5, '{"x"'),
        chat.CallDelta(5, ":1}"),
        chat.CallEnded(5),
    ]

    assert said(*events) == [
        {"content": "First"},
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "read", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"content": "then"},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "list", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": '{"x"'}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": ":1}"}}]},
    ]


def test_gemini_s_mark_comes_with_the_call() -> None:
    (delta,) = said(begun(seal=chat.Seal(family="google", data="QUJD")))

    assert delta["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "QUJD"}}


def test_reasoning_is_told_and_its_seal_repeats_it() -> None:
    assert said(
        chat.ReasoningDelta("H"),
        chat.ReasoningDelta("m."),
        chat.ReasoningEnded(seal=OWN),
        chat.ReasoningEnded(seal=OWN, redacted=True),
        chat.ReasoningDelta("So."),
        chat.ReasoningEnded(),
    ) == [
        {"reasoning_content": "H"},
        {"reasoning_content": "m."},
        {
            "reasoning_details": [
                {"type": "reasoning.text", "text": "Hm.", "signature": "QUJD", "format": "anthropic", "index": 0}
            ]
        },
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "QUJD", "format": "anthropic", "index": 1}]},
        {"reasoning_content": "So."},
    ]


def test_what_a_model_made_is_shown_in_markdown() -> None:
    picture = f"![image](data:image/png;base64,{PNG})"

    assert said(chat.PartAdded(image()), chat.PartAdded(image())) == [{"content": picture}, {"content": f"\n\n{picture}"}]


@pytest.mark.parametrize("freeform", [True, False])
def test_edge_40_a_tool_of_bare_text_is_called_with_bare_text(freeform: bool) -> None:
    pieces = ["*** ", "Begin"] if freeform else ['{"input":"*** ', 'Begin"}']
    asked = attrs.evolve(ASKED, freeform=frozenset({"read"}))
    found = said(begun(freeform=freeform), *(chat.CallDelta(0, each) for each in pieces), chat.CallEnded(0), asked=asked)

    assert found[0] == {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "read", "input": ""}}]}
    assert "".join(each["tool_calls"][0]["custom"]["input"] for each in found) == "*** Begin"


def test_a_client_of_old_gets_one_call_as_of_old() -> None:
    events: list[chat.Event] = [
        begun(0),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        begun(1, "b"),
        chat.CallDelta(1, "{}"),
        chat.CallEnded(1),
    ]
    chunks = shown(told([BEGIN, *events, ended("tools")], attrs.evolve(ASKED, legacy=True)))

    assert [each["choices"][0]["delta"] for each in chunks[1:-1]] == [
        {"function_call": {"name": "read", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {},
    ]
    assert chunks[-2]["choices"][0]["finish_reason"] == "function_call"


@pytest.mark.parametrize(("told_before", "refusals"), [([], ["It is dangerous."]), ([chat.RefusalDelta("No.")], ["No."])])
def test_edge_88_a_refusal_is_never_an_empty_success(told_before: list[chat.Event], refusals: list[str]) -> None:
    ending = chat.Ending(reason="refusal", explanation="It is dangerous.")
    chunks = shown(told([BEGIN, *told_before, chat.Ended(ending)]))

    assert [each["choices"][0]["delta"]["refusal"] for each in chunks[1:-2]] == refusals
    assert chunks[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_an_error_ends_the_stream_without_done() -> None:
    error = chat.ProviderError(status=529, kind="overloaded", message="Overloaded", type="overloaded_error")
    chunks = shown(told([BEGIN, chat.TextDelta("Hi"), chat.Failed(error)]))

    assert chunks[-1] == {
        "error": {
            "message": "Overloaded",
            "type": "service_unavailable_error",
            "param": None,
            "code": "server_is_overloaded",
        }
    }
    assert shown(told([chat.Failed(error)])) == chunks[-1:]


def test_edge_21_a_comment_keeps_the_connection_alive_at_any_time() -> None:
    assert ChatStreamWriter(ASKED).keep_alive() == b": keep-alive\n\n"


def test_edge_23_what_stands_in_strings_arrives_byte_for_byte() -> None:
    arguments = '{"cmd": "echo \\"a\\\\n\\" > \\u00e9 \u2028 data: [DONE]\\n\\n"}'
    chunks = told([BEGIN, begun(), *(chat.CallDelta(0, each) for each in arguments), chat.CallEnded(0), ended("tools")])
    events = heard(*chunks)

    assert "".join(each.json for each in events if isinstance(each, chat.CallDelta)) == arguments


@given(good_streams(), st.booleans())
def test_the_vendors_own_types_take_what_is_written(events: list[chat.Event], usage: bool) -> None:
    if any(isinstance(each, chat.CallStarted) and each.freeform for each in events):
        return  # the SDK's types of streams have forgotten bare text, which those of whole answers have
    for each in shown(told(guarded(events), attrs.evolve(ASKED, usage=usage))):
        if isinstance(each, dict):
            ChatCompletionChunk.model_validate_json(json.dumps(each), strict=True)


@given(ANY_EVENTS)
def test_anything_that_has_passed_the_guard_can_be_written(events: list[chat.Event]) -> None:
    try:
        passed = guarded(events)
    except chat.BrokenStream:
        return

    assert all(each.endswith(b"\n\n") or not each for each in told(passed))


Told: TypeAlias = st.SearchStrategy[list[chat.Event]]

SEALED: Told = st.lists(TEXTS, min_size=1, max_size=2).map(
    lambda told: [*map(chat.ReasoningDelta, told), chat.ReasoningEnded(seal=OWN)]
)
PLAIN_THOUGHT: Told = TEXTS.map(lambda text: [chat.ReasoningDelta(text), chat.ReasoningEnded(), chat.TextDelta("So.")])
HIDDEN: Told = st.just([chat.ReasoningEnded(seal=OWN, redacted=True)])
SAID: Told = st.lists(TEXTS, min_size=1, max_size=3).map(lambda told: [*map(chat.TextDelta, told)])
USED = chat.UsageSeen(Usage(tokens_in=1, cache_read=2, cache_write=3, tokens_out=4, reasoning=1))


@given(st.lists(SEALED | PLAIN_THOUGHT | HIDDEN | SAID, max_size=4), st.lists(OBJECTS, max_size=3))
def test_what_the_format_can_say_is_read_back_event_for_event(told_parts: list[list[chat.Event]], arguments: list[str]) -> None:
    calls: list[list[chat.Event]] = [
        [begun(key, f"call_{key}"), chat.CallDelta(key, each), chat.CallEnded(key)] for key, each in enumerate(arguments)
    ]
    events: list[chat.Event] = [
        chat.Started(id="chatcmpl-1", model="gpt-x"),
        *chain(*told_parts, *calls),
        USED,
        ended("tools" if calls else "end"),
    ]

    again = heard(*told(guarded(events), WITH_USAGE))
    ends = (chat.CallEnded, chat.UsageSeen)
    assert [each for each in again if not isinstance(each, ends)] == [each for each in events if not isinstance(each, ends)]
    assert USED in again
    assert sorted(each.key for each in again if isinstance(each, chat.CallEnded)) == list(range(len(calls)))
