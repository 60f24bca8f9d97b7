from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.models.calls import RawHeaders
from korproxy.net import request_head
from korproxy.net.address import basic, target_of
from korproxy.net.errors import BadFields
from korproxy.net.request_head import LONGEST_LINE, MOST_LINES, head_of

TARGET = target_of("http://one.test:8080/v1/chat?beta=true")


def test_a_head_is_the_request_line_the_host_the_fields_as_they_are_and_the_length() -> None:
    fields = [(b"x-b", b"1"), (b"X-A", b"2"), (b"x-b", b" 3\t\xff"), (b"x-empty", b"")]

    assert head_of("POST", TARGET, fields, length=12).split(b"\r\n") == [
        b"POST /v1/chat?beta=true HTTP/1.1",
        b"host: one.test:8080",
        b"x-b: 1",
        b"X-A: 2",
        b"x-b:  3\t\xff",
        b"x-empty: ",
        b"content-length: 12",
        b"",
        b"",
    ]


def test_without_a_body_no_length_need_be_said() -> None:
    assert head_of("GET", TARGET, (), length=None) == b"GET /v1/chat?beta=true HTTP/1.1\r\nhost: one.test:8080\r\n\r\n"


def test_a_proxy_gets_the_whole_address_and_the_server_the_host_that_is_wanted() -> None:
    head = head_of("GET", TARGET, (), length=None, absolute=True, host=b"other.test")

    assert head == b"GET http://one.test:8080/v1/chat?beta=true HTTP/1.1\r\nhost: other.test\r\n\r\n"


def test_a_user_name_in_the_address_proves_who_asks_where_nothing_else_does() -> None:
    there, proof = attrs.evolve(TARGET, credential=basic(b"me", b"pass")), (b"authorization", b"Bearer x")

    assert b"\r\nauthorization: Basic bWU6cGFzcw==\r\n" in head_of("GET", there, [(b"x", b"y")], length=0)
    assert head_of("GET", there, [proof], length=0).count(b"authorization") == 1


@pytest.mark.parametrize("value", [b"a\nb", b"a\rb", b"a\r\nx: y", b"\0", b"\n", b"a\r\n\r\n"])
@pytest.mark.parametrize("place", ["value", "host"])
def test_a_value_that_would_end_its_line_is_refused_and_not_repeated(value: bytes, place: str) -> None:
    secret = b"sk-secret" + value
    fields, host = ([(b"authorization", secret)], None) if place == "value" else ([], secret)
    with pytest.raises(BadFields) as caught:
        head_of("POST", TARGET, fields, length=1, host=host)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", [b"", b"a b", b"a:", b"a\r\nb", b"\xff", b"a\0", b"(a)"])
def test_a_name_that_is_no_token_is_refused_also_beside_good_ones(name: bytes) -> None:
    fields: RawHeaders = [(b"x-good", b"1"), (name, b"2")]
    for _ in range(2):
        with pytest.raises(BadFields):
            head_of("POST", TARGET, fields, length=1)


@pytest.mark.parametrize(
    "field", [[b"x-a", b"secret"], (b"x-a", bytearray(b"secret")), (b"x-a", "secret"), ("x-a", b"secret"), (b"x-a",)]
)
def test_a_field_that_is_no_pair_of_bytes_is_refused_and_not_repeated(field: Any) -> None:
    with pytest.raises(BadFields, match="no pair of bytes") as caught:
        head_of("POST", TARGET, [(b"x-good", b"1"), field], length=1)

    assert ("secret" in str(caught.value), caught.value.__suppress_context__) == (False, True)


@pytest.mark.parametrize("method", ["", "GET /", "GE\r\nT"])
def test_a_method_that_is_no_token_is_refused(method: str) -> None:
    with pytest.raises(BadFields):
        head_of(method, TARGET, (), length=0)


def test_only_so_many_fields_are_remembered_no_long_ones_and_all_are_sent() -> None:
    room = LONGEST_LINE - len(b"x-1: \r\n")
    for _ in range(2):
        for number in range(3 * MOST_LINES):
            fields = [(b"x-%d" % number, b"1"), (b"x-1", b"2" * room), (b"x-1", b"3" * (room + 1))]
            sent = head_of("GET", TARGET, fields, length=None).split(b"\r\n")[2:-2]
            assert sent == [b"%b: %b" % each for each in fields]
            assert len(request_head._lines) <= MOST_LINES

    assert (b"x-1", b"2" * room) in request_head._lines
    assert max(map(len, request_head._lines.values())) <= LONGEST_LINE
