"""Chunks, cut anywhere: the same body whatever the cuts, the same as h11 finds, and little work however small the pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from korproxy.server.lane.chunks import LONGEST_LINE, LONGEST_TRAILERS, Chunks, Malformed

BEHIND = b"POST / HTTP/1.1\r\n"
BLANK = re.compile(rb"([0-9A-Fa-f])[ \t]+;")  # is allowed (RFC 9112, section 7.1.1), but not by h11
MB = 1024 * 1024


def taken_apart(wire: bytes, cuts: Iterable[int] = ()) -> tuple[bytes, bytes | None]:
    """Return the body in *wire* and what is behind it; None: the body is not over."""
    chunks, found = Chunks(), b""
    inner = sorted(min(each, len(wire)) for each in cuts)
    for start, end in pairwise([0, *inner, len(wire)]):
        if chunks.over:
            return found, chunks.rest + wire[start:]
        found += chunks.feed(wire[start:end])
    return found, chunks.rest if chunks.over else None


def as_h11_has_it(wire: bytes) -> tuple[bytes, bytes | None]:
    """Return the same of h11.

    Raises:
        RemoteProtocolError: It finds something wrong.
    """
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * LONGEST_TRAILERS)
    reader.receive_data(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + wire)
    reader.next_event()
    found = b""
    while True:
        event = reader.next_event()
        if isinstance(event, h11.EndOfMessage):
            return found, reader.trailing_data[0]
        if event is h11.NEED_DATA:
            return found, None
        assert isinstance(event, h11.Data)
        found += event.data


def outcome(of: Callable[[], tuple[bytes, bytes | None]]) -> tuple[bytes, bytes | None] | str:
    try:
        return of()
    except (Malformed, h11.RemoteProtocolError):
        return "malformed"


sizes = st.builds(lambda zeros, capital: "0" * zeros + ("%X" if capital else "%x"), st.integers(0, 3), st.booleans())
extensions = st.sampled_from([b"", b"", b"", b";", b";a", b"; a=b", b';a="b;c"', b";a\t=b ", b" "])
chunks_sent = st.builds(
    lambda form, extension, data: (form % len(data)).encode() + extension + b"\r\n" + data + b"\r\n",
    sizes,
    extensions,
    st.binary(min_size=1, max_size=40) | st.sampled_from([b"\r\n", b"0\r\n\r\n", b"x" * 5000]),
)
trailers = st.lists(st.sampled_from([b"a: b\r\n", b"X-Sum:\r\n", b"digest: 3\r\n", b"a:\t \xff\r\n"]), max_size=3)
bodies = st.builds(
    lambda chunks, last, fields: b"".join(chunks) + last + b"\r\n" + b"".join(fields) + b"\r\n",
    st.lists(chunks_sent, max_size=5),
    st.sampled_from([b"0", b"000", b"0;a=b"]),
    trailers,
)
cuts = st.lists(st.integers(0, 400), max_size=12)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    wire = bytearray(draw(bodies))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(wire) - 1))
        odd = st.sampled_from([b"\r\n", b"\n", b"\r", b"\0", b"0", b"0x", b"-1", b"+1", b" ", b"_", b";", b"ffffffffffffffff"])
        wire[at : at + draw(st.integers(0, 2))] = draw(odd | st.binary(max_size=2))
    return bytes(wire)


@given(bodies, cuts)
def test_any_body_is_found_however_it_is_cut_and_what_is_behind_it_is_left(wire: bytes, cuts: list[int]) -> None:
    assert taken_apart(wire + BEHIND, cuts) == as_h11_has_it(wire + BEHIND)
    assert taken_apart(wire, cuts)[1] == b""


@given(damaged(), cuts)
@example(b"1\r\nab\r\n0\r\n\r\n", [])
@example(b"1 \r\na\r\n0\r\n\r\n", [2])
@example(b"0\r\na: b\rc\r\n\r\n", [])
def test_what_is_taken_of_damaged_bodies_is_what_h11_finds_and_never_depends_on_cuts(wire: bytes, cuts: list[int]) -> None:
    whole = outcome(lambda: taken_apart(wire + BEHIND))

    assert outcome(lambda: taken_apart(wire + BEHIND, cuts)) == whole
    assert outcome(lambda: taken_apart(wire + BEHIND, range(len(wire)))) == whole
    if not isinstance(whole, str) and whole[1] is not None:
        assert whole == as_h11_has_it(BLANK.sub(rb"\1;", wire) + BEHIND)


MALFORMED = {
    "no size": b"\r\n",
    "no number": b"x\r\na\r\n",
    "plus": b"+1\r\na\r\n",
    "minus": b"-1\r\na\r\n",
    "0x": b"0x1\r\na\r\n",
    "underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n",
    "blank before": b" 1\r\na\r\n",
    "full-width digit": "１\r\na\r\n".encode(),  # noqa: RUF001
    "too large": b"1" + b"0" * 15 + b"\r\n",
    "bare LF": b"1\na\r\n0\r\n\r\n",
    "CR within": b"1\r;a\r\na\r\n",
    "NUL in an extension": b"1;\0\r\na\r\n",
    "LF in an extension": b"1;a\nb\r\na\r\n",
    "longer than it says": b"1\r\nab\r\n",
    "shorter than it says": b"3\r\na\r\n0\r\n\r\n",
    "bare LF behind it": b"1\r\na\n0\r\n\r\n",
    "bare CR behind it": b"1\r\na\r0\r\n\r\n",
    "too long an extension": b"1;" + b"a" * LONGEST_LINE + b"\r\na\r\n",
    "no end of the size": b"1" + b" " * (LONGEST_LINE + 1),
    "trailer without a colon": b"0\r\nabc\r\n\r\n",
    "trailer without a name": b"0\r\n: b\r\n\r\n",
    "trailer, folded": b"0\r\na: b\r\n c: d\r\n\r\n",
    "trailer, blank before the colon": b"0\r\na : b\r\n\r\n",
    "trailer, bare LF": b"0\r\na: b\n\r\n\r\n",
    "trailer, bare CR": b"0\r\na: b\rc\r\n\r\n",
    "trailer, NUL": b"0\r\na: \0\r\n\r\n",
    "trailer, too long": b"0\r\na:" + b"b" * LONGEST_TRAILERS + b"\r\n\r\n",
    "trailers, too many": b"0\r\n" + b"a:\r\n" * (LONGEST_TRAILERS // 4 + 1) + b"\r\n",
    "trailer without an end": b"0\r\n" + b"b" * (LONGEST_TRAILERS + 2),
}


@pytest.mark.parametrize("wire", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("step", [1, 7, 10**6])
def test_what_breaks_the_rules_is_malformed(wire: bytes, step: int) -> None:
    with pytest.raises(Malformed):
        taken_apart(wire, range(0, len(wire), step))


@pytest.mark.parametrize(
    "wire",
    [
        b"1;" + b"a" * (LONGEST_LINE - 2) + b"\r\nx\r\n0\r\n\r\n",
        b"1\r\nx\r\n0\r\na:" + b"b" * (LONGEST_TRAILERS - 4) + b"\r\n\r\n",
        b"1\r\nx\r\n0\r\n" + b"a:\r\n" * (LONGEST_TRAILERS // 4) + b"\r\n",
    ],
    ids=["line", "trailer", "trailers"],
)
@pytest.mark.parametrize("step", [1, 10**6])
def test_lines_and_trailers_may_be_as_long_as_promised(wire: bytes, step: int) -> None:
    assert taken_apart(wire + BEHIND, range(0, len(wire), step)) == (b"x", BEHIND)


class Counting(Chunks):
    """Counts its steps."""

    steps = 0

    def _step(self, data: bytes, at: int, found: list[bytes]) -> int:
        self.steps += 1
        return super()._step(data, at, found)


@pytest.mark.parametrize("step", [1, 64 * 1024, 16 * MB])
@pytest.mark.parametrize(
    ("wire", "length"),
    [
        (b"1\r\nx\r\n" * (MB // 8) + b"0\r\n\r\n", MB // 8),
        (b"40000\r\n" + b"x" * (MB // 4) + b"\r\n0\r\n\r\n", MB // 4),
        (b"0\r\na:" + b"b" * (LONGEST_TRAILERS - 4) + b"\r\n\r\n", 0),
        (b"0\r\n" + b"a:\r\n" * (LONGEST_TRAILERS // 4) + b"\r\n", 0),
    ],
    ids=["small chunks", "a large chunk", "a long trailer", "many trailers"],
)
def test_the_work_grows_with_the_bytes_not_with_their_square(wire: bytes, length: int, step: int) -> None:
    chunks, found, most_held = Counting(), 0, 0
    for start in range(0, len(wire), step):
        found += len(chunks.feed(wire[start : start + step]))
        most_held = max(most_held, len(chunks.rest))  # what is copied again with the next piece

    assert (found, chunks.over, chunks.rest) == (length, True, b"")
    assert most_held <= max(LONGEST_LINE, LONGEST_TRAILERS if length == 0 else 0) + 2
    assert chunks.steps <= 3 * len(wire) + 10
