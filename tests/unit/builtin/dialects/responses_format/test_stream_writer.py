"""Streams for clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from openai import omit
from openai._models import construct_type_unchecked
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.answer_writer import write_answer
from korproxy.builtin.dialects.responses_format.stream_writer import ResponsesStreamWriter
from tests.fakes.passing import guarded
from tests.fakes.response_checks import responses_faults
from tests.fakes.streams import ANY_EVENTS, good_streams
from tests.unit.builtin.dialects.responses_format.said import ASKED, STEM, outline, output, shown, told, whole

ANTHROPIC = chat.Seal(family="anthropic", data="EqM=")
USAGE = Usage(tokens_in=5, cache_read=2, cache_write=1, tokens_out=4, reasoning=3)


def begun(key: int, id: str = "", **more: Any) -> chat.CallStarted:  # noqa: A002
    return attrs.evolve(chat.CallStarted(key=key, id=id or f"call_{key}", name="read"), **more)


def test_a_stream_is_written() -> None:
    stream = told([*whole(chat.TextDelta("Hi"))[:-1], chat.UsageSeen(USAGE), chat.Ended(chat.Ending(reason="end"))])
    item = {"type": "message", "id": f"msg_{STEM}_0", "role": "assistant"}
    text = {"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi"}
    about = {"item_id": item["id"], "output_index": 0, "content_index": 0}

    assert [{key: value for key, value in each.items() if key != "response"} for each in shown(stream)] == [
        {"type": "response.created", "sequence_number": 0},
        {"type": "response.in_progress", "sequence_number": 1},
        {
            "type": "response.output_item.added",
            "sequence_number": 2,
            "output_index": 0,
            "item": {**item, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", "sequence_number": 3, **about, "part": {**text, "text": ""}},
        {"type": "response.output_text.delta", "sequence_number": 4, **about, "delta": "Hi", "logprobs": []},
        {"type": "response.output_text.done", "sequence_number": 5, **about, "text": "Hi", "logprobs": []},
        {"type": "response.content_part.done", "sequence_number": 6, **about, "part": text},
        {
            "type": "response.output_item.done",
            "sequence_number": 7,
            "output_index": 0,
            "item": {**item, "status": "completed", "content": [text]},
        },
        {"type": "response.completed", "sequence_number": 8},
    ]
    assert stream.startswith(b"event: response.created\ndata: {")
    assert shown(stream)[-1]["response"]["usage"] == {
        "input_tokens": 8,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 12,
    }


def test_reasoning_is_an_item_with_a_summary_and_a_seal_at_its_end() -> None:
    thought: list[chat.Event] = [chat.ReasoningDelta("H"), chat.ReasoningDelta("m"), chat.ReasoningEnded(seal=ANTHROPIC)]
    stream = told(whole(*thought, chat.TextDelta("Hi")))

    assert outline(stream) == [
        "+0 reasoning",
        "0 reasoning_summary_text H",
        "0 reasoning_summary_text m",
        "-0",
        "+1 message",
        "1 output_text Hi",
        "-1",
        "completed",
    ]
    assert output(stream)[0] == {
        "type": "reasoning",
        "id": f"rs_{STEM}_0",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "korproxy:anthropic:EqM=",
    }


def test_reasoning_whose_text_is_hidden_is_only_its_seal() -> None:
    hidden: list[chat.Event] = [
        chat.ReasoningEnded(seal=ANTHROPIC),
        chat.ReasoningEnded(seal=ANTHROPIC, redacted=True),
        chat.ReasoningEnded(),
    ]
    stream = told(whole(*hidden))

    assert outline(stream) == ["+0 reasoning", "-0", "+1 reasoning", "-1", "completed"]
    assert [(each["summary"], each["encrypted_content"]) for each in output(stream)] == [
        ([], "korproxy:anthropic:EqM="),
        ([], "korproxy:redacted:anthropic:EqM="),
    ]


def test_reasoning_that_does_not_end_is_closed_by_what_follows() -> None:
    assert outline(told(whole(chat.ReasoningDelta("Hm"), chat.TextDelta("Hi"))))[:3] == [
        "+0 reasoning",
        "0 reasoning_summary_text Hm",
        "-0",
    ]


def test_each_text_is_a_message_of_its_own() -> None:
    stream = told(whole(chat.TextDelta("a"), chat.TextDelta("b"), chat.TextEnded(), chat.TextDelta("c")))

    assert [each["content"][0]["text"] for each in output(stream)] == ["ab", "c"]


def test_a_call_is_streamed_as_it_comes() -> None:
    stream = told(whole(begun(0), chat.CallDelta(0, '{"a":'), chat.CallDelta(0, "1}"), chat.CallEnded(0)))

    assert outline(stream) == [
        "+0 function_call",
        '0 function_call_arguments {"a":',
        "0 function_call_arguments 1}",
        "-0",
        "completed",
    ]
    assert output(stream) == [
        {
            "type": "function_call",
            "id": f"fc_{STEM}_0",
            "call_id": "call_0",
            "name": "read",
            "arguments": '{"a":1}',
            "status": "completed",
        }
    ]


def test_edge_6_calls_that_interleave_wait_for_each_other() -> None:
    events: Sequence[chat.Event] = [
        begun(0),
        begun(1),
        chat.CallDelta(1, '{"y":2}'),
        chat.CallDelta(0, '{"x":'),
        chat.TextDelta("later"),
        chat.CallEnded(1),
        chat.CallDelta(0, "1}"),
        chat.CallEnded(0),
        chat.TextDelta(" on"),
    ]

    assert outline(told(whole(*events))) == [
        "+0 function_call",
        '0 function_call_arguments {"x":',
        "0 function_call_arguments 1}",
        "-0",
        "+1 function_call",
        '1 function_call_arguments {"y":2}',
        "-1",
        "+2 message",
        "2 output_text later",
        "2 output_text  on",
        "-2",
        "completed",
    ]


def test_a_call_that_waited_goes_on_once_it_is_its_turn() -> None:
    events: Sequence[chat.Event] = [
        begun(0),
        begun(1),
        chat.CallDelta(1, "{"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        chat.CallDelta(1, "}"),
        chat.CallEnded(1),
    ]

    assert outline(told(whole(*events)))[-5:] == [
        "+1 function_call",
        "1 function_call_arguments {",
        "1 function_call_arguments }",
        "-1",
        "completed",
    ]


def test_edge_41_a_tool_in_a_namespace_is_called_by_its_name_in_there() -> None:
    asked = attrs.evolve(ASKED, namespaces={"files__read": ("files", "read")})
    events = whole(begun(0, name="files__read"), chat.CallDelta(0, "{}"), chat.CallEnded(0))
    (item,) = output(told(events, asked))

    assert (item["namespace"], item["name"]) == ("files", "read")


def test_edge_40_a_tool_that_is_called_with_text_gets_its_text() -> None:
    asked = attrs.evolve(ASKED, freeform=frozenset({"patch"}))
    pieces = ['{"inp', 'ut":"*** Begin\\n"}']
    events = whole(begun(0, name="patch"), *(chat.CallDelta(0, each) for each in pieces), chat.CallEnded(0))
    stream = told(events, asked)

    assert outline(stream) == ["+0 custom_tool_call", "0 custom_tool_call_input *** Begin\n", "-0", "completed"]
    assert output(stream) == [
        {
            "type": "custom_tool_call",
            "id": f"ctc_{STEM}_0",
            "call_id": "call_0",
            "name": "patch",
            "input": "*** Begin\n",
        }
    ]


def test_edge_40_text_that_a_provider_calls_with_is_streamed() -> None:
    events = whole(begun(0, freeform=True), chat.CallDelta(0, "a"), chat.CallDelta(0, "b"), chat.CallEnded(0))

    assert outline(told(events)) == [
        "+0 custom_tool_call",
        "0 custom_tool_call_input a",
        "0 custom_tool_call_input b",
        "-0",
        "completed",
    ]


def test_pictures_and_files_are_messages_in_markdown() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO"))
    stream = told(whole(chat.TextDelta("See:"), chat.PartAdded(image), chat.TextDelta("Nice.")))

    assert [each["content"][0]["text"] for each in output(stream)] == [
        "See:",
        "![image](data:image/png;base64,iVBO)",
        "Nice.",
    ]


def test_a_file_without_words_and_address_says_nothing() -> None:
    assert output(told(whole(chat.PartAdded(chat.Document(text=""))))) == []


def test_an_answer_without_anything_is_complete_all_the_same() -> None:
    stream = told(whole())

    assert ([each["type"] for each in shown(stream)][2:], output(stream)) == (["response.completed"], [])


@pytest.mark.parametrize(("reason", "word"), [("length", "max_output_tokens"), ("context", "max_output_tokens")])
def test_an_answer_that_was_cut_off_is_incomplete_and_so_is_its_last_message(reason: chat.Reason, word: str) -> None:
    stream = told([chat.Started(), chat.TextDelta("a"), chat.TextEnded(), chat.Ended(chat.Ending(reason=reason))])
    last = shown(stream)[-1]

    assert (last["type"], last["response"]["incomplete_details"]) == ("response.incomplete", {"reason": word})
    assert [each["status"] for each in last["response"]["output"]] == ["incomplete"]


def test_a_call_that_was_cut_off_is_incomplete() -> None:
    ending = chat.Ended(chat.Ending(reason="length"))
    stream = told([chat.Started(), begun(0), chat.CallDelta(0, '{"a":'), chat.CallEnded(0), ending])

    assert [(each["status"], each["arguments"]) for each in output(stream)] == [("incomplete", '{"a":')]


def test_a_refusal_in_words_does_not_complete_an_answer_in_which_a_call_was_cut_off() -> None:
    torn: list[chat.Event] = [begun(0), chat.CallDelta(0, '{"a":'), chat.CallEnded(0)]
    stream = told([chat.Started(), chat.RefusalDelta("No."), *torn, chat.Ended(chat.Ending(reason="refusal"))])
    last = shown(stream)[-1]

    assert (last["type"], last["response"]["incomplete_details"]) == ("response.incomplete", {"reason": "content_filter"})
    assert [each["status"] for each in last["response"]["output"]] == ["completed", "incomplete"]


def test_edge_89_a_filter_makes_it_incomplete_and_says_why() -> None:
    ending = chat.Ending(reason="refusal", explanation="Blocked.", category="SAFETY")
    last = shown(told([chat.Started(), chat.TextDelta("a"), chat.Ended(ending)]))[-1]

    assert (last["type"], last["response"]["incomplete_details"]) == ("response.incomplete", {"reason": "content_filter"})
    assert [each["content"][0] for each in last["response"]["output"]][-1] == {"type": "refusal", "refusal": "Blocked."}


def test_edge_88_a_model_that_refuses_in_words_has_completed_its_answer() -> None:
    stream = told(
        [chat.Started(), chat.RefusalDelta("I "), chat.RefusalDelta("won't."), chat.Ended(chat.Ending(reason="refusal"))]
    )

    assert outline(stream) == ["+0 message", "0 refusal I ", "0 refusal won't.", "-0", "completed"]
    assert output(stream)[0]["content"] == [{"type": "refusal", "refusal": "I won't."}]


def test_an_error_is_told_twice_as_openai_does() -> None:
    error = chat.ProviderError(status=429, kind="rate_limit", message="Too fast.", retry_after=1.5)
    stream = told([chat.Started(), chat.TextDelta("a"), chat.UsageSeen(USAGE), chat.Failed(error)])
    said, failed = shown(stream)[-2:]
    message = "Too fast. Please try again in 1.5s."

    assert (said["type"], said["code"], said["message"], said["param"]) == ("error", "rate_limit_exceeded", message, None)
    assert said["error"] == {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": message, "param": None}
    assert failed["response"]["error"] == {"code": "rate_limit_exceeded", "message": message}
    assert (failed["response"]["id"], failed["response"]["output"]) == (f"resp_{STEM}", [])
    assert failed["response"]["usage"]["output_tokens"] == 4


def test_edge_24_an_error_in_front_of_everything_has_a_response_to_fail() -> None:
    error = chat.ProviderError(status=400, kind="invalid", message="No.")
    stream = told([chat.Failed(error)])

    assert [each["type"] for each in shown(stream)] == [
        "response.created",
        "response.in_progress",
        "error",
        "response.failed",
    ]
    assert shown(stream)[-1]["response"]["error"] == {"code": "invalid_prompt", "message": "No."}
    assert shown(stream)[-1]["response"]["usage"] is None


def test_calls_with_the_same_id_get_ids_of_their_own() -> None:
    calls = [each for key in (0, 1) for each in (begun(key, "call_x"), chat.CallDelta(key, "{}"), chat.CallEnded(key))]

    assert [each["call_id"] for each in output(told(whole(*calls)))] == ["call_x", "call_x_2"]


def test_a_sign_of_life_is_a_comment() -> None:
    assert ResponsesStreamWriter(ASKED).keep_alive() == b": keep-alive\n\n"


@given(good_streams())
def test_the_end_of_a_stream_is_the_whole_answer(events: list[chat.Event]) -> None:
    passed = guarded(events)
    answer = chat.answer_of(passed)
    if answer is None:
        return
    last = shown(told(passed))[-1]

    assert last["response"] == json.loads(write_answer(chat.settle(answer), ASKED))


@given(ANY_EVENTS)
def test_whatever_passes_the_guard_is_written_as_a_good_stream(events: list[chat.Event]) -> None:
    writer = ResponsesStreamWriter(ASKED)
    stream = b"".join(writer.write(each) for each in guarded(events))

    assert responses_faults(stream) == []


# Every event, each by its type and with all members that the SDK's types demand.
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@given(good_streams())
def test_the_sdk_puts_the_same_output_together(events: list[chat.Event]) -> None:
    """Without ``output`` in the last event, the SDK has only the items that were done to go by."""
    said = shown(told(guarded(events)))
    expected = said[-1]["response"]
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    for each in said:
        EVENT.validate_python(each)
        if each["type"] == "response.completed":
            each["response"] = {**expected, "output": None}
        state.handle_event(construct_type_unchecked(type_=cast("Any", ResponseStreamEvent), value=each))

    found = state._completed_response  # what its ``get_final_response`` returns
    assert (found is not None) == (expected["status"] == "completed")
    if found is not None:
        assert bare(found.to_dict(exclude_unset=True)["output"]) == expected["output"]


def bare(value: Any) -> Any:
    """Return *value* without what the SDK adds to it."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: bare(each) for key, each in value.items() if key not in {"parsed", "parsed_arguments"}}


def test_what_a_text_cites_is_an_annotation_of_it() -> None:
    page = chat.Citation(url="https://a.example/", title="A", start=1, end=2)
    bare = chat.Citation(url="https://b.example/")
    stream = told(whole(chat.TextDelta("Hi"), chat.Cited(page), chat.Cited(bare)))

    first = {"type": "url_citation", "start_index": 1, "end_index": 2, "title": "A", "url": "https://a.example/"}
    second = {"type": "url_citation", "start_index": 0, "end_index": 2, "title": "", "url": "https://b.example/"}
    added = [each for each in shown(stream) if each["type"] == "response.output_text.annotation.added"]
    assert [(each["annotation_index"], each["content_index"], each["annotation"]) for each in added] == [
        (0, 0, first),
        (1, 0, second),
    ]
    assert output(stream)[0]["content"][0]["annotations"] == [first, second]


def test_what_waits_for_a_call_cites_behind_it() -> None:
    page = chat.Citation(url="https://a.example/")
    call: list[chat.Event] = [begun(0), chat.TextDelta("Hi"), chat.Cited(page), chat.CallDelta(0, "{}"), chat.CallEnded(0)]

    assert output(told(whole(*call)))[1]["content"][0]["annotations"][0]["url"] == "https://a.example/"
