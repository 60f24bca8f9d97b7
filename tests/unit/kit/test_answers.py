"""Events out of a stream's bytes, numbers out of anything, and a plain answer that is held only so far."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from korproxy.chat.parts import Seal
from korproxy.kit.answers import KEPT, MOST_SEALS, PlainAnswer, add_seal, sse_events, token_count
from korproxy.models.outcome import Usage
from tests.fakes.json_bodies import cuts


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [(b"", b"a")]),
        (b"data:a\n\ndata: b\n\n", [(b"", b"a"), (b"", b"b")]),
        (b"event: ping\ndata: {}\n\n", [(b"ping", b"{}")]),
        (b"event:ping\r\ndata:{}\r\n\r\n", [(b"ping", b"{}")]),
        (b"data: a\r\rdata: b\r\r", [(b"", b"a"), (b"", b"b")]),
        (b": keep-alive\n\n", []),
        (b": x\nid: 7\nretry: 1\ndata: a\n\n", [(b"", b"a")]),
        (b"data: {\ndata: }\n\n", [(b"", b"{\n}")]),
        (b"data:  two spaces\n\n", [(b"", b" two spaces")]),
        (b"event: lost\n\ndata: a\n\n", [(b"", b"a")]),
        (b"data: the last, unfinished", [(b"", b"the last, unfinished")]),
        (b"data: \xe2\x80\xa8\n\n", [(b"", b"\xe2\x80\xa8")]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_events_are_read_as_the_html_standard_says(stream: bytes, expected: list[tuple[bytes, bytes]]) -> None:
    assert list(sse_events(stream)) == expected


_LINES = st.sampled_from([b"data: a", b"data:b", b"event: e", b"event:f", b": c", b"id: 1", b"", b"data: ", b"data:  d", b"x"])


@given(st.lists(st.tuples(_LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]))), st.booleans())
def test_lines_mean_the_same_whatever_ends_them(lines: list[tuple[bytes, bytes]], whole: bool) -> None:
    mixed = b"".join(line + end for line, end in lines)
    plain = b"".join(line + b"\n" for line, _ in lines)
    returns = b"".join(line + b"\r" for line, _ in lines)
    assume(b"\r\n" not in mixed.replace(b"\r\n", b"") and mixed.splitlines() == plain.splitlines())
    cut = len(plain) if whole else len(plain) - 1
    assert list(sse_events(plain[:cut])) == list(sse_events(returns[:cut]))
    assert list(sse_events(mixed)) == list(sse_events(returns))


NAMES = st.sampled_from([b"", b"ping", b"message_stop"])
LINES = st.binary(min_size=1, max_size=9).filter(lambda line: line.splitlines() == [line])


@given(st.lists(st.tuples(NAMES, LINES)), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_every_event_comes_out_as_it_went_in(events: list[tuple[bytes, bytes]], end: bytes) -> None:
    wire = b"".join((b"event: " + name + end if name else b"") + b"data: " + data + end + end for name, data in events)

    assert list(sse_events(wire)) == events


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        (2**53, 2**53),
        (2**53 + 1, None),
        (10**30, None),
        (-1, None),
        (1.5, None),
        (float("inf"), None),
        (float("nan"), None),
        (True, None),
        ("12", None),
        (None, None),
        ([], None),
    ],
)
def test_only_a_whole_number_is_a_number_of_tokens(value: object, expected: int | None) -> None:
    assert token_count(value) == expected


@given(st.binary(min_size=1, max_size=200).flatmap(lambda whole: st.tuples(st.just(whole), cuts(whole))))
def test_a_plain_answer_is_read_whole_however_it_was_cut(case: tuple[bytes, list[bytes]]) -> None:
    whole, pieces = case
    read: list[bytes] = []

    def note(body: bytes) -> Usage:
        read.append(body)
        return Usage(tokens_out=7)

    reader = PlainAnswer(note)
    for piece in pieces:
        reader.feed(piece)

    assert (reader.usage, reader.ended) == (Usage(), False)
    reader.finish()
    reader.finish()
    assert (reader.usage, reader.ended, read) == (Usage(tokens_out=7), True, [whole])
    assert (reader.final, reader.failed) == (False, False)


def test_of_a_plain_answer_the_seals_are_read_at_its_end() -> None:
    reader = PlainAnswer(lambda _: Usage(), lambda body: [Seal(family="google", data=body.decode())])
    reader.feed(b"QQ")
    before = reader.seals
    reader.feed(b"==")
    reader.finish()

    assert (before, reader.seals) == ((), [Seal(family="google", data="QQ==")])
    assert PlainAnswer(lambda _: Usage()).seals == ()


def test_a_plain_answer_that_is_shown_does_not_say_what_is_in_it() -> None:
    reader = PlainAnswer(lambda _: Usage())
    reader.feed(b"what the model said")

    assert ("said" in repr(reader), "19 bytes" in repr(reader)) == (False, True)


def test_only_texts_are_seals_and_there_is_an_end_to_them() -> None:
    seals: list[Seal] = []
    for each in (None, 7, "", ["x"]):
        add_seal(seals, "google", each)
    assert seals == []

    for number in range(MOST_SEALS + 1):
        add_seal(seals, "google", str(number))
    assert (len(seals), seals[0]) == (MOST_SEALS, Seal(family="google", data="0"))


@pytest.mark.parametrize(("size", "expected"), [(KEPT, Usage(tokens_out=7)), (KEPT + 1, Usage())])
@pytest.mark.parametrize("piece", [65536, 100_001, KEPT * 2])
def test_of_a_long_answer_nothing_is_held(size: int, piece: int, expected: Usage) -> None:
    reader = PlainAnswer(lambda _: Usage(tokens_out=7))
    whole = b"x" * size
    for at in range(0, size, piece):
        reader.feed(whole[at : at + piece])
    reader.finish()

    assert (reader.usage, reader.ended) == (expected, True)


def test_an_empty_answer_says_nothing_and_has_ended() -> None:
    reader = PlainAnswer(lambda _: Usage(tokens_out=7))
    reader.finish()

    assert (reader.usage, reader.ended) == (Usage(), True)
