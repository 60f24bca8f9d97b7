from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from korproxy.chat import Report
from korproxy.gateway.lossy import lossy_header


def report(*pointers: str) -> Report:
    made = Report()
    for each in pointers:
        made.lost(each, "no place")
    return made


def test_the_header_lists_each_pointer_once() -> None:
    assert lossy_header(report("/a", "/b/0", "/a")) == b"/a,/b/0"
    assert lossy_header(report()) == b""


def test_what_stands_higher_in_the_request_comes_first() -> None:
    lost = report("/tools/0/strict", "/seed", "/tools/1/strict", "header:anthropic-beta", "/thinking/type")

    assert lossy_header(lost) == b"header:anthropic-beta,/seed,/thinking/type,/tools/0/strict,/tools/1/strict"


def test_what_is_too_long_for_the_header_is_counted() -> None:
    assert lossy_header(report("/aa", "/bb", "/cc"), longest=8) == b"/aa,/bb;+1"
    assert lossy_header(report("/" + "x" * 2000)) == b";+1"


def test_a_pointer_cannot_break_the_header() -> None:
    assert lossy_header(report("/a,b;c%d\r\ne é")) == b"/a%2Cb%3Bc%25d%0D%0Ae%20%C3%A9"


@given(st.lists(st.text(min_size=1)))
def test_the_header_is_always_clean_and_short(pointers: list[str]) -> None:
    header = lossy_header(report(*(f"/{each}" for each in pointers)))

    assert len(header) <= 1024 + len(b";+100000")
    assert all(0x21 <= byte <= 0x7E for byte in header)
