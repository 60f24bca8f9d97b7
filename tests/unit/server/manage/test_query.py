from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.errors.exceptions import BadRequest
from korproxy.server.manage.query import Query

NOW = 1_780_000_000.0
KNOWN = ("failed", "since", "limit", "level", "id")


def query(raw: bytes) -> Query:
    return Query.of(raw, *KNOWN)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"", False),
        (b"failed", True),
        (b"failed=", True),
        (b"failed=1", True),
        (b"failed=TRUE", True),
        (b"failed=0", False),
        (b"failed=no", False),
    ],
)
def test_a_flag_is_said_in_every_usual_way(raw: bytes, wanted: bool) -> None:
    assert query(raw).flag("failed") is wanted


def test_what_nobody_said_is_as_it_is_without() -> None:
    asked = query(b"since=&limit=&level=&id=")

    assert asked.moment("since", NOW, 5.0) == 5.0
    assert (asked.number("limit", 50, 1000), asked.choice("level", ("a", "b"), "b"), asked.text("id")) == (50, "b", "")


def test_what_was_said_is_read() -> None:
    asked = query(b"since=24h&limit=1000&level=A&id=a%2Fb+c%C3%BC")

    assert asked.moment("since", NOW, 5.0) == NOW - 86400
    assert (asked.number("limit", 50, 1000), asked.choice("level", ("a", "b"), "b"), asked.text("id")) == (1000, "a", "a/b cü")


def test_a_plus_in_a_zone_is_one_although_it_means_a_blank() -> None:
    assert query(b"since=2026-05-28T14:00:00+02:00").moment("since", NOW, 5.0) == 1779969600.0


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"faild=1", "This address takes no 'faild' in its query. It takes failed, since, limit, level, id."),
        (b"id=1&id=2", "'id' stands in the query more than once."),
        (b"id=" + b"x" * 301, "'id' has more than 300 characters."),
        (b"id=%ff", "The query is no text, or has more than 20 parts."),
        (b"id=\xff", "The query is no text, or has more than 20 parts."),
        (b"&".join([b"id=1"] * 21), "The query is no text, or has more than 20 parts."),
        (b"failed=perhaps", "'failed' is true or false, not 'perhaps'."),
        (b"limit=0", "'limit' is a whole number from 1 to 1000, not '0'."),
        (b"limit=1001", "'limit' is a whole number from 1 to 1000, not '1001'."),
        (b"limit=-1", "'limit' is a whole number from 1 to 1000, not '-1'."),
        (b"limit=1e2", "'limit' is a whole number from 1 to 1000, not '1e2'."),
        (b"limit=" + b"9" * 200, "'limit' is a whole number from 1 to 1000, not '99999999…'."),
        (b"level=loud", "'level' is one of a, b, not 'loud'."),
        (b"since=soon", "'since' is no time: 'soon'. Write how long ago, such as"),
    ],
)
def test_what_is_not_understood_is_refused_and_says_what_would_be_right(raw: bytes, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_all(query(raw))

    assert (caught.value.code, caught.value.detail[: len(words)]) == ("KP-SYS-543", words)


def test_an_address_without_questions_says_that_it_takes_none() -> None:
    with pytest.raises(BadRequest, match="It takes none"):
        Query.of(b"a=1")


def read_all(asked: Query) -> None:
    asked.flag("failed")
    asked.moment("since", NOW, 0.0)
    asked.number("limit", 1, 1000)
    asked.choice("level", ("a", "b"), "a")
    asked.text("id")


@given(
    st.binary(max_size=60) | st.lists(st.sampled_from([b"since", b"=", b"&", b"limit", b"9", b"%", b"+", b"id"])).map(b"".join)
)
def test_any_query_is_read_or_refused(raw: bytes) -> None:
    with suppress(BadRequest):
        read_all(query(raw))
