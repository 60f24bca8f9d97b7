from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway.inflate import CannotInflate, Inflater, inflated
from korproxy.models.calls import Headers

WORDS = "größer data: {}\n\n".encode() * 100


def coded(coding: str) -> Headers:
    return Headers(((b"content-encoding", coding.encode()),))


@pytest.mark.parametrize("headers", [Headers(), coded("identity"), coded("")])
def test_what_is_not_compressed_is_left_alone(headers: Headers) -> None:
    assert Inflater.of(headers, longest=1).feed(WORDS) is WORDS


@pytest.mark.parametrize(("coding", "packed"), [("GZIP", gzip.compress(WORDS, mtime=0)), ("deflate", zlib.compress(WORDS))])
@given(data=st.data())
def test_it_says_the_same_wherever_it_is_cut(coding: str, packed: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=8)))
    machine = Inflater.of(coded(coding), longest=10_000)

    assert b"".join(machine.feed(packed[a:b]) for a, b in pairwise([0, *cuts, len(packed)])) == WORDS


def test_several_in_a_row_are_one() -> None:
    machine = Inflater.of(coded("gzip"), longest=10_000)

    assert machine.feed(gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"


def test_each_piece_comes_out_as_soon_as_it_was_flushed() -> None:
    packer, machine = zlib.compressobj(wbits=31), Inflater.of(coded("gzip"), longest=100)
    found = [machine.feed(packer.compress(each) + packer.flush(zlib.Z_SYNC_FLUSH)) for each in (b"one", b"two")]

    assert found == [b"one", b"two"]


@pytest.mark.parametrize(
    ("coding", "data", "why"),
    [
        ("br", b"x", r"^it is compressed \('br'\), though none was asked for$"),
        ("gzip", b"plain words", r"^it is not compressed as it says \('gzip'\)$"),
        ("gzip", gzip.compress(b"x" * 1001, mtime=0), "^it swells to more than 1000 bytes$"),
        ("gzip", gzip.compress(b"x" * 1000, mtime=0) + gzip.compress(b"x", mtime=0), "^it swells to more than 1000 bytes$"),
    ],
)
def test_what_cannot_be_unpacked_is_said(coding: str, data: bytes, why: str) -> None:
    with pytest.raises(CannotInflate, match=why):
        Inflater.of(coded(coding), longest=1000).feed(data)


def test_a_beginning_is_unpacked_as_far_as_it_goes() -> None:
    packed = gzip.compress(WORDS, mtime=0)

    assert inflated(coded("gzip"), packed, longest=10_000) == WORDS
    assert inflated(coded("gzip"), packed, longest=5) == WORDS[:5]
    assert WORDS.startswith(inflated(coded("gzip"), packed[:30], longest=10_000))
    assert inflated(coded("gzip"), b"plain", longest=3) == b"pla"
    assert inflated(coded("br"), b"plain", longest=10) == b"plain"
