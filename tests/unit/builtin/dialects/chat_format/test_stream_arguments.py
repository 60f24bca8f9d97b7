"""Arguments of a call, piece by piece."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.stream_arguments import StreamArguments

_VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text('a"\\\\{}[], \n', max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text('k"\\\\{}', max_size=3), inner, max_size=3)),
    max_leaves=6,
)
_OBJECTS = st.builds(json.dumps, st.dictionaries(st.text(max_size=3), _VALUES, max_size=3), indent=st.sampled_from([None, 1]))


def of(*pieces: str) -> StreamArguments:
    arguments = StreamArguments()
    for each in pieces:
        arguments.add(each)
    return arguments


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ((), False),
        ((" ",), False),
        (("{}",), True),
        ((" ", "{", "}", "\n"), True),
        (("{", "} {"), False),
        (("{}", "{", "}"), False),
        (("{}", " ", "x"), False),
        (('{"a":"}', '"}'), True),
        (('{"a":"\\', '"}', '"}'), True),
        (('{"a":"\\\\', '"}'), True),
        (('{"a":"}"',), False),
        (("[]",), False),
        (("}{", "}"), False),
        (("{a}",), False),
        (('{"a":"\\ud83d"}',), True),
    ],
)
def test_arguments_are_whole_once_they_are_an_object(pieces: tuple[str, ...], whole: bool) -> None:
    assert of(*pieces).are_whole == whole


@given(st.one_of(_OBJECTS, st.text('{}"\\\\ a:,[]', max_size=20)), st.data())
def test_after_each_piece_they_are_whole_if_and_only_if_a_parser_says_so(text: str, data: st.DataObject) -> None:
    arguments = StreamArguments()
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, len(text) - at))
        arguments.add(text[at : at + size])
        at += size
        assert arguments.are_whole == chat.is_object(text[:at])


def test_what_may_become_null_is_not_ready() -> None:
    arguments = of("nul")

    assert (arguments.ready(bare=False), arguments.are_untold, arguments.are_whole) == ("", True, False)
    arguments.add("l")
    assert (arguments.ready(bare=False), arguments.are_whole, arguments.rest()) == ("", True, "")


def test_other_things_are_ready_at_once_and_only_once() -> None:
    arguments = of("{", "}")

    assert [arguments.ready(bare=False), arguments.ready(bare=False), arguments.rest()] == ["{}", "", ""]


def test_a_beginning_of_null_is_the_rest() -> None:
    arguments = of("nu")

    assert [arguments.ready(bare=False), arguments.rest()] == ["", "nu"]


def test_a_bare_text_waits_for_nothing() -> None:
    assert of("nu").ready(bare=True) == "nu"


@given(_OBJECTS, st.data())
def test_pieces_that_only_go_on_change_nothing(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
    pieces = [text[start:end] for start, end in pairwise(ends)]
    slow, quick = StreamArguments(), StreamArguments()
    for piece in pieces:
        slow.add(piece)
        expected = slow.ready(bare=False)
        if quick.more(piece):
            said = piece
        else:
            quick.add(piece)
            said = quick.ready(bare=False)
        assert said == expected

    assert (quick, quick.are_whole) == (slow, True)


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        ((), "a"),
        (("{",), "a"),
        (('{"a":"',), '"'),
        (('{"a":"',), "\\"),
        (('{"a":"\\',), "n"),
        (('{"a":1}',), " "),
        (("nul",), "l"),
    ],
)
def test_other_pieces_have_to_be_looked_at(before: tuple[str, ...], piece: str) -> None:
    arguments = StreamArguments()
    for each in before:
        arguments.add(each)
        arguments.ready(bare=False)

    assert arguments.more(piece) is False
