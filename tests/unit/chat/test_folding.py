from __future__ import annotations

import attrs
from hypothesis import given

from korproxy.chat import (
    Answer,
    Blob,
    CallDelta,
    CallEnded,
    CallStarted,
    Citation,
    Cited,
    Document,
    Ended,
    Ending,
    Event,
    Failed,
    Image,
    PartAdded,
    ProviderError,
    Reasoning,
    ReasoningDelta,
    ReasoningEnded,
    Refusal,
    Seal,
    Started,
    Text,
    TextDelta,
    TextEnded,
    ToolCall,
    UsageSeen,
)
from korproxy.chat.folding import answer_of, events_of
from korproxy.models.outcome import Usage
from tests.fakes.conversations import answers

SEAL = Seal(family="anthropic", data="Eq==")
ANSWER = Answer(
    id="msg_1",
    model="m",
    parts=(
        Reasoning(text="hm", seal=SEAL),
        Reasoning(seal=SEAL, redacted=True),
        Text(text="Hello", citations=(Citation(url="https://a.example/", title="A", start=0, end=2),)),
        Text(text=" there"),
        ToolCall(id="1", name="read", arguments='{"a": 1.10}', seal=SEAL),
        Image(blob=Blob(media_type="image/png", data="AA==")),
        ToolCall(id="2", name="say", arguments="bare", freeform=True),
        Document(text="doc"),
        Refusal(text="no"),
    ),
    ending=Ending(reason="tools"),
    usage=Usage(tokens_in=3, tokens_out=4),
)


def test_an_answer_survives_as_events() -> None:
    assert answer_of(events_of(ANSWER)) == ANSWER


@given(answers())
def test_every_good_answer_survives_as_events(answer: Answer) -> None:
    parts = tuple(attrs.evolve(each, cache=None) if isinstance(each, Text) else each for each in answer.parts)
    assert answer_of(events_of(answer)) == attrs.evolve(answer, parts=parts)


def test_a_call_of_nothing_stays_one() -> None:
    calls = (ToolCall(id="1", name="say", arguments="", freeform=True), ToolCall(id="2", name="read", arguments=""))
    answer = Answer(parts=calls, ending=Ending(reason="length"))
    assert answer_of(events_of(answer)) == answer


def test_pieces_come_together_and_interleaved_calls_keep_apart() -> None:
    events: list[Event] = [
        Started(id="x", model="m"),
        ReasoningDelta("a"),
        ReasoningDelta("b"),
        TextDelta("c"),
        TextDelta("d"),
        TextEnded(),
        TextDelta("e"),
        CallStarted(key=0, id="1", name="read"),
        CallStarted(key=1, id="2", name="read"),
        CallDelta(0, '{"x":'),
        CallDelta(1, "{}"),
        CallDelta(0, "1}"),
        CallEnded(0),
        CallEnded(1),
        UsageSeen(Usage(tokens_out=1)),
        UsageSeen(Usage(tokens_out=2)),
        Ended(Ending(reason="tools")),
    ]

    assert answer_of(events) == Answer(
        id="x",
        model="m",
        parts=(
            Reasoning(text="ab"),
            Text(text="cd"),
            Text(text="e"),
            ToolCall(id="1", name="read", arguments='{"x":1}'),
            ToolCall(id="2", name="read", arguments="{}"),
        ),
        ending=Ending(reason="tools"),
        usage=Usage(tokens_out=2),
    )


def test_reasoning_that_ended_is_not_continued_by_the_next() -> None:
    events: list[Event] = [Started(), ReasoningDelta("a"), ReasoningEnded(), ReasoningDelta("b"), ReasoningEnded(seal=SEAL)]
    whole = answer_of([*events, Ended(Ending(reason="end"))])

    assert whole is not None
    assert whole.parts == (Reasoning(text="a"), Reasoning(text="b", seal=SEAL))


def test_a_stream_that_does_not_end_well_is_no_answer() -> None:
    failed = Failed(ProviderError(status=500, kind="server", message="x"))

    assert answer_of([Started(), TextDelta("a")]) is None
    assert answer_of([Started(), TextDelta("a"), failed]) is None


def test_a_picture_is_told_whole() -> None:
    picture = Image(blob=Blob(media_type="image/png", data="AA=="))

    assert PartAdded(picture) in list(events_of(ANSWER))


def test_a_citation_belongs_to_the_text_that_is_open_and_without_one_to_nothing() -> None:
    page = Citation(url="https://a.example/")
    cited = Cited(page)
    events: list[Event] = [Started(), cited, TextDelta("a"), cited, TextDelta("b"), TextEnded(), cited, TextDelta("c")]
    whole = answer_of([*events, Ended(Ending(reason="end"))])

    assert whole is not None
    assert whole.parts == (Text(text="ab", citations=(page,)), Text(text="c"))
