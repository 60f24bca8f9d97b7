from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway import frames
from korproxy.gateway.frames import FrameCutter

LINE_ENDS = (b"\n", b"\r", b"\r\n")
LINES = st.sampled_from([b"data: 1", b'data: {"text":"\xe2\x80\xa8"}', b": ping", b"event: x", b"\x00\xff", b"data"])
ENDS = st.sampled_from(LINE_ENDS)


PAIRS = [(first, second) for first in LINE_ENDS for second in LINE_ENDS if first + second != b"\r\n"]


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """Return one event: lines and the blank line after them, each with any line end."""
    lines = draw(st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=2))
    return b"".join([*lines, draw(LINES), *draw(st.sampled_from(PAIRS))])


def cut(wire: bytes, at: list[int]) -> list[bytes]:
    return [wire[start:end] for start, end in pairwise([0, *sorted(at), len(wire)])]


def blank_lines(wire: bytes) -> list[int]:
    """Return the offsets behind all blank lines, found by reading *wire* line by line as the standard says."""
    found, before, at = [], 0, 0
    while at < len(wire):
        end = at + 2 if wire[at : at + 2] == b"\r\n" else at + 1
        if wire[at : at + 1] in (b"\n", b"\r"):
            if at == before:
                found.append(end)
            before = end
        at = end
    return found


@given(st.lists(events()), st.data())
def test_no_byte_is_lost_added_or_moved_however_the_network_cuts(sent: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(sent) + data.draw(LINES)
    cutter = FrameCutter()

    given_out = b"".join(cutter.feed(each) for each in cut(wire, data.draw(st.lists(st.integers(0, len(wire))))))

    assert given_out + cutter.tail == wire


@given(st.lists(events()), st.data())
def test_whatever_is_given_out_ends_with_a_blank_line(sent: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(sent) + data.draw(LINES)
    cutter = FrameCutter()

    ends, at = set(), 0
    for chunk in cut(wire, data.draw(st.lists(st.integers(0, len(wire))))):
        at += len(cutter.feed(chunk))
        ends.add(at)

    allowed = {0, *blank_lines(wire)}
    allowed |= {each - 1 for each in allowed if wire[:each].endswith(b"\r\r\n")}  # its CR is a line end, and the LF may be late
    assert ends <= allowed


@given(st.lists(events(), min_size=1), st.data())
def test_a_whole_event_is_given_out_as_soon_as_the_byte_after_it_is_there(sent: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(sent)
    cutter = FrameCutter()

    given_out = b"".join(cutter.feed(each) for each in [*cut(wire, data.draw(st.lists(st.integers(0, len(wire))))), b"x"])

    assert (given_out, cutter.tail) == (wire, b"x")


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_pair_of_line_ends_is_a_border(first: bytes, second: bytes) -> None:
    wire = b"data: 1" + first + second + b"data: 2"

    assert [FrameCutter().feed(wire)] == [b"data: 1" + first + second]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_nothing_else_ends_a_line(separator: str) -> None:
    wire = f"data: a{separator}{separator}b".encode()
    cutter = FrameCutter()

    assert (cutter.feed(wire), cutter.tail) == (b"", wire)


@pytest.mark.parametrize("border", [b"\n\n", b"\r\r", b"\r\n\r\n"])
def test_an_event_goes_out_with_its_last_byte(border: bytes) -> None:
    assert FrameCutter().feed(b"data: 1" + border) == b"data: 1" + border


def test_a_crlf_is_never_torn_apart_by_giving_out_its_cr() -> None:
    cutter = FrameCutter()

    assert [cutter.feed(b"data: 1\r\n\r"), cutter.feed(b"\n")] == [b"", b"data: 1\r\n\r\n"]


def test_an_event_that_is_too_long_flows_through_in_pieces_and_says_so() -> None:
    cutter = FrameCutter()

    held = cutter.feed(b"data: " + b"x" * (frames.LONGEST_EVENT - 6))
    assert (held, cutter.torn) == (b"", False)
    assert (len(cutter.feed(b"y")), cutter.torn, cutter.tail) == (frames.LONGEST_EVENT + 1, True, b"")
    assert (cutter.feed(b"z"), cutter.torn) == (b"", True)
    assert (cutter.feed(b"\n\ndata: 2"), cutter.torn, cutter.tail) == (b"z\n\n", False, b"data: 2")


def test_the_blank_line_of_a_long_event_counts_where_it_was_cut_in_two() -> None:
    cutter = FrameCutter()
    cutter.feed(b"x" * frames.LONGEST_EVENT)

    assert cutter.feed(b"\n").endswith(b"x\n")
    assert (cutter.feed(b"\n"), cutter.torn) == (b"\n", False)


def test_what_follows_a_border_is_not_held_either_if_it_is_too_long() -> None:
    cutter = FrameCutter()
    wire = b"data: 1\n\n" + b"x" * (frames.LONGEST_EVENT + 1)

    assert (cutter.feed(wire), cutter.torn) == (wire, True)


def seconds_for(pieces: int) -> float:
    """Return how long it takes to collect one event that comes in that many pieces: the best of three."""
    taken = []
    for _ in range(3):
        cutter = FrameCutter()
        began = time.perf_counter()
        for _ in range(pieces):
            cutter.feed(b"x" * 16)
        taken.append(time.perf_counter() - began)
        assert len(cutter.tail) == pieces * 16
    return min(taken)


def test_time_grows_with_the_bytes_and_not_with_their_square() -> None:
    small, large = seconds_for(4_000), seconds_for(40_000)

    assert large < 40 * small  # ten times as much; copying what is held each time would make it a hundred
