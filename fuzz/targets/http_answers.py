"""An answer of a provider reads the same however the network cuts it; and whatever comes, it is understood or refused."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.net.errors import Broken, NotHttp
from korproxy.net.response import ResponseReader

Cut = tuple[bytes, list[int]]

_pieces = [
    *(
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 X\r\n",
        b"HTTP/1.1 101 X\r\n",
    ),
    *(b"content-length: 5\r\n", b"Content-Length: 0\r\n", b"transfer-encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n"),
    *(b"connection: close\r\n", b"upgrade: x\r\nconnection: upgrade\r\n", b"x:\r\n", b"x: y \r\n", b" folded\r\n", b": x\r\n"),
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"hello",
        b"5\r\nhello\r\n",
        b"2;a=b\r\nab\r\n",
        b"0\r\n\r\n",
        b"0\r\nt: v\r\n\r\n",
        b"ff",
        b"\x00\xff",
    ),
]
_wires = st.lists(st.one_of(st.sampled_from(_pieces), st.binary(max_size=4)), max_size=14).map(b"".join)
_cut_wires = _wires.flatmap(lambda wire: st.tuples(st.just(wire), st.lists(st.integers(0, len(wire)), max_size=8).map(sorted)))


def check(cut: Cut) -> None:
    """Read the pieces one by one, and the whole."""
    wire, cuts = cut
    edges = [0, *cuts, len(wire)]
    whole, in_pieces = _read([wire]), _read([wire[start:end] for start, end in pairwise(edges) if start < end])
    assert whole == in_pieces, "the cuts make a difference"


def _read(pieces: list[bytes]) -> tuple[object, ...]:
    reader, body, error = ResponseReader(), b"", ""
    try:
        for each in filter(None, pieces):
            reader.feed(each)
            body += reader.take()
            if reader.error is not None:
                raise reader.error
        if not reader.complete:
            reader.end()
    except (NotHttp, Broken) as exc:
        error = f"{type(exc).__name__}: {exc}"
    return reader.status, reader.fields, body, reader.complete, reader.surplus, reader.keeps, error


def read(wire: bytes) -> Cut:
    """Cut the wire after every byte: the worst that a network can do."""
    return wire, list(range(len(wire)))


HTTP_ANSWERS = Target(name="http_answers", inputs=_cut_wires, read=read, check=check)
