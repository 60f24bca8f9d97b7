from __future__ import annotations

import weakref
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.calls import RawHeaders
from korproxy.net.errors import Broken, NotHttp
from korproxy.net.response import MOST_BYTES, MOST_FIELDS, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


@attrs.define
class Read:
    """What came of an answer."""

    status: int = 0
    fields: RawHeaders = ()
    body: bytes = b""
    complete: bool = False
    surplus: bool = False
    keeps: bool = False
    error: str = ""


def read(*pieces: bytes, no_body: bool = False, end: bool = False) -> Read:
    """Read *pieces*, and the end of the connection behind them if *end*."""
    reader, found = ResponseReader(no_body), Read()
    try:
        for each in pieces:
            reader.feed(each)
            found.body += reader.take()
            if reader.error is not None:
                raise reader.error
        if end and not reader.complete:
            reader.end()
    except (NotHttp, Broken) as exc:
        found.error = f"{type(exc).__name__}: {exc}"
    found.status, found.fields, found.complete = reader.status, reader.fields, reader.complete
    found.surplus, found.keeps = reader.surplus, reader.keeps
    return found


def test_an_answer_is_its_status_its_fields_in_lower_case_and_its_body() -> None:
    wire = OK + b"X-One:  1 \r\nx-one: 2\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello"

    fields = ((b"x-one", b"1"), (b"x-one", b"2"), (b"x-empty", b""), (b"content-length", b"5"))
    assert read(wire) == Read(200, fields, b"hello", complete=True, keeps=True)


def test_chunks_are_put_together_and_what_is_said_about_them_and_behind_them_is_left_out() -> None:
    wire = CHUNKED + b'3;a="b"\r\nhel\r\n2\r\nlo\r\n0\r\nx-checksum: 1\r\n\r\n'

    assert read(wire) == Read(200, ((b"transfer-encoding", b"chunked"),), b"hello", complete=True, keeps=True)


def test_all_that_came_in_one_read_is_one_piece() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n")

    assert (reader.take(), reader.take(), reader.complete) == (b"hello", b"", False)


def test_drained_is_an_answer_whose_last_bytes_were_taken() -> None:
    reader = ResponseReader()
    reader.feed(OK + b"content-length: 5\r\n\r\nhello")
    before = (reader.complete, reader.drained)
    reader.take()

    assert (before, reader.drained) == ((True, False), True)


def test_an_answer_without_a_length_ends_with_the_connection_which_is_not_used_again() -> None:
    assert read(OK + b"\r\nhel", b"lo", end=True) == Read(200, (), b"hello", complete=True)


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body_whatever_they_say(status: int) -> None:
    fields = ((b"content-length", b"5"),)

    assert read(b"HTTP/1.1 %d X\r\ncontent-length: 5\r\n\r\n" % status) == Read(status, fields, complete=True, keeps=True)


def test_the_answer_to_a_head_has_no_body_whatever_it_says() -> None:
    fields = ((b"content-length", b"5"),)

    assert read(OK + b"content-length: 5\r\n\r\n", no_body=True) == Read(200, fields, complete=True, keeps=True)
    assert read(OK + b"content-length: 5\r\n\r\nhello", no_body=True).surplus


def test_interim_answers_are_skipped_with_their_fields() -> None:
    wire = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK + b"content-length: 1\r\n\r\nx"

    assert read(wire) == Read(200, ((b"content-length", b"1"),), b"x", complete=True, keeps=True)


@pytest.mark.parametrize(
    "head", [OK + b"connection: close\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\nconnection: close\r\n"]
)
def test_a_server_that_closes_behind_its_answer_says_so(head: bytes) -> None:
    found = read(head + b"content-length: 5\r\n\r\nhello")

    assert (found.body, found.complete, found.keeps) == (b"hello", True, False)


@pytest.mark.parametrize("end", [b"", b"connection: close\r\n"])
@pytest.mark.parametrize("surplus", [b"x", b"HTTP/1.1 200 OK\r\n", b"\0"])
def test_what_comes_behind_an_answer_is_noticed_and_does_not_spoil_it(end: bytes, surplus: bytes) -> None:
    wire = OK + end + b"content-length: 5\r\n\r\nhello"

    for each in (read(wire + surplus), read(wire, surplus)):
        assert (each.body, each.complete, each.surplus, each.error) == (b"hello", True, True, "")
    assert not read(wire + b"\r\n", b"\r\n").surplus


