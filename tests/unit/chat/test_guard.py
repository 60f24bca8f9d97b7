"""Streams that keep the rules, whatever a reader tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Usage, chat
from korproxy.chat.folding import events_of
from tests.fakes.conversations import answers, good_streams
from tests.fakes.streams import ANY_EVENTS, ENDINGS, OBJECTS, TEXTS

START = chat.Started(id="msg_1", model="m")
ERROR = chat.Failed(chat.ProviderError(status=502, kind="server", message="broken"))
CUT: Sequence[chat.Reason] = ("length", "refusal", "context")


def ended(reason: chat.Reason) -> chat.Ended:
    return chat.Ended(chat.Ending(reason=reason))


def begun(key: int = 0, *, freeform: bool = False) -> chat.CallStarted:
    return chat.CallStarted(key=key, id=f"call_{key}", name="read", freeform=freeform)


def guarded(*events: chat.Event) -> list[chat.Event]:
    guard = chat.StreamGuard()
    return [each for event in events for each in guard.check(event)]


def faults(events: Iterable[chat.Event]) -> list[str]:
    """Return which rules *events* break; written without a look at the code under test."""
    told, found = list(events), []
    calls: dict[int, Any] = {}
    for at, event in enumerate(told):
        found += ["it does not begin with Started, or has another"] if isinstance(event, chat.Started) != (at == 0) else []
        found += ["something follows the end"] if isinstance(event, chat.Ended | chat.Failed) and at + 1 < len(told) else []
        match event:
            case chat.TextDelta(text="") | chat.ReasoningDelta(text="") | chat.RefusalDelta(text="") | chat.CallDelta(json=""):
                found.append("a delta is empty")
            case chat.CallStarted(key=key) if key in calls:
                found.append("a call begins twice")
            case chat.CallStarted(key=key):
                calls[key] = {"text": "", "freeform": event.freeform, "open": True}
            case chat.CallDelta(key=key) | chat.CallEnded(key=key) if key not in calls or not calls[key]["open"]:
                found.append("something is said of a call that is not open")
            case chat.CallDelta(key=key, json=text):
                calls[key]["text"] += text
            case chat.CallEnded(key=key):
                calls[key]["open"] = False
                calls[key]["last"] = at
            case chat.Ended(ending=ending):
                found += _at_the_end(list(calls.values()), ending.reason, at)
            case _:
                pass
    return found + _of_citations(told)


def _of_citations(told: Sequence[chat.Event]) -> list[str]:
    found = []
    text: int | None = None  # how long the text is that citations can be about
    for event in told:
        match event:
            case chat.TextDelta():
                text = (text or 0) + len(event.text)
            case chat.Cited(citation=page):
                fits = text is not None and 0 <= (page.start or 0) <= (page.end or 0) <= text
                found += [] if fits and (page.start is None) == (page.end is None) else ["a citation is about nothing"]
            case chat.Started() | chat.UsageSeen() | chat.CallDelta() | chat.CallEnded():
                pass
            case _:
                text = None
    return found


def _at_the_end(calls: list[dict[str, Any]], reason: str, at: int) -> list[str]:
    if any(each["open"] for each in calls):
        return ["a call is still open at the end"]
    broken = [each for each in calls if not each["freeform"] and not _is_object(each["text"])]
    if len(broken) > 1 or any(each["last"] != at - 1 or reason not in CUT for each in broken):
        return ["arguments are not an object"]
    if (reason == "tools") > bool(calls):
        return ["tool use without a call"]
    last_is_bare = any(each["freeform"] and each["last"] == at - 1 for each in calls)
    may_be_cut = bool(broken) or last_is_bare
    return ["calls without tool use"] if calls and reason not in {"tools", "refusal"} and not may_be_cut else []


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@given(ANY_EVENTS)
def test_whatever_a_reader_tells_the_rules_are_kept(events: list[chat.Event]) -> None:
    guard = chat.StreamGuard()
    told: list[chat.Event] = []
    for event in events:
        try:
            told += guard.check(event)
        except chat.BrokenStream:
            told += guard.check(ERROR)
        assert guard.over == any(isinstance(each, chat.Ended | chat.Failed) for each in told)

    assert faults(told) == []


@given(st.lists(OBJECTS, max_size=3), st.data(), ENDINGS)
def test_any_calls_in_any_order_end_by_the_rules(texts: list[str], data: st.DataObject, ending: chat.Ending) -> None:
    events: list[chat.Event] = [chat.TextDelta("a")]
    for key, text in enumerate(texts):
        middle = data.draw(st.integers(0, len(text)))
        events += [begun(key, freeform=data.draw(st.booleans())), chat.CallDelta(key, text[:middle])]
        events += data.draw(st.sampled_from([[], [chat.CallDelta(key, text[middle:])], [chat.CallEnded(key)]]))
    guard = chat.StreamGuard()
    told: list[chat.Event] = []
    try:
        for event in [*events, chat.Ended(ending)]:
            told += guard.check(event)
    except chat.BrokenStream:
        told += guard.check(ERROR)

    assert faults(told) == []
    assert guard.over


@given(good_streams())
def test_a_good_stream_passes_unchanged(events: list[chat.Event]) -> None:
    assert faults(events) == []
    assert guarded(*events) == events


@given(answers())
def test_a_good_answer_passes_unchanged_part_by_part(answer: chat.Answer) -> None:
    events = [each for each in events_of(answer) if each != chat.CallDelta(0, "")]
    assert guarded(*events) == events


def test_edge_25_a_stream_begins_once() -> None:
    again = chat.Started(id="msg_2")
    assert guarded(START, START, chat.TextDelta("a"), again, ended("end")) == [START, chat.TextDelta("a"), ended("end")]


def test_a_missing_beginning_is_put_in_front() -> None:
    told = guarded(chat.TextDelta(""), chat.TextDelta("a"), START, ended("end"))
    assert told == [chat.Started(), chat.TextDelta("a"), ended("end")]
    assert guarded(ERROR) == [chat.Started(), ERROR]


def test_edge_14_nothing_is_said_behind_the_end() -> None:
    assert guarded(START, ended("end"), chat.TextDelta("a"), ended("length"), ERROR) == [START, ended("end")]
    assert guarded(START, ERROR, ended("end"), begun()) == [START, ERROR]


def test_deltas_of_nothing_are_left_out() -> None:
    empty = (chat.TextDelta(""), chat.ReasoningDelta(""), chat.RefusalDelta(""), chat.CallDelta(0, ""))
    told = guarded(START, begun(), *empty, chat.CallDelta(0, "{}"), chat.CallEnded(0), chat.CallDelta(0, ""))
    assert told == [START, begun(), chat.CallDelta(0, "{}"), chat.CallEnded(0)]


def test_edge_25_a_call_begins_once() -> None:
    events = (START, begun(), begun(), chat.CallDelta(0, "{}"), chat.CallEnded(0), begun())
    assert guarded(*events) == [START, begun(), chat.CallDelta(0, "{}"), chat.CallEnded(0)]


def test_edge_6_pieces_of_two_calls_may_mix_and_leave_at_once() -> None:
    guard = chat.StreamGuard()
    events: list[chat.Event] = [
        *(START, begun(0), begun(1), chat.CallDelta(0, '{"a"'), chat.CallDelta(1, '{"b":'), chat.TextDelta("meanwhile")),
        *(chat.CallDelta(0, ": 1}"), chat.CallDelta(1, "2}"), chat.CallEnded(1), chat.CallEnded(0), ended("tools")),
    ]
    assert [guard.check(each) for each in events] == [(each,) for each in events]


@pytest.mark.parametrize("space", [(), ("",), (" ", "\n")])
def test_edge_11_a_call_without_arguments_gets_an_empty_object(space: tuple[str, ...]) -> None:
    pieces: list[chat.Event] = [chat.CallDelta(0, each) for each in space]
    told = guarded(START, begun(), *pieces, chat.CallEnded(0), ended("tools"))
    passed = [each for each in pieces if each != chat.CallDelta(0, "")]
    assert told == [START, begun(), *passed, chat.CallDelta(0, "{}"), chat.CallEnded(0), ended("tools")]


def test_bare_text_needs_no_json_and_nothing_at_all() -> None:
    bare: list[chat.Event] = [START, begun(freeform=True), chat.CallEnded(0), ended("tools")]
    full: list[chat.Event] = [*bare[:2], chat.CallDelta(0, "*** Begin"), *bare[2:]]
    assert guarded(*bare) == bare
    assert guarded(*full) == full


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((chat.CallDelta(0, "{}"),), "has not begun"),
        ((chat.CallDelta(0, ""),), "has not begun"),
        ((chat.CallEnded(0),), "has not begun"),
        ((begun(), chat.CallEnded(0), chat.CallDelta(0, "x")), "after its end"),
        ((begun(), chat.CallEnded(0), chat.CallEnded(0)), "ended twice"),
        ((begun(), chat.CallDelta(0, '{"a"'), chat.CallEnded(0), chat.TextDelta("b")), "not a JSON object"),
        ((begun(), chat.CallDelta(0, "[]"), chat.CallEnded(0), ended("tools")), "not a JSON object"),
        ((begun(), chat.CallDelta(0, "{}{}"), ended("end")), "not a JSON object"),
        ((begun(0), chat.CallDelta(0, "{"), begun(1), chat.CallDelta(1, "{"), ended("length")), "not a JSON object"),
        ((begun(0), chat.CallDelta(0, "{"), chat.CallEnded(0), begun(1), ended("length")), "not a JSON object"),
    ],
)
def test_what_cannot_be_mended_is_said_and_the_error_still_passes(events: tuple[chat.Event, ...], why: str) -> None:
    guard = chat.StreamGuard()
    with pytest.raises(chat.BrokenStream, match=why):
        [guard.check(each) for each in events]

    assert not guard.over
    assert guard.check(ERROR)[-1] == ERROR
    assert guard.over


def test_arguments_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("korproxy.chat.guard.LONGEST", 10)
    with pytest.raises(chat.BrokenStream, match="longer than 10 characters"):
        guarded(START, begun(), chat.CallDelta(0, "{" + " " * 9), chat.CallDelta(0, "}"))


def test_arguments_are_held_only_as_long_as_their_call_is_open() -> None:
    guard = chat.StreamGuard()
    for event in (START, chat.TextDelta("what"), begun(), chat.CallDelta(0, '{"a":"what"}')):
        guard.check(event)
    assert guard._calls[0].pieces == ['{"a":"what"}']
    guard.check(chat.CallEnded(0))
    assert guard._calls[0].pieces == []


def test_calls_left_open_are_ended_in_their_order() -> None:
    events = (START, begun(0), begun(1), chat.CallDelta(1, "{}"), begun(2), chat.CallEnded(2))
    told = guarded(*events, ended("end"))
    assert told[-5:] == [chat.CallEnded(2), chat.CallDelta(0, "{}"), chat.CallEnded(0), chat.CallEnded(1), ended("tools")]


@pytest.mark.parametrize("reason", CUT)
@pytest.mark.parametrize("pieces", [[], [chat.CallDelta(1, '{"path": "/et')]])
def test_a_last_call_that_was_cut_off_stays_as_it_came(reason: chat.Reason, pieces: list[chat.Event]) -> None:
    events = [START, begun(0), chat.CallDelta(0, "{}"), chat.CallEnded(0), begun(1), *pieces]
    assert guarded(*events, ended(reason)) == [*events, chat.CallEnded(1), ended(reason)]


def test_a_cut_call_whose_end_was_told_is_not_taken_for_a_broken_one() -> None:
    usage = chat.UsageSeen(Usage(tokens_out=5))
    events: list[chat.Event] = [START, begun(), chat.CallDelta(0, '{"path'), chat.CallEnded(0)]
    assert guarded(*events, usage, ended("length")) == [*events[:3], usage, chat.CallEnded(0), ended("length")]


def test_bare_text_that_is_still_open_may_be_cut_off() -> None:
    events: list[chat.Event] = [START, begun(freeform=True), chat.CallDelta(0, "*** Be")]
    assert guarded(*events, ended("length")) == [*events, chat.CallEnded(0), ended("length")]
    assert guarded(*events, ended("end")) == [*events, chat.CallEnded(0), ended("tools")]


@pytest.mark.parametrize(
    ("said", "with_call", "without"),
    [
        ("end", "tools", "end"),
        ("stop_sequence", "tools", "stop_sequence"),
        ("pause", "tools", "pause"),
        ("tools", "tools", "end"),
        ("length", "tools", "length"),
        ("context", "tools", "context"),
        ("refusal", "refusal", "refusal"),
    ],
)
def test_edge_5_the_reason_says_tool_use_where_a_call_was_told(said: chat.Reason, with_call: str, without: str) -> None:
    call = chat.ToolCall(id="call_0", name="read")
    told = guarded(START, begun(), chat.CallEnded(0), ended(said))[-1]
    assert isinstance(told, chat.Ended)
    assert told.ending.reason == with_call
    assert guarded(START, ended(said))[-1] == chat.Ended(chat.Ending(reason=without))  # type: ignore[arg-type]
    assert chat.settle(chat.Answer(parts=(call,), ending=chat.Ending(reason=said))).ending.reason == with_call
    assert chat.settle(chat.Answer(ending=chat.Ending(reason=said))).ending.reason == without


def test_a_stop_sequence_is_forgotten_where_a_call_is_the_reason() -> None:
    stopped = chat.Ending(reason="stop_sequence", stop_sequence="END", explanation="x")
    told = guarded(START, begun(), chat.CallEnded(0), chat.Ended(stopped))[-1]
    assert told == chat.Ended(chat.Ending(reason="tools", explanation="x"))


def test_a_whole_answer_is_settled_by_the_same_rules() -> None:
    seal = chat.Seal(family="anthropic", data="Eq==")
    parts = (
        chat.Reasoning(),
        chat.Reasoning(seal=seal),
        chat.Text(text=""),
        chat.Text(text=" "),
        chat.Refusal(text=""),
        chat.ToolCall(id="1", name="a", arguments=" "),
        chat.ToolCall(id="2", name="b", arguments="", freeform=True),
        chat.ToolCall(id="3", name="c", arguments='{"a": 1.10}'),
    )
    settled = chat.settle(chat.Answer(id="x", parts=parts, ending=chat.Ending(reason="end")))
    filled = attrs.evolve(parts[5], arguments="{}")
    assert settled.parts == (parts[1], parts[3], filled, *parts[6:])
    assert settled.ending == chat.Ending(reason="tools")
    assert settled.id == "x"


@pytest.mark.parametrize(
    ("call", "reason", "expected"),
    [
        (chat.ToolCall(id="1", name="a", arguments='{"a'), "length", ('{"a', "length")),
        (chat.ToolCall(id="1", name="a", arguments=""), "length", ("", "length")),
        (chat.ToolCall(id="1", name="a", arguments='{"a'), "end", ('{"a', "tools")),
        (chat.ToolCall(id="1", name="a", arguments="{}"), "length", ("{}", "tools")),
        (chat.ToolCall(id="1", name="a", arguments="x", freeform=True), "length", ("x", "length")),
    ],
)
def test_a_whole_answer_may_be_cut_off_inside_its_last_call(
    call: chat.ToolCall, reason: chat.Reason, expected: tuple[str, str]
) -> None:
    settled = chat.settle(chat.Answer(parts=(chat.Text(text="a"), call), ending=chat.Ending(reason=reason)))
    assert isinstance(settled.parts[-1], chat.ToolCall)
    assert (settled.parts[-1].arguments, settled.ending.reason) == expected


def test_bare_text_with_something_behind_it_is_whole() -> None:
    call = chat.ToolCall(id="1", name="a", arguments="x", freeform=True)
    settled = chat.settle(chat.Answer(parts=(call, chat.Text(text="a")), ending=chat.Ending(reason="length")))
    assert settled.ending.reason == "tools"


@given(answers())
def test_a_good_answer_is_settled_already(answer: chat.Answer) -> None:
    assert chat.settle(answer) == answer


@given(answers(), ENDINGS, st.lists(st.one_of(OBJECTS, TEXTS), max_size=2))
def test_settling_a_second_time_changes_nothing(answer: chat.Answer, ending: chat.Ending, odd: list[str]) -> None:
    calls = tuple(chat.ToolCall(id=f"odd_{at}", name="read", arguments=each) for at, each in enumerate(odd))
    once = chat.settle(attrs.evolve(answer, ending=ending, parts=(*answer.parts, *calls)))
    assert chat.settle(once) == once


PAGE = chat.Citation(url="https://a.example/", start=0, end=5)


def test_a_citation_is_about_the_text_before_it() -> None:
    events = (START, chat.TextDelta("Hello"), chat.UsageSeen(Usage()), chat.Cited(PAGE), ended("end"))

    assert guarded(*events) == list(events)


@pytest.mark.parametrize("between", [chat.TextEnded(), begun(), chat.RefusalDelta("no"), chat.ReasoningDelta("hm")])
def test_a_citation_of_no_text_is_left_out(between: chat.Event) -> None:
    assert chat.Cited(PAGE) not in guarded(START, chat.Cited(PAGE), chat.TextDelta("Hello"), between, chat.Cited(PAGE))


def test_a_place_outside_of_the_text_is_left_out_of_its_citation() -> None:
    bare = chat.Citation(url="https://a.example/")

    assert guarded(START, chat.TextDelta("Hi"), chat.Cited(PAGE))[-1] == chat.Cited(bare)
    answer = chat.Answer(parts=(chat.Text(text="Hi", citations=(PAGE,)),), ending=chat.Ending(reason="end"))
    assert chat.settle(answer).parts == (chat.Text(text="Hi", citations=(bare,)),)


@given(st.one_of(ANY_EVENTS, good_streams()))
def test_what_passes_as_it_is_is_what_would_be_let_through(events: list[chat.Event]) -> None:
    guard, careful = chat.StreamGuard(), chat.StreamGuard()
    for event in events:
        passed = guard.passes(event)
        try:
            expected = careful.check(event)
        except chat.BrokenStream as exc:
            assert not passed
            with pytest.raises(chat.BrokenStream, match=str(exc)):
                guard.check(event)
            continue
        assert ((event,) if passed else tuple(guard.check(event))) == tuple(expected)

    assert guard == careful


@pytest.mark.parametrize(
    "event", [chat.TextDelta("a"), chat.ReasoningDelta("a"), chat.CallDelta(0, "a"), chat.UsageSeen(Usage())]
)
def test_pieces_of_what_has_begun_pass_as_they_are(event: chat.Event) -> None:
    guard = chat.StreamGuard()
    before = guard.passes(event)
    for each in (chat.Started(), chat.CallStarted(key=0, id="a", name="read")):
        guard.check(each)

    assert (before, guard.passes(event)) == (False, True)
