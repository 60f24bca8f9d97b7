"""Headers, and what shows of a request when somebody prints it."""

from __future__ import annotations

import attrs
import pytest

from korproxy.models.accounts import Secret
from korproxy.models.calls import Call, Headers, Outgoing, Peek, UpstreamRequest

HEADERS = Headers([(b"a", b"1"), (b"anthropic-beta", b"x"), (b"a", b"2"), (b"b", b" \xe9 "), (b"anthropic-beta", b"y")])


def test_the_first_value_of_a_name_is_found() -> None:
    assert (HEADERS.get(b"a"), HEADERS.get(b"c")) == (b"1", None)


def test_whether_something_was_looked_up_makes_no_difference_between_headers() -> None:
    asked, unasked = Headers(((b"a", b"1"), (b"a", b"2"))), Headers(((b"a", b"1"), (b"a", b"2")))

    assert (asked.get(b"a"), asked.get(b"b"), Headers().get(b"a")) == (b"1", None, None)
    assert asked == unasked
    assert hash(asked) == hash(unasked)
    assert attrs.evolve(asked, raw=((b"b", b"3"),)).get(b"b") == b"3"


def test_text_is_latin_1_without_space_around_it() -> None:
    assert (HEADERS.text(b"b"), HEADERS.text(b"c"), HEADERS.text(b"c", "none")) == ("é", "", "none")


@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [
        ((b"anthropic-",), [(b"anthropic-beta", b"x"), (b"anthropic-beta", b"y")]),
        ((b"b", b"anthropic-"), [(b"anthropic-beta", b"x"), (b"b", b" \xe9 "), (b"anthropic-beta", b"y")]),
        ((b"c",), []),
        ((), []),
    ],
)
def test_fields_are_found_by_prefix_in_their_order(prefixes: tuple[bytes, ...], expected: list[tuple[bytes, bytes]]) -> None:
    assert list(HEADERS.starting(prefixes)) == expected


@pytest.mark.parametrize(
    "shown",
    [
        Headers([(b"authorization", b"Bearer hush")]),
        Outgoing(dialect="d", model="m", stream=False, body=b"hush", headers=[(b"x", b"hush")], credential=Secret("hush")),
        UpstreamRequest(method="POST", url="http://a.test", headers=[(b"x-api-key", b"hush")], body=b"hush"),
        Call(
            id="1",
            correlation_id="c",
            dialect="d",
            path="/",
            peek=Peek(model="m", stream=False),
            body=b"hush",
            headers=Headers([(b"x", b"hush")]),
            credential=Secret("hush"),
        ),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_neither_body_nor_headers_nor_credential_are_printed(shown: object) -> None:
    assert "hush" not in repr(shown)
    assert "hush" not in str(shown)
