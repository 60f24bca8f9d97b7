from __future__ import annotations

import json

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from korproxy.config.settings import ServerSettings
from korproxy.models.calls import Headers
from korproxy.server.cors import answer_headers, is_preflight, preflight_headers
from tests.fakes.echo_upstream import open_echo
from tests.fakes.gateway import MANAGEMENT_KEY, open_gateway, provider_at

TOOLS, OTHER = "https://tools.test:8443", "https://evil.test"
ORIGINS = frozenset({TOOLS, "http://app.test"})


def headers(**fields: str) -> Headers:
    """Return headers; ``_`` stands for ``-``."""
    return Headers(tuple((name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()))


@pytest.mark.parametrize(
    ("method", "fields", "expected"),
    [
        ("OPTIONS", {"origin": TOOLS, "access_control_request_method": "POST"}, True),
        ("OPTIONS", {"origin": OTHER, "access_control_request_method": "POST"}, False),
        ("OPTIONS", {"origin": "null", "access_control_request_method": "POST"}, False),
        ("OPTIONS", {"origin": TOOLS}, False),
        ("OPTIONS", {"access_control_request_method": "POST"}, False),
        ("POST", {"origin": TOOLS, "access_control_request_method": "POST"}, False),
    ],
)
def test_only_a_page_that_is_allowed_can_ask_beforehand(method: str, fields: dict[str, str], expected: bool) -> None:
    assert is_preflight(method, headers(**fields), ORIGINS) == expected


def test_just_what_was_asked_for_is_allowed() -> None:
    asked = headers(
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type, anthropic-version",
        access_control_request_private_network="true",
    )

    assert preflight_headers(asked) == [
        (b"access-control-max-age", b"600"),
        (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers"),
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"authorization, content-type, anthropic-version"),
        (b"access-control-allow-private-network", b"true"),
    ]


def test_what_was_not_asked_for_is_not_allowed() -> None:
    assert [name for name, _ in preflight_headers(headers(access_control_request_method="GET"))] == [
        b"access-control-max-age",
        b"vary",
        b"access-control-allow-methods",
    ]


@given(st.text(st.characters(max_codepoint=255)))
def test_nothing_that_is_no_name_is_repeated_and_never_a_star(text: str) -> None:
    said = dict(preflight_headers(headers(access_control_request_method=text, access_control_request_headers=text)))

    for value in (said.get(b"access-control-allow-methods", b""), said.get(b"access-control-allow-headers", b"")):
        assert not set(value) & set(b'\r\n\0"<>')
        assert b"*" not in value.split(b", ")


def test_an_allowed_page_may_read_the_answer_and_all_its_headers() -> None:
    answer = [(b"content-type", b"x"), (b"X-KorProxy-Request", b"1"), (b"x-request-id", b"2"), (b"Vary", b"Accept")]

    assert answer_headers(headers(origin=TOOLS), answer, ORIGINS) == [
        (b"access-control-allow-origin", TOOLS.encode()),
        (b"vary", b"Origin"),
        (b"access-control-expose-headers", b"x-korproxy-request, x-request-id"),
    ]


def test_an_answer_without_headers_of_its_own_exposes_none() -> None:
    assert answer_headers(headers(origin=TOOLS), [(b"content-type", b"x")], ORIGINS) == [
        (b"access-control-allow-origin", TOOLS.encode()),
        (b"vary", b"Origin"),
    ]


@pytest.mark.parametrize("fields", [{}, {"origin": OTHER}, {"origin": "null"}, {"origin": TOOLS.upper()}, {"origin": "*"}])
def test_everybody_else_gets_only_the_hint_that_the_origin_matters(fields: dict[str, str]) -> None:
    assert answer_headers(headers(**fields), [(b"x-a", b"b")], ORIGINS) == [(b"vary", b"Origin")]


def test_where_no_origin_is_allowed_nothing_is_said_at_all() -> None:
    assert answer_headers(headers(origin=TOOLS), [(b"x-a", b"b")], frozenset()) == []


SETTINGS = ServerSettings(port=0, allowed_origins=(TOOLS,))
ASKED = {
    "origin": TOOLS,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/errors", "/nowhere"])
async def test_a_preflight_is_answered_without_a_key_on_every_route(path: str) -> None:
    with trio.fail_after(20):
        async with open_gateway(server=SETTINGS) as gateway, gateway.client() as client:
            answer = await client.options(path, headers=ASKED | {"authorization": ""})

    assert (answer.status_code, answer.content, answer.headers.get("content-length")) == (204, b"", None)
    assert answer.headers["access-control-allow-origin"] == TOOLS
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
    assert answer.headers.get_list("vary") == ["Access-Control-Request-Method, Access-Control-Request-Headers", "Origin"]
    assert "x-korproxy-request" in answer.headers


@pytest.mark.code("KP-AUTH-005")
async def test_a_preflight_of_another_page_is_refused() -> None:
    with trio.fail_after(20):
        async with open_gateway(server=SETTINGS) as gateway, gateway.client() as client:
            answer = await client.options("/v1/messages", headers=ASKED | {"origin": OTHER})

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (403, "KP-AUTH-005")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.code("KP-AUTH-004")
async def test_a_preflight_to_a_wrong_host_is_refused_whoever_asks() -> None:
    with trio.fail_after(20):
        async with open_gateway(server=SETTINGS) as gateway, gateway.client() as client:
            answer = await client.options("/v1/messages", headers=ASKED | {"host": "evil.test"})

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (403, "KP-AUTH-004")


async def test_answers_of_every_route_can_be_read_by_the_page() -> None:
    body = {"model": "m", "messages": []}
    with trio.fail_after(20):
        async with open_echo() as echo, open_gateway(provider_at(echo.url), server=SETTINGS) as gateway:
            async with gateway.client(headers={"origin": TOOLS}) as client:
                answers = [
                    await client.post("/v1/chat/completions", json=body),
                    await client.post("/v1/chat/completions", content=b"no json"),
                    await client.get("/v1/models"),
                    await client.get("/healthz"),
                    await client.get("/nowhere"),
                    await client.get("/v1/errors/KP-SYS-501"),
                    await client.post("/v1/errors"),
                    await client.get("/v1/requests", headers={"authorization": f"Bearer {MANAGEMENT_KEY}"}),
                ]

    assert [each.status_code for each in answers] == [200, 400, 200, 200, 404, 200, 403, 200]
    for each in answers:
        assert each.headers.get_list("access-control-allow-origin") == [TOOLS]
        assert each.headers.get_list("vary") == ["Origin"]
        assert "x-korproxy-request" in each.headers["access-control-expose-headers"].split(", ")
    assert "x-korproxy-provider" in answers[0].headers["access-control-expose-headers"]
    assert json.loads(answers[1].content)["error"]["code"] == "KP-SYS-509"


async def test_without_allowed_origins_nothing_of_all_this_is_there() -> None:
    with trio.fail_after(20):
        async with open_gateway() as gateway, gateway.client(headers={"origin": gateway.url}) as client:
            answer = await client.get("/healthz")
            asked = await client.options("/healthz", headers={"access-control-request-method": "GET"})

    assert [name for name in answer.headers if name.startswith("access-control-") or name == "vary"] == []
    assert (asked.status_code, asked.headers["allow"]) == (405, "GET, HEAD")