@pytest.mark.parametrize(
    "wire",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        OK + b": x\r\n\r\n",
        OK + b"x : y\r\n\r\n",
        OK + b"x: a\0b\r\n\r\n",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
        OK + b"content-length: 5, 6\r\n\r\n",
        OK + b"content-length: -5\r\n\r\n",
        OK + b"content-length: 99999999999999999999999\r\n\r\n",
        OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        OK + b"transfer-encoding: gzip\r\n\r\n",
        OK + b"transfer-encoding: gzip, chunked\r\n\r\n",
        OK + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_a_head_that_cannot_be_trusted_is_none(wire: bytes) -> None:
    found = read(wire)

    assert (found.status, found.error.partition(":")[0]) == (0, "NotHttp")


@pytest.mark.parametrize("wire", [b"zz\r\nhello\r\n", b"fffffffffffffffffff\r\nhello", b"2\r\nhello\r\n"])
def test_chunks_that_are_none_are_told_after_the_body_before_them(wire: bytes) -> None:
    found = read(CHUNKED + b"3\r\nabc\r\n" + wire)

    assert (found.status, found.body[:3], found.complete, found.error.partition(":")[0]) == (200, b"abc", False, "NotHttp")


@pytest.mark.parametrize(
    "wire", [b"", OK, OK + b"content-length: 5\r\n\r\nhell", CHUNKED, CHUNKED + b"5\r\nhello\r\n", CHUNKED + b"5\r\nhe"]
)
def test_an_end_that_comes_too_early_is_no_end(wire: bytes) -> None:
    assert read(wire, end=True).error == "Broken: closed"


def test_a_head_may_have_so_many_fields_and_no_more() -> None:
    most = OK + b"x: y\r\n" * (MOST_FIELDS - 1) + b"content-length: 0\r\n"

    assert read(most + b"\r\n").complete
    assert read(most + b"x: y\r\n\r\n").error == "NotHttp: too many header fields"


def test_a_head_may_be_so_long_and_no_longer() -> None:
    long = b"x: " + b"y" * (MOST_BYTES - 40)
    rest = b"\r\ncontent-length: 0\r\n\r\n"

    assert read(OK + long + rest).complete
    assert read(OK + long + b"y" * 40 + rest).error == "NotHttp: a head of more than 64 KiB"
    assert read(OK + long, b"y" * 100).error == "NotHttp: too much that is no answer"


@pytest.mark.parametrize("wire", [OK + b"x: ", CHUNKED + b"1;", CHUNKED + b"0\r\nx: ", b"HTTP/1.1 102 Processing\r\n\r\n"])
def test_what_drips_in_without_a_body_is_enough_at_some_time(wire: bytes) -> None:
    """Of a line that does not end, of trailers, and of interim answers, a server could send for ever."""
    again = wire if wire.endswith(b"\r\n") else b"y" * 40

    assert read(wire, *[again] * (MOST_BYTES // len(again) + 1)).error == "NotHttp: too much that is no answer"


def test_a_long_stream_in_small_reads_is_not_too_much() -> None:
    pieces = [cut for _ in range(MOST_BYTES) for cut in (b"1\r", b"\nx\r\n")]

    assert read(CHUNKED, *pieces).body == b"x" * MOST_BYTES


@pytest.mark.parametrize("wire", [OK + b"content-length: 5\r\n\r\nhello", OK + b"content-length: 5\r\n\r\nhel"])
def test_a_reader_that_is_done_goes_by_itself_and_is_no_work_for_the_garbage_collector(wire: bytes) -> None:
    reader = ResponseReader()
    seen = weakref.ref(reader)
    reader.feed(wire)
    if not reader.complete:
        reader.drop()
    del reader

    assert seen() is None


WHOLE = st.sampled_from(
    [
        OK + b"content-type: a/b\r\nx-empty:\r\ncontent-length: 5\r\n\r\nhello",
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
        CHUNKED + b"3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\ntrailer: 1\r\nanother: 2\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        OK + b"content-length: 5\r\n\r\nhelloHTTP/1.1 500 Stolen\r\n\r\n",
        CHUNKED + b"3\r\nhel\r\nzz\r\n",
        b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ]
)
BYTES = st.one_of(
    st.sampled_from([b"\r", b"\n", b"\r\n", b":", b" ", b"0", b"\0", b"\xff", b",", b"HTTP/1.1 "]), st.binary(max_size=4)
)


def in_pieces(wire: bytes, data: st.DataObject) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    return [wire[a:b] for a, b in pairwise([0, *cuts, len(wire)]) if a < b]


@given(WHOLE, st.booleans(), st.data())
def test_an_answer_reads_the_same_however_it_is_cut(wire: bytes, no_body: bool, data: st.DataObject) -> None:
    assert read(*in_pieces(wire, data), no_body=no_body, end=True) == read(wire, no_body=no_body, end=True)


@given(WHOLE, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 6), BYTES), min_size=1, max_size=3), st.data())
def test_garbage_reads_the_same_however_it_is_cut_and_raises_nothing_else(
    wire: bytes, changes: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    for at, count, bytes_ in changes:
        wire = wire[:at] + bytes_ + wire[at + count :]

    assert read(*in_pieces(wire, data), end=True) == read(wire, end=True)


@given(st.binary(max_size=200), st.data())
def test_noise_raises_nothing_else(noise: bytes, data: st.DataObject) -> None:
    read(*in_pieces(noise, data), end=True)
    read(OK, *in_pieces(noise, data), end=True)
    read(CHUNKED, *in_pieces(noise, data), end=True)
