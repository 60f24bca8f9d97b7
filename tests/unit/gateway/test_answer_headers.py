from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.gateway import answer_headers
from korproxy.gateway.answer_headers import _HEADS, _passing, for_client, is_event_stream, is_plain_text
from korproxy.models.calls import Headers, RawHeaders

VENDOR = (b"anthropic-", b"request-id")


def headers(*lines: str) -> Headers:
    return Headers(tuple((name.encode(), value.strip().encode()) for name, _, value in (line.partition(":") for line in lines)))


def names(passed: RawHeaders) -> list[bytes]:
    return [name for name, _ in passed]


def test_the_body_is_described_and_limits_and_the_vendors_own_headers_pass_in_order() -> None:
    answer = headers(
        "date: now",
        "content-type: application/json",
        "x-ratelimit-remaining: 1",
        "anthropic-ratelimit-tokens: 2",
        "anthropic-ratelimit-tokens: 3",
        "server: x",
        "content-length: 4",
        "content-encoding: gzip",
        "retry-after: 5",
        "retry-after-ms: 6",
        "x-should-retry: false",
        "openai-version: 7",
    )

    assert for_client(answer, VENDOR) == [
        (b"content-type", b"application/json"),
        (b"x-ratelimit-remaining", b"1"),
        (b"anthropic-ratelimit-tokens", b"2"),
        (b"anthropic-ratelimit-tokens", b"3"),
        (b"content-length", b"4"),
        (b"content-encoding", b"gzip"),
        (b"retry-after", b"5"),
        (b"retry-after-ms", b"6"),
        (b"x-should-retry", b"false"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "set-cookie: a=b", "connection: close", "keep-alive: timeout=5", "transfer-encoding: chunked", "upgrade: h2c",
        "trailer: x", "te: trailers", "proxy-authenticate: Basic", "server: nginx", "date: now", "alt-svc: h3",
        "access-control-allow-origin: *", "x-korproxy-error: KP-SYS-501", "strict-transport-security: max-age=1",
    ],
)  # fmt: skip
def test_hop_by_hop_headers_cookies_and_everything_else_stay_behind(line: str) -> None:
    assert for_client(headers(line), VENDOR) == []


def test_what_the_connection_header_names_is_for_the_next_hop_only() -> None:
    answer = headers(
        *("connection: keep-alive", "connection: Close, X-RateLimit-Hop", "connection: anthropic-hop"),
        *("x-ratelimit-hop: 1", "anthropic-hop: 2"),
    )

    assert for_client(answer, VENDOR) == []


def test_another_vendors_headers_are_judged_by_themselves_however_often_they_come() -> None:
    answer = headers("anthropic-a: 1", "openai-b: 2")

    for _ in range(2):
        assert names(for_client(answer, VENDOR)) == [b"anthropic-a"]
        assert names(for_client(answer, (b"openai-",))) == [b"openai-b"]


def test_of_names_only_so_many_are_remembered_and_all_are_judged() -> None:
    many = Headers((*((b"x-%d" % number, b"") for number in range(2000)), (b"x-" + b"a" * 9999, b"")))

    assert for_client(many, (b"of-nobody-else-",)) == []
    assert names(for_client(many, (b"x-1",)))[:2] == [b"x-1", b"x-10"]
    assert max(map(len, _passing((b"of-nobody-else-",)))) <= 100
    assert len(_passing((b"of-nobody-else-",))) == 500


def test_a_401_says_how_to_authenticate() -> None:
    assert names(for_client(headers("www-authenticate: Bearer"), ())) == [b"www-authenticate"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["request-id: r"], b"r"),
        (["x-request-id: x", "request-id: r"], b"r"),
        (["cf-ray: c", "x-request-id: x"], b"x"),
        (["x-goog-request-id: g", "cf-ray: c"], b"g"),
        (["cf-ray: c"], b"c"),
        (["request-id:", "cf-ray: c"], b"c"),
    ],
)
def test_the_providers_request_id_has_a_name_of_its_own(lines: list[str], expected: bytes) -> None:
    assert for_client(headers(*lines), ()) == [(b"x-korproxy-upstream-request-id", expected)]


def test_a_stream_of_events_has_no_length_since_it_may_end_with_an_event_of_ours() -> None:
    answer = headers("content-type: text/event-stream", "content-length: 100")

    assert names(for_client(answer, ())) == [b"content-type"]


def test_a_length_beside_a_transfer_encoding_is_not_believed() -> None:
    answer = headers("content-type: application/json", "content-length: 100", "transfer-encoding: chunked")

    assert names(for_client(answer, ())) == [b"content-type"]


@pytest.mark.parametrize("byte", [b"\x00", b"\x01", b"\r", b"\n", b"\x1b", b"\x1f", b"\x7f"])
def test_a_value_with_a_control_byte_stays_behind(byte: bytes) -> None:
    answer = Headers(((b"x-ratelimit-a", b"1" + byte), (b"anthropic-b", byte), (b"request-id", b"r" + byte), (b"cf-ray", b"c")))

    assert for_client(answer, VENDOR) == [(b"x-korproxy-upstream-request-id", b"c")]


def test_a_tab_and_bytes_beyond_ascii_are_no_control_bytes() -> None:
    answer = Headers(((b"x-ratelimit-a", b"1\t2 \x80\xff"),))

    assert for_client(answer, ()) == list(answer.raw)


@pytest.mark.parametrize(
    ("lines", "stream", "plain"),
    [
        (["content-type: text/event-stream"], True, False),
        (["content-type: Text/Event-Stream; charset=utf-8"], True, False),
        (["content-type: text/event-stream", "content-encoding: identity"], True, False),
        (["content-type: text/event-stream", "content-encoding: gzip"], False, False),
        (["content-type: application/json"], False, False),
        (["content-type: text/html; charset=utf-8"], False, True),
        (["content-type: TEXT/PLAIN"], False, True),
        ([], False, False),
    ],
)
def test_the_kind_of_an_answer_is_what_its_headers_say(lines: list[str], stream: bool, plain: bool) -> None:
    assert (is_event_stream(headers(*lines)), is_plain_text(headers(*lines))) == (stream, plain)


FIELDS = st.tuples(
    st.sampled_from(
        [
            *(b"request-id", b"x-request-id", b"cf-ray", b"anthropic-version", b"server"),
            *(b"content-type", b"content-length", b"transfer-encoding", b"connection"),
        ]
    ),
    st.sampled_from([b"", b"7", b"close", b"request-id, server", b"text/event-stream", b"a\tb", b"\x01"]),
)


@given(st.lists(FIELDS, max_size=8))
def test_what_is_remembered_of_a_head_changes_nothing(fields: list[tuple[bytes, bytes]]) -> None:
    each_by_itself = Headers(
        (*fields, (b"x-odd", b"\x01"))
    )  # a value as no provider sends it, so that nothing is taken for known

    assert for_client(Headers(fields), VENDOR) == for_client(each_by_itself, VENDOR) == for_client(Headers(fields), VENDOR)


def test_only_so_many_heads_are_remembered_and_no_huge_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_headers, "_heads", known := dict[Any, Any]())
    for number in range(_HEADS + 10):
        for_client(headers(f"x-{number}: 1"), VENDOR)
    for_client(headers(f"x-{'n' * 9000}: 1"), VENDOR)

    assert len(known) == _HEADS
    assert all(len(b"".join(found)) < 9000 for found, _, _ in known)
