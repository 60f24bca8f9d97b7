"""Streams as steps, without a socket."""

from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st
from korproxy_mock.formats import Event
from korproxy_mock.script import Script
from korproxy_mock.stream import Cut, Pause, Send, Stall, frame, pieces, plan

NAMES = st.none() | st.sampled_from(["message_stop", "content_block_delta"])
EVENTS = st.lists(st.builds(Event, data=st.text(st.characters(exclude_characters="\r\n"), max_size=30), name=NAMES), max_size=8)
SPLITS = st.none() | st.just("char") | st.just("every-byte") | st.integers(1, 50)
ABC = [Event(data="a"), Event(data="b"), Event(data="c", terminal=True)]


def sent(events: list[Event], script: Script) -> bytes:
    return b"".join(step.data for step in plan(events, (), script) if isinstance(step, Send))


@given(EVENTS, SPLITS, st.integers(1, 5), st.booleans(), st.booleans())
def test_splitting_and_joining_never_change_the_bytes(
    events: list[Event], split: str | int | None, join: int, comments: bool, crlf: bool
) -> None:
    script = Script(comments=comments, crlf=crlf)
    assert sent(events, attrs.evolve(script, split=split, join=join)) == sent(events, script)


@given(st.text(max_size=50), SPLITS)
def test_pieces_are_never_empty_and_make_up_the_whole(text: str, split: str | int | None) -> None:
    data = text.encode("utf-8", "replace")
    cut = pieces(data, split)
    assert b"".join(cut) == data
    assert all(cut) or not data


@given(st.text(st.characters(min_codepoint=0x80, exclude_categories=["Cs"]), min_size=1))
def test_split_char_cuts_inside_every_longer_character(text: str) -> None:
    cut = pieces(text.encode(), "char")
    assert len(cut) == len(text.encode()) - len(text) + 1
    assert all(after[0] & 0xC0 == 0x80 for _, after in pairwise(cut))


@given(EVENTS, st.data())
def test_a_cut_sends_exactly_the_events_before_it(events: list[Event], data: st.DataObject) -> None:
    after = data.draw(st.integers(0, len(events)))
    steps = list(plan(events, (), Script(cut_after=after)))
    assert steps[-1] == Cut(reset=False)
    assert b"".join(step.data for step in steps if isinstance(step, Send)) == sent(events[:after], Script())


def test_the_last_write_is_marked() -> None:
    assert list(plan(ABC, (), Script())) == [Send(b"data: a\n\n"), Send(b"data: b\n\n"), Send(b"data: c\n\n", last=True)]


def test_no_terminal_ends_one_event_earlier_and_cleanly() -> None:
    assert list(plan(ABC, (), Script(no_terminal=True))) == [Send(b"data: a\n\n"), Send(b"data: b\n\n", last=True)]


def test_faults_come_in_front_of_their_event() -> None:
    error = Event(data="no", name="error")
    assert list(plan(ABC, (), Script(stall_after=1))) == [Send(b"data: a\n\n"), Stall()]
    assert list(plan(ABC, (), Script(cut_inside=True, cut="rst"))) == [
        Send(b"data: a\n\n"),
        Send(b"data"),
        Cut(reset=True),
    ]
    assert list(plan(ABC, (error,), Script(error_after=1))) == [
        Send(b"data: a\n\n"),
        Send(b"event: error\ndata: no\n\n", last=True),
    ]


def test_pauses_lie_between_events_and_in_front_of_the_first() -> None:
    steps = list(plan(ABC, (), Script(gap=0.5, first_event=2.0)))
    assert [step.seconds for step in steps if isinstance(step, Pause)] == [2.0, 0.5, 0.5]
    assert isinstance(steps[0], Pause)


def test_comments_stand_in_front_of_every_event() -> None:
    wire = sent(ABC, Script(comments=True))
    assert wire == b": keep-alive\n\ndata: a\n\n:\n\ndata: b\n\n: MOCK PROCESSING\n\ndata: c\n\n"


def test_events_are_written_as_raw_utf8_even_where_a_character_cannot_be() -> None:
    assert frame(Event(data="größer 🙂 \ud800"), Script()) == "data: größer 🙂 ?\n\n".encode()


def test_crlf_ends_every_line() -> None:
    assert frame(Event(name="ping", data="{}"), Script(crlf=True)) == b"event: ping\r\ndata: {}\r\n\r\n"
