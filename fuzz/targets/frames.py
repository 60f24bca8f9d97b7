"""However the network cuts a stream: no byte is lost, none is held back that could go, and what goes out ends with an event."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import strategies as st

from fuzz.target import Target
from korproxy.gateway import frames

LONGEST = 40  # in place of a megabyte, so that small inputs reach it
Cut = tuple[bytes, list[int]]

_pieces = [
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n"),
    *(b"data: {}", b'data: {"a":"\xe2\x80\xa8"}', b"event: ping", b": hello", b"data", b"", b"\x00\xff\xf0\x9f"),
    *(b"data: [DONE]\n\n", b"id: 1\r\ndata: x\r\n\r\n", b"x" * (LONGEST // 2 + 1)),
]
_wires = st.lists(st.sampled_from(_pieces), max_size=12).map(b"".join)
_cut_wires = _wires.flatmap(lambda wire: st.tuples(st.just(wire), st.lists(st.integers(0, len(wire)), max_size=12).map(sorted)))


def check(cut: Cut) -> None:
    """Feed the pieces one by one."""
    with patch.object(frames, "LONGEST_EVENT", LONGEST):
        _check(*cut)


def _check(wire: bytes, cuts: list[int]) -> None:
    cutter = frames.FrameCutter()
    out = b""
    for start, end in pairwise([0, *cuts, len(wire)]):
        piece = cutter.feed(wire[start:end])
        out += piece
        assert out + cutter.tail == wire[:end], "bytes were lost, added or moved"
        assert not _holds_a_whole_event(cutter.tail), "a whole event is held back"
        assert len(cutter.tail) <= LONGEST, "more is held back than was promised"
        assert cutter.torn or not out or not out.splitlines()[-1], "cut inside an event"


def _holds_a_whole_event(tail: bytes) -> bool:
    """Look for a blank line. A CR behind LF may be half a CRLF as long as nothing follows it."""
    return b"\n\n" in tail or b"\r\r" in tail or b"\n\r" in tail[:-1]


def read(wire: bytes) -> Cut:
    """Cut the wire after every byte: the worst that a network can do."""
    return wire, list(range(len(wire)))


FRAMES = Target(name="frames", inputs=_cut_wires, read=read, check=check)
