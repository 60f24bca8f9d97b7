"""Which text a citation is about, and where."""

from __future__ import annotations

import pytest

from korproxy.api import chat
from korproxy.chat.citing import fit_citation, fit_citations

PAGE = chat.Citation(url="https://a.example/")


@pytest.mark.parametrize("place", [(0, 5), (2, 2), (5, 5)])
def test_a_place_in_the_text_stays(place: tuple[int, int]) -> None:
    cited = chat.Citation(url="https://a.example/", start=place[0], end=place[1])

    assert fit_citation(cited, 5) is cited


@pytest.mark.parametrize("place", [(0, 6), (-1, 3), (4, 3), (None, 3), (3, None)])
def test_a_place_outside_of_the_text_is_none(place: tuple[int | None, int | None]) -> None:
    assert fit_citation(chat.Citation(url="https://a.example/", start=place[0], end=place[1]), 5) == PAGE


def test_a_text_keeps_what_it_cites() -> None:
    odd = chat.Citation(url="https://a.example/", start=1, end=9)

    assert fit_citations(chat.Text(text="Hello", citations=(odd, PAGE))) == chat.Text(text="Hello", citations=(PAGE, PAGE))


def test_without_a_place_all_of_the_text_counts() -> None:
    assert chat.span_of(PAGE, 7) == (0, 7)
    assert chat.span_of(chat.Citation(url="x", start=2, end=3), 7) == (2, 3)


def test_places_in_one_text_become_places_in_all_of_it() -> None:
    count = chat.TextCount()
    events = (chat.TextDelta("one"), chat.TextEnded(), chat.TextDelta("tw"), chat.CallEnded(0), chat.TextDelta("o"))
    for each in events:
        count.see(each)

    assert count.span(PAGE) == (3, 6)
    assert count.span(chat.Citation(url="x", start=1, end=2)) == (4, 5)


@pytest.mark.parametrize(
    "event",
    [
        chat.TextEnded(),
        chat.ReasoningDelta("hm"),
        chat.ReasoningEnded(),
        chat.RefusalDelta("no"),
        chat.CallStarted(key=0, id="1", name="a"),
        chat.PartAdded(chat.Image(blob=chat.Blob(url="x"))),
    ],
)
def test_whatever_else_is_told_ends_a_text(event: chat.Event) -> None:
    count = chat.TextCount()
    for each in (chat.TextDelta("one"), event):
        count.see(each)
    count.add("![image]")

    assert (count.before, count.length) == (11, None)
