"""Streams of providers."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.responses_format.answer_reader import read_answer
from korproxy.builtin.dialects.responses_format.stream_reader import ResponsesStreamReader
from tests.fakes.json_bodies import groups
from tests.unit.builtin.dialects.responses_format.said import (
    call,
    call_item,
    created,
    custom,
    ended,
    event,
    heard,
    message,
    reasoning,
    reasoning_item,
    refusal,
    response,
    text_item,
)

BEGUN = chat.Started(id="resp_1", model="m")
END = chat.Ended(chat.Ending(reason="end"))
SEAL = chat.Seal(family="openai", data="gAAA")
USAGE = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 6},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 16},
    "total_tokens": 160,
}
SPENT = chat.UsageSeen(Usage(tokens_in=50, cache_read=64, cache_write=6, tokens_out=40, reasoning=16))


def test_a_stream_is_read() -> None:
    stream = [
        created(),
        reasoning_item(0, ("H", "m"), encrypted_content="gAAA"),
        text_item(1, "Rea", "ding."),
        call_item(2, '{"path":', '"a"}'),
        ended(usage=USAGE),
    ]

    assert heard(*stream) == [
        BEGUN,
        chat.ReasoningDelta("H"),
        chat.ReasoningDelta("m"),
        chat.ReasoningEnded(seal=SEAL),
        chat.TextDelta("Rea"),
        chat.TextDelta("ding."),
        chat.CallStarted(key=0, id="call_1", name="read"),
        chat.CallDelta(0, '{"path":'),
        chat.CallDelta(0, '"a"}'),
        chat.CallEnded(0),
        SPENT,
        END,
    ]


@given(st.data())
def test_the_events_do_not_depend_on_how_they_are_grouped(data: st.DataObject) -> None:
    stream = (
        created() + reasoning_item(0, ("é",), encrypted_content="x") + text_item(1, "🦄", "b") + call_item(2, "{}") + ended()
    )
    pieces = [each + b"\n\n" for each in stream.split(b"\n\n") if each]

    assert heard(*data.draw(groups(pieces))) == heard(stream)


def test_edge_18_a_summary_of_three_parts_is_one_reasoning_with_the_seal_of_the_item_that_is_done() -> None:
    found = heard(created(), reasoning_item(0, ("a", "b"), ("c",), ("d",), encrypted_content="gAAA"))

    assert found[1:] == [*map(chat.ReasoningDelta, ("a", "b", "\n\nc", "\n\nd")), chat.ReasoningEnded(seal=SEAL)]


def test_reasoning_whose_text_is_hidden_is_its_seal() -> None:
    assert heard(reasoning_item(0, encrypted_content="gAAA")) == [chat.ReasoningEnded(seal=SEAL)]
    assert heard(reasoning_item(0)) == []


def test_the_text_itself_of_reasoning_is_told_where_there_is_no_summary() -> None:
    about = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    item = reasoning(content=[{"type": "reasoning_text", "text": "Hmm"}])
    pieces = [event("reasoning_text.delta", **about, delta=each) for each in ("H", "m")]
    whole = event("reasoning_text.done", **about, text="Hmm")
    summary = event("reasoning_summary_text.delta", item_id="rs_1", output_index=0, summary_index=0, delta="In short")

    assert heard(*pieces, whole, summary, event("output_item.done", output_index=0, item=item)) == [
        chat.ReasoningDelta("H"),
        chat.ReasoningDelta("m"),
        chat.ReasoningDelta("m"),
        chat.ReasoningEnded(),
    ]


def test_edge_7_calls_count_from_0_whatever_their_items_count() -> None:
    found = heard(text_item(0, "a"), call_item(1, "{}"), call_item(3, "{}", id="fc_2", call_id="call_2"), ended())

    assert [(each.key, each.id) for each in found if isinstance(each, chat.CallStarted)] == [(0, "call_1"), (1, "call_2")]


def test_calls_that_interleave_are_told_as_they_come() -> None:
    begun = [event("output_item.added", output_index=at, item=call("", id=f"fc_{at}", call_id=f"call_{at}")) for at in (0, 1)]
    more = [
        event("function_call_arguments.delta", item_id=f"fc_{at}", output_index=at, delta=each)
        for at, each in ((0, '{"x":'), (1, '{"y":'), (0, "1}"), (1, "2}"))
    ]
    found = heard(*begun, *more)

    assert [(each.key, each.json) for each in found if isinstance(each, chat.CallDelta)] == [
        (0, '{"x":'),
        (1, '{"y":'),
        (0, "1}"),
        (1, "2}"),
    ]


def test_edge_1_arguments_that_only_the_end_has_are_told() -> None:
    begun = event("output_item.added", output_index=0, item=call(""))
    some = event("function_call_arguments.delta", item_id="fc_1", output_index=0, delta='{"a"')
    whole = event("function_call_arguments.done", item_id="fc_1", output_index=0, arguments='{"a":1}')
    done = event("output_item.done", output_index=0, item=call('{"a":1}'))
    started = chat.CallStarted(key=0, id="call_1", name="read")

    assert heard(begun, whole, done) == [started, chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]
    assert heard(begun, done) == [started, chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]
    assert heard(done) == [started, chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]
    assert heard(begun, some, done) == [started, chat.CallDelta(0, '{"a"'), chat.CallDelta(0, ":1}"), chat.CallEnded(0)]


def test_arguments_that_the_end_writes_in_another_way_are_not_told_twice() -> None:
    begun = event("output_item.added", output_index=0, item=call(""))
    some = event("function_call_arguments.delta", item_id="fc_1", output_index=0, delta='{"a":1}')
    done = event("output_item.done", output_index=0, item=call('{"a": 1}'))

    assert heard(begun, some, done)[1:] == [chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]


def test_arguments_that_only_the_beginning_has_are_told_at_the_end() -> None:
    begun = event("output_item.added", output_index=0, item=call('{"a":1}'))

    assert heard(created(), begun, ended())[2:4] == [chat.CallDelta(0, '{"a":1}'), chat.CallEnded(0)]


def test_edge_11_a_call_without_arguments_is_told_so() -> None:
    assert heard(call_item(0)) == [chat.CallStarted(key=0, id="call_1", name="read"), chat.CallEnded(0)]


def test_edge_12_a_call_without_an_id_gets_the_same_one_every_time() -> None:
    stream = [created(), *(call_item(at, "{}", id="", call_id="") for at in (0, 1))]
    ids = [each.id for each in heard(*stream) if isinstance(each, chat.CallStarted)]

    assert ids == ["call_resp_1_0", "call_resp_1_1"]
    assert heard(*stream) == heard(*stream)


def test_edge_13_a_call_begins_once_its_name_is_known() -> None:
    begun = event("output_item.added", output_index=0, item=call("", name=""))
    some = event("function_call_arguments.delta", item_id="fc_1", output_index=0, delta="{")
    done = event("output_item.done", output_index=0, item=call("{}"))

    assert heard(begun, some) == []
    assert heard(begun, some, done) == [
        chat.CallStarted(key=0, id="call_1", name="read"),
        chat.CallDelta(0, "{"),
        chat.CallDelta(0, "}"),
        chat.CallEnded(0),
    ]


def test_edge_41_a_namespace_stands_in_front_of_the_name() -> None:
    found = heard(call_item(0, "{}", namespace="files"))

    assert found[0] == chat.CallStarted(key=0, id="call_1", name="files__read")


def test_a_tool_that_is_called_with_text() -> None:
    begun = event("output_item.added", output_index=0, item=custom(""))
    some = [event("custom_tool_call_input.delta", item_id="ctc_1", output_index=0, delta=each) for each in "ab"]
    whole = event("custom_tool_call_input.done", item_id="ctc_1", output_index=0, input="abc")
    done = event("output_item.done", output_index=0, item=custom("abc"))

    assert heard(begun, *some, whole, done) == [
        chat.CallStarted(key=0, id="call_2", name="patch", freeform=True),
        *(chat.CallDelta(0, each) for each in "abc"),
        chat.CallEnded(0),
    ]


def test_texts_in_messages_of_their_own_stay_apart() -> None:
    found = heard(text_item(0, "a"), text_item(1, "b", id="msg_2"), text_item(2, id="msg_3"))

    assert found == [chat.TextDelta("a"), chat.TextEnded(), chat.TextDelta("b")]


def test_texts_around_something_else_need_no_border() -> None:
    assert chat.TextEnded() not in heard(text_item(0, "a"), call_item(1, "{}"), text_item(2, "b", id="msg_2"))


def test_two_texts_in_one_message_stay_apart_too() -> None:
    done = event("output_item.done", output_index=0, item=message("a", "b"))

    assert heard(done) == [chat.TextDelta("a"), chat.TextEnded(), chat.TextDelta("b")]


def test_a_refusal_in_words_is_the_reason() -> None:
    pieces = [event("refusal.delta", item_id="msg_1", output_index=0, content_index=0, delta=each) for each in ("I ", "won't.")]
    done = event("output_item.done", output_index=0, item=refusal("I won't."))

    assert heard(*pieces, done, ended())[:2] == [chat.RefusalDelta("I "), chat.RefusalDelta("won't.")]
    assert heard(*pieces, done, ended())[-1] == chat.Ended(chat.Ending(reason="refusal"))


def test_edge_17_without_output_at_the_end_the_items_that_are_done_count() -> None:
    done = event("output_item.done", output_index=0, item=message("Hi"))

    assert heard(created(), done, ended(usage=USAGE)) == [BEGUN, chat.TextDelta("Hi"), SPENT, END]


def test_edge_17_without_anything_before_the_output_at_the_end_counts() -> None:
    items = [
        reasoning("a", "b", encrypted_content="gAAA"),
        message("Hi"),
        call("{}"),
        {"type": "web_search_call", "id": "ws_1"},
    ]

    assert heard(created(), ended("completed", *items)) == [
        BEGUN,
        chat.ReasoningDelta("a"),
        chat.ReasoningDelta("\n\nb"),
        chat.ReasoningEnded(seal=SEAL),
        chat.TextDelta("Hi"),
        chat.CallStarted(key=0, id="call_1", name="read"),
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        END,
    ]


def test_what_was_told_is_not_told_again_at_the_end() -> None:
    items = [reasoning("a", encrypted_content="x"), message("Hi"), call("{}")]
    stream = [created(), reasoning_item(0, ("a",)), text_item(1, "Hi"), call_item(2, "{}")]

    assert heard(*stream, ended("completed", *items)) == heard(*stream, ended())


def test_items_that_are_not_done_are_finished_with_what_the_end_says_of_them() -> None:
    begun = event("output_item.added", output_index=0, item=call(""))

    assert heard(begun, ended("completed", call('{"a":1}')))[:4] == [
        chat.CallStarted(key=0, id="call_1", name="read"),
        BEGUN,
        chat.CallDelta(0, '{"a":1}'),
        chat.CallEnded(0),
    ]


def test_edge_73_an_incomplete_answer_tells_what_it_cost() -> None:
    end = ended("incomplete", incomplete_details={"reason": "max_output_tokens"}, usage=USAGE)

    assert heard(created(), text_item(0, "Hi"), end)[-2:] == [SPENT, chat.Ended(chat.Ending(reason="length"))]


def test_edge_73_a_failed_answer_tells_what_it_cost() -> None:
    end = ended("failed", usage=USAGE).replace(b'"error": null', b'"error": {"code": "server_error", "message": "Oh."}')
    error = chat.ProviderError(status=500, kind="server", message="Oh.", code="server_error")

    assert heard(created(), end, ended()) == [BEGUN, SPENT, chat.Failed(error)]


def test_edge_77_an_error_beside_the_response_is_read() -> None:
    end = event("failed", response=response("failed"), error={"code": "rate_limit_exceeded", "message": "Slow down."})
    error = chat.ProviderError(status=429, kind="rate_limit", message="Slow down.", code="rate_limit_exceeded")

    assert heard(end) == [chat.Failed(error)]


@pytest.mark.parametrize(
    "said",
    [
        {"code": "server_is_overloaded", "message": "Busy.", "param": None},
        {"error": {"type": "server_error", "code": "server_is_overloaded", "message": "Busy.", "param": None}},
    ],
)
def test_an_error_event_is_the_end_flat_or_not(said: dict[str, Any]) -> None:
    (failed,) = heard(event("error", **said), text_item(0, "late"))

    assert isinstance(failed, chat.Failed)
    assert (failed.error.kind, failed.error.message, failed.error.code) == ("overloaded", "Busy.", "server_is_overloaded")


def test_an_error_without_any_type_is_one_too() -> None:
    (failed,) = heard(b'data: {"error":{"message":"boom"}}\n\n')

    assert failed == chat.Failed(chat.ProviderError(status=502, kind="server", message="boom"))


def test_edge_14_nothing_counts_behind_the_end() -> None:
    assert heard(created(), ended() + b"data: [DONE]\n\n" + text_item(0, "late"), text_item(1, "later")) == [BEGUN, END]


def test_a_done_line_says_nothing() -> None:
    assert heard(created(), b"data: [DONE]\n\n", text_item(0, "a"), ended()) == [BEGUN, chat.TextDelta("a"), END]


def test_edge_15_without_an_end_there_is_none() -> None:
    assert heard(created(), text_item(0, "a")) == [BEGUN, chat.TextDelta("a")]


def test_edge_24_a_stream_of_nothing_says_nothing() -> None:
    assert heard(b"", b": comment\n\n", b"data: \n\n") == []


def test_edge_25_items_that_begin_twice_begin_once() -> None:
    begun = event("output_item.added", output_index=0, item=call(""))

    assert heard(created(), created(), begun, begun) == [BEGUN, chat.CallStarted(key=0, id="call_1", name="read")]


def test_edge_9_another_item_at_the_same_place_is_another_item() -> None:
    begun = [event("output_item.added", output_index=0, item=call("", id=f"fc_{n}", call_id=f"call_{n}")) for n in (0, 1)]
    more = event("function_call_arguments.delta", item_id="", output_index=0, delta="{}")

    assert heard(begun[0], more, begun[1], more)[1:] == [
        chat.CallDelta(0, "{}"),
        chat.CallEnded(0),
        chat.CallStarted(key=1, id="call_1", name="read"),
        chat.CallDelta(1, "{}"),
    ]


def test_items_may_be_known_by_their_id_alone() -> None:
    begun = event("output_item.added", output_index=4, item=call(""))
    more = event("function_call_arguments.delta", item_id="fc_1", delta="{}")

    assert heard(begun, more)[-1] == chat.CallDelta(0, "{}")


def test_tools_of_the_provider_and_compaction_say_nothing() -> None:
    items = [
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "image_generation_call", "id": "ig_1", "result": "iVBO"},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "x"},
        {"type": ["odd"]},
    ]
    stream = [
        event(f"output_item.{what}", output_index=at, item=each) for at, each in enumerate(items) for what in ("added", "done")
    ]

    assert heard(created(), *stream, event("web_search_call.searching", output_index=0), event("new.thing"), ended()) == [
        BEGUN,
        END,
    ]


def test_the_name_of_an_event_stands_in_for_its_type() -> None:
    assert heard(b'event: response.output_text.delta\ndata: {"delta":"Hi","output_index":0}\n\n') == [chat.TextDelta("Hi")]


def test_edge_22_characters_of_several_bytes_come_whole() -> None:
    assert heard(text_item(0, "naïve 🦄 \u2028 x")) == [chat.TextDelta("naïve 🦄 \u2028 x")]


@pytest.mark.parametrize(
    "wire",
    [
        b"data: nonsense\n\n",
        b"data: []\n\n",
        b'data: {"choices":[]}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
        event("output_item.done", output_index=0, item=call(name="")),
        event("function_call_arguments.delta", output_index=0, delta="{") + ended(),
    ],
)
def test_what_is_no_stream_of_this_format_is_unreadable(wire: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        heard(wire)


ITEMS = st.one_of(
    st.builds(message, st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5)),
    st.builds(refusal, st.text(min_size=1, max_size=5)),
    st.builds(
        lambda parts, seal: reasoning(*parts, **seal),
        st.lists(st.text(max_size=5), max_size=3),
        st.sampled_from([{}, {"encrypted_content": "gA"}]),
    ),
    st.builds(call, st.sampled_from(["{}", '{"a":1}'])),
    st.builds(custom, st.text(max_size=5)),
    st.just({"type": "web_search_call", "id": "ws_1"}),
)


@given(st.lists(ITEMS, max_size=4))
def test_a_stream_of_whole_items_and_the_whole_answer_say_the_same(items: list[dict[str, Any]]) -> None:
    assume(sum("refusal" in str(each) for each in items) < 2)  # a stream knows no border between two of them
    done = [event("output_item.done", output_index=at, item=each) for at, each in enumerate(items)]
    whole = chat.settle(read_answer(json.dumps(response("completed", *items)).encode()))

    for stream in ([created(), *done, ended()], [created(), ended("completed", *items)]):
        guard = chat.StreamGuard()
        answer = chat.answer_of(each for said in heard(*stream) for each in guard.check(said))
        assert answer is not None
        assert chat.settle(answer) == whole


KEYS = [
    "type",
    "output_index",
    "content_index",
    "summary_index",
    "item",
    "item_id",
    "delta",
    "text",
    "response",
    "error",
    "id",
    "name",
]
KINDS = [
    "created",
    "completed",
    "failed",
    "output_item.added",
    "output_item.done",
    "output_text.delta",
    "function_call_arguments.delta",
    "reasoning_summary_text.done",
]
ODD = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", "message", "reasoning", "function_call", "1"]),
    lambda each: (
        st.lists(each, max_size=2) | st.dictionaries(st.sampled_from([*KEYS, "content", "summary", "output"]), each, max_size=4)
    ),
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS[1:]), ODD, max_size=4)), max_size=4))
def test_odd_values_are_unreadable_or_nothing(said: list[tuple[str, dict[str, Any]]]) -> None:
    with contextlib.suppress(chat.Unreadable):
        heard(*(event(kind, **value) for kind, value in said))


def test_the_reader_gives_nothing_back_at_the_end_of_the_bytes() -> None:
    reader = ResponsesStreamReader()
    reader.feed(created())

    assert reader.finish() == ()


def test_a_text_costs_what_its_bytes_cost_however_often_its_end_is_told() -> None:
    about = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    more = event("output_text.delta", **about, delta="x" * 1000) + event("output_text.done", **about, text="")
    start = time.perf_counter()
    found = heard(more * 10_000)

    assert len(found) == 10_000
    assert time.perf_counter() - start < 5.0  # measured: 0.5 s; put together anew each time: 12 s


PAGE = chat.Citation(url="https://a.example/", title="A", start=0, end=2)
CITED = {"type": "url_citation", "url": "https://a.example/", "title": "A", "start_index": 0, "end_index": 2}


def test_what_a_text_cites_is_told_once_whether_in_an_event_or_at_its_end() -> None:
    done = message("Hi")
    done["content"][0]["annotations"] = [{"type": "file_path"}, CITED]
    about = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    added = event("output_item.added", output_index=0, item=message(status="in_progress") | {"content": []})
    text = event("output_text.delta", **about, delta="Hi")
    cited = event("output_text.annotation.added", **about, annotation_index=0, annotation=CITED)
    finished = event("output_item.done", output_index=0, item=done)
    for stream in ([added, text, cited, finished], [added, text, finished], [added, finished]):
        assert heard(created(), *stream, ended("completed", done))[1:-1] == [chat.TextDelta("Hi"), chat.Cited(PAGE)]


def test_edge_68_a_search_of_the_providers_says_nothing() -> None:
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}}
    search = event("output_item.added", output_index=0, item={**item, "status": "in_progress"})
    search += event("web_search_call.searching", item_id="ws_1", output_index=0)
    search += event("output_item.done", output_index=0, item=item)

    assert heard(created(), search, text_item(1, "Hi"), ended())[1:-1] == [chat.TextDelta("Hi")]
