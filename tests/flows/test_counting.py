"""Counts of tokens over real sockets: passed on, asked of a provider of another format, refused where nobody can count."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.api import Abilities
from korproxy.kit.gemini_endpoint import GEMINI, GEMINI_COUNT
from korproxy.kit.http_provider import (
    ANTHROPIC_COUNT,
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    RESPONSES_COUNT,
    Endpoint,
    HttpProvider,
)
from korproxy.models.outcome import Usage
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import Gateway, open_gateway, provider_at

TINY = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
WORDS = "Wie groß ist die Welt? 🌍 " * 20
# For each client: the address for a model, and the question about WORDS, as its SDK asks it.
CLIENTS: dict[str, tuple[str, Any, str]] = {
    "anthropic-count": (
        "/v1/messages/count_tokens?beta=true",
        {"messages": [{"role": "user", "content": [{"type": "text", "text": WORDS}]}]},
        "input_tokens",
    ),
    "gemini-count": (
        "/v1beta/models/{model}:countTokens",
        {"contents": [{"role": "user", "parts": [{"text": WORDS}]}]},
        "totalTokens",
    ),
    "responses-count": (
        "/v1/responses/input_tokens",
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": WORDS}]}]},
        "input_tokens",
    ),
}
PROVIDERS: dict[str, dict[str, Endpoint]] = {
    "anthropic-count": {"anthropic-messages": ANTHROPIC_MESSAGES, "anthropic-count": ANTHROPIC_COUNT},
    "gemini-count": {"gemini": GEMINI, "gemini-count": GEMINI_COUNT},
    "responses-count": {"openai-responses": OPENAI_RESPONSES, "responses-count": RESPONSES_COUNT},
}
ANSWERS = {
    "anthropic-count": b'{"input_tokens": 123}',
    "gemini-count": b'{\n  "totalTokens": 123\n}\n',
    "responses-count": b'{"object": "response.input_tokens", "input_tokens": 123}',
}
PAIRS = [(client, provider) for client in CLIENTS for provider in PROVIDERS if client != provider]
every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)
every_client = pytest.mark.parametrize("client", list(CLIENTS))


def counting(provider: str, url: str, **more: Any) -> HttpProvider:
    """Return a provider at *url* that counts in the format *provider*."""
    base_url = f"{url}/v1" if provider == "responses-count" else url
    return attrs.evolve(provider_at(base_url), speaks=PROVIDERS[provider], **more)


async def ask(
    gateway: Gateway, client: str, body: object = None, *, model: str = "m", method: str = "POST", **more: Any
) -> Any:
    """Ask how many tokens *body* has, or else WORDS."""
    path, question, _ = CLIENTS[client]
    content = {**question, **({} if "{model}" in path else {"model": model})} if body is None else body
    async with gateway.client(**more) as sender:
        return await sender.request(method, path.replace("{model}", model), json=content if method == "POST" else None)


def said_by(client: str, answer: Any) -> tuple[str, str]:
    """Return code and message of an error, where *client* looks for them."""
    error = answer.json()["error"]
    if client == "gemini-count":
        return str(error["details"][0]["reason"]), error["message"]
    return str(error["details"]["error_code"] if client == "anthropic-count" else error["code"]), error["message"]


@every_client
async def test_a_count_passes_byte_for_byte_to_who_counts_in_the_same_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[ANSWERS[client]])) as echo, open_gateway(counting(client, echo.url)) as gateway:
            answer = await ask(gateway, client)

    path, question, _ = CLIENTS[client]
    meant = {**question, **({} if "{model}" in path else {"model": "m"})}
    assert (answer.status_code, answer.content) == (200, ANSWERS[client])
    assert json.loads(echo.only.body) == meant
    assert echo.only.head.split(b" ")[1].decode() == path.replace("{model}", "m")
    assert [(each.outcome, each.usage) for each in gateway.finished] == [("ok", Usage())]


@every_pair
async def test_a_provider_of_another_format_tells_its_own_count(client: str, provider: str) -> None:
    with trio.fail_after(10):
        async with open_mock() as mock:
            there = counting(provider, mock.url, assumed=Abilities(family="google"))
            async with open_gateway(there) as gateway, gateway.client() as direct:
                answer = await ask(gateway, client)
                exact = await direct.post(
                    mock.url + CLIENTS[provider][0].replace("{model}", "m"),
                    json=CLIENTS[provider][1] | ({} if provider == "gemini-count" else {"model": "m"}),
                    headers={"anthropic-version": "2023-06-01"},
                )

    count = exact.json()[CLIENTS[provider][2]]
    member = CLIENTS[client][2]
    assert answer.json()[member] == count > 50
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "x-korproxy-lossy" not in answer.headers
    assert [(each.outcome, each.dialect, each.usage) for each in gateway.finished] == [("ok", client, Usage())]


async def test_claude_codes_question_about_a_gemini_model_becomes_a_whole_request() -> None:
    body = {
        "model": "one/gemini-x",
        "system": [{"type": "text", "text": "You are brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, _image("anthropic")]},
        ],
        "tools": [{"name": "read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    able = Abilities(family="google", reasoning="budget")
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[ANSWERS["gemini-count"]])) as echo:
            async with open_gateway(counting("gemini-count", echo.url, assumed=able)) as gateway:
                answer = await ask(gateway, "anthropic-count", body)

    assert answer.json() == {"input_tokens": 123}
    assert echo.only.head.startswith(b"POST /v1beta/models/gemini-x:countTokens HTTP/1.1\r\n")
    [request] = json.loads(echo.only.body).values()
    assert request["model"] == "models/gemini-x"
    assert request["systemInstruction"] == {"parts": [{"text": "You are brief."}]}
    assert request["contents"][0]["parts"] == [{"text": "What is it?"}, {"inlineData": {"mimeType": "image/png", "data": TINY}}]
    assert [each["name"] for each in request["tools"][0]["functionDeclarations"]] == ["read"]
    assert "x-korproxy-lossy" not in answer.headers


def _image(format: str) -> Any:  # noqa: A002 -- the word for it
    if format == "anthropic":
        return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": TINY}}
    return {"inline_data": {"mime_type": "image/png", "data": TINY}}


async def test_a_whole_request_of_geminis_is_counted_by_claude_without_what_does_not_count() -> None:
    request = {
        "model": "models/claude-x",
        "contents": [{"role": "user", "parts": [{"text": "What is it?"}, _image("gemini")]}],
        "systemInstruction": {"parts": [{"text": "You are brief."}]},
        "generationConfig": {"temperature": 0.2, "maxOutputTokens": 9, "candidateCount": 3, "stopSequences": ["a"]},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
    }
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[ANSWERS["anthropic-count"]])) as echo:
            async with open_gateway(counting("anthropic-count", echo.url)) as gateway:
                answer = await ask(gateway, "gemini-count", {"generateContentRequest": request}, model="claude-x")

    assert answer.json() == {"totalTokens": 123}
    assert echo.only.head.startswith(b"POST /v1/messages/count_tokens HTTP/1.1\r\n")
    assert json.loads(echo.only.body) == {
        "model": "claude-x",
        "system": [{"type": "text", "text": "You are brief."}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, _image("anthropic")]}],
    }
    assert answer.headers["x-korproxy-lossy"] == "/generateContentRequest/safetySettings"


async def test_a_model_that_the_body_names_once_more_is_the_providers_own() -> None:
    request = {"model": "models/one/gemini-x", "contents": [{"parts": [{"text": "hi"}]}]}
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[ANSWERS["gemini-count"]])) as echo:
            async with open_gateway(counting("gemini-count", echo.url)) as gateway:
                await ask(gateway, "gemini-count", {"generateContentRequest": request}, model="one/gemini-x")

    assert json.loads(echo.only.body) == {"generateContentRequest": {**request, "model": "models/gemini-x"}}
    assert echo.only.head.startswith(b"POST /v1beta/models/gemini-x:countTokens HTTP/1.1\r\n")


@pytest.mark.code("KP-PROV-117")
@every_client
async def test_where_nobody_counts_the_client_is_told_so_at_once(client: str) -> None:
    """A tool that counts by itself can only do so if it is told: an invented number would be taken for true."""
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = attrs.evolve(provider_at(echo.url), speaks={"openai-chat": OPENAI_CHAT})
            async with open_gateway(there) as gateway:
                answer = await ask(gateway, client)

    code, message = said_by(client, answer)
    assert (answer.status_code, code) == (404, "KP-PROV-117")
    assert "cannot count tokens for the model 'm'" in message
    assert echo.arrived == []


@every_client
async def test_a_wrong_method_and_a_missing_key_are_told_in_the_clients_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo() as echo, open_gateway(counting(client, echo.url)) as gateway:
            method = await ask(gateway, client, method="GET")
            key = await ask(gateway, client, headers={"authorization": "Bearer nobodys"})

    assert (method.status_code, method.headers["allow"], said_by(client, method)[0]) == (405, "POST", "KP-SYS-507")
    assert (key.status_code, said_by(client, key)[0][:7]) == (401, "KP-AUTH")
    assert echo.arrived == []


@every_client
async def test_a_model_that_nobody_has_is_told_in_the_clients_format(client: str) -> None:
    with trio.fail_after(10):
        async with open_echo() as echo:
            there = [attrs.evolve(counting(client, echo.url), id=each, patterns=("known-*",)) for each in ("one", "two")]
            async with open_gateway(*there) as gateway:
                answer = await ask(gateway, client)

    assert (answer.status_code, said_by(client, answer)[0]) == (404, "KP-PROV-105")


WAIT = b'{"error":{"code":429,"message":"Quota. Please retry in 21s.","status":"RESOURCE_EXHAUSTED"}}'
LIMIT = b'{"error":{"message":"Rate limit reached.","type":"requests","param":null,"code":"rate_limit_exceeded"}}'
BUSY = b'{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded."}}'


@pytest.mark.parametrize(
    ("client", "provider", "headers", "body"),
    [
        ("anthropic-count", "gemini-count", [], WAIT),
        ("gemini-count", "anthropic-count", [("retry-after", "21")], BUSY),
        ("responses-count", "gemini-count", [], WAIT),
        ("anthropic-count", "responses-count", [("retry-after", "21")], LIMIT),
    ],
)
async def test_a_rate_limit_says_when_to_come_back(
    client: str, provider: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    refusal = Scripted(status=429, headers=[("content-type", "application/json"), *headers], pieces=[body])
    with trio.fail_after(10):
        async with open_echo(refusal) as echo, open_gateway(counting(provider, echo.url)) as gateway:
            answer = await ask(gateway, client)

    error = answer.json()["error"]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "21")
    assert error["message"].startswith(json.loads(body)["error"]["message"])
    if client == "gemini-count":
        assert error["status"] == "RESOURCE_EXHAUSTED"
        assert error["details"][-1]["retryDelay"] == "21s"
    else:
        assert error["type"] == "rate_limit_error"


@pytest.mark.code("KP-PROV-116")
@every_pair
@pytest.mark.parametrize(
    "broken", [b"{}", b"[]", b'{"input_tokens":-1,"totalTokens":true}', b'{"input_tokens":null}', b"no JSON"]
)
async def test_an_answer_without_a_count_is_no_count_of_zero(client: str, provider: str, broken: bytes) -> None:
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[broken])) as echo, open_gateway(counting(provider, echo.url)) as gateway:
            answer = await ask(gateway, client)

    assert (answer.status_code, said_by(client, answer)[0]) == (502, "KP-PROV-116")


@every_pair
async def test_an_error_with_a_good_status_is_an_error(client: str, provider: str) -> None:
    body = {"anthropic-count": BUSY, "gemini-count": WAIT, "responses-count": LIMIT}[provider]
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[body])) as echo, open_gateway(counting(provider, echo.url)) as gateway:
            answer = await ask(gateway, client)

    assert answer.status_code == 429


@every_client
async def test_a_body_that_is_no_question_is_refused(client: str) -> None:
    other = "gemini-count" if client == "anthropic-count" else "anthropic-count"
    with trio.fail_after(10):
        async with open_echo() as echo, open_gateway(counting(other, echo.url)) as gateway:
            answer = await ask(gateway, client, {"model": "m"})

    assert (answer.status_code, said_by(client, answer)[0]) == (400, "KP-SYS-509")
    assert echo.arrived == []
