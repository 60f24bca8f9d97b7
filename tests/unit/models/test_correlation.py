"""One name for a request, taken from the client only where it can do no harm."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.models.calls import Headers
from korproxy.models.correlation import correlation_id, current_correlation, new_id


def sent(**values: bytes) -> Headers:
    return Headers([(name.replace("_", "-").encode(), value) for name, value in values.items()])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (sent(x_correlation_id=b"abc"), "abc"),
        (sent(x_request_id=b"abc"), "abc"),
        (sent(x_request_id=b"second", x_correlation_id=b"first"), "first"),
        (sent(x_correlation_id=b"not valid", x_request_id=b"valid"), "valid"),
        (sent(x_correlation_id=b"x" * 128), "x" * 128),
        (sent(x_correlation_id=b" Az09._:- "), "Az09._:-"),
    ],
)
def test_the_clients_id_is_taken(headers: Headers, expected: str) -> None:
    assert correlation_id(headers) == expected


@pytest.mark.parametrize("value", [b"", b"x" * 129, b"a b", b"a\nb", b'a"b', b"a/b", b"a%b", "ä".encode(), b"a\x00", b"<b>"])
def test_an_id_that_could_do_harm_is_replaced(value: bytes) -> None:
    assert uuid.UUID(correlation_id(sent(x_correlation_id=value))).version == 4


@given(st.binary(max_size=140))
def test_an_id_is_always_harmless(value: bytes) -> None:
    taken = correlation_id(sent(x_correlation_id=value))

    assert 1 <= len(taken) <= 128
    assert all(each.isascii() and (each.isalnum() or each in "._:-") for each in taken)


def test_a_new_id_is_new() -> None:
    assert len({new_id() for _ in range(100)}) == 100


def test_a_new_id_is_a_random_uuid_as_it_is_usually_written() -> None:
    ids = [uuid.UUID(new_id()) for _ in range(1000)]

    assert {(each.version, each.variant) for each in ids} == {(4, uuid.RFC_4122)}
    assert all(str(uuid.UUID(text)) == text for text in (new_id() for _ in range(100)))
    assert {f"{each}"[19] for each in ids} == set("89ab")


def test_outside_a_request_there_is_none() -> None:
    assert current_correlation.get() == "-"
