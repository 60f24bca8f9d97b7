"""Bytes become events, however they are cut, and what is no event stream is seen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from korproxy_conformance.sse import Event, EventReader
from korproxy_conformance.wrong import Wrong

NAMES = st.sampled_from(["", "ping", "message_stop"])
LINES = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)


def events_in(data: bytes) -> list[tuple[str, bytes]]:
    return [(each.name, each.data) for each in EventReader().feed(data)]


@given(st.lists(st.tuples(NAMES, st.lists(LINES, min_size=1, max_size=3))), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_events_do_not_depend_on_cuts_nor_on_the_kind_of_line_end(
    sent: list[tuple[str, list[str]]], end: str, data: st.DataObject
) -> None:
    lines = [
        line
        for name, texts in sent
        for line in ([f"event: {name}"] if name else []) + [f"data: {text}" for text in texts] + [""]
    ]
    wire = "".join(f"{line}{end}" for line in lines).encode() + b": the end\n"  # a CR alone waits for what follows it
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)))))
    reader = EventReader()
    got = [each for a, b in pairwise([0, *cuts, len(wire)]) for each in reader.feed(wire[a:b])]
    expected = [Event(number=n, name=name, data="\n".join(texts).encode()) for n, (name, texts) in enumerate(sent)]
    assert (got, reader.rest(), reader.comments) == (expected, b"", 1)


def test_a_line_separator_of_unicode_is_no_line_end() -> None:
    assert events_in("data: a\u2028b\u0085c\n\n".encode()) == [("", "a\u2028b\u0085c".encode())]


def test_comments_and_events_without_data_are_nothing() -> None:
    assert events_in(b": hi\n\nevent: ping\n\ndata: 1\n\n") == [("", b"1")]


def test_what_has_no_empty_line_behind_it_is_no_event() -> None:
    reader = EventReader()
    assert list(reader.feed(b"data: 1\n\ndata: 2\n")) == [Event(number=0, name="", data=b"1")]
    assert reader.rest() == b"2"
    assert list(reader.feed(b"dat")) == []
    assert reader.rest() == b"dat"


@pytest.mark.parametrize("line", [b"id: 1", b"retry: 3", b"{}", b"<html>"])
def test_a_line_that_no_api_sends_is_wrong(line: bytes) -> None:
    with pytest.raises(Wrong, match="expected a line `data:`, `event:` or a comment"):
        list(EventReader().feed(line + b"\n"))


def test_data_that_is_no_json_object_is_pointed_at() -> None:
    [event] = EventReader().feed(b"data: [1]\n\n")
    with pytest.raises(Wrong) as caught:
        event.json()
    assert str(caught.value) == "expected an object; came [1] at event 0 /"
