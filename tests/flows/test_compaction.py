"""Compaction over real sockets: it passes to who has it, and is nobody else's to do."""

from __future__ import annotations

import json
from typing import Any

import attrs
import httpx
import pytest
import trio

from korproxy.kit.http_provider import OPENAI_CHAT, OPENAI_RESPONSES, RESPONSES_COMPACT, Endpoint
from korproxy.models.outcome import Usage
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import open_gateway, provider_at

PATH = "/v1/responses/compact"
RESPONSES: dict[str, Endpoint] = {"openai-responses": OPENAI_RESPONSES, "responses-compact": RESPONSES_COMPACT}
QUESTION: dict[str, Any] = {"model": "m", "input": [{"type": "message", "role": "user", "content": "hi"}]}
ANSWER = b'{"object": "response.compaction", "output": [], "usage": {"input_tokens": 7, "output_tokens": 3}}'


async def ask(
    speaks: dict[str, Endpoint], answer: Scripted, *, key: str | None = None, **more: Any
) -> tuple[httpx.Response, list[Any], list[Any]]:
    """Ask a provider that speaks *speaks*; return the answer, what the provider was sent, and what was put down."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    with trio.fail_after(10):
        async with open_echo(answer) as echo:
            there = attrs.evolve(provider_at(f"{echo.url}/v1"), speaks=speaks)
            async with open_gateway(there) as gateway, gateway.client(headers=headers) as client:
                told = await client.post(PATH, json=QUESTION | more)
    return told, echo.arrived, gateway.finished


async def test_it_passes_byte_for_byte() -> None:
    told, arrived, finished = await ask(RESPONSES, Scripted(pieces=[ANSWER]), stream=True)

    assert (told.status_code, told.content) == (200, ANSWER)
    assert json.loads(arrived[0].body) == QUESTION | {"stream": True}
    assert arrived[0].head.startswith(b"POST /v1/responses/compact ")
    assert [(each.outcome, each.usage) for each in finished] == [("ok", Usage(tokens_in=7, tokens_out=3))]


@pytest.mark.code("KP-PROV-117")
@pytest.mark.parametrize("speaks", [{"openai-chat": OPENAI_CHAT}, {"openai-responses": OPENAI_RESPONSES}])
async def test_nobody_else_is_asked(speaks: dict[str, Endpoint]) -> None:
    """Codex compacts by itself where it gets a 404."""
    told, arrived, _ = await ask(speaks, Scripted())

    assert (told.status_code, told.json()["error"]["code"], arrived) == (404, "KP-PROV-117", [])


async def test_an_error_of_the_provider_is_its_own() -> None:
    body = b'{"error": {"message": "Rate limit reached.", "type": "requests", "code": "rate_limit_exceeded"}}'
    headers = [("content-type", "application/json"), ("retry-after", "21")]
    told, _, finished = await ask(RESPONSES, Scripted(status=429, headers=headers, pieces=[body]))

    assert (told.status_code, told.content, told.headers["retry-after"]) == (429, body, "21")
    assert [each.outcome for each in finished] == ["refused"]


async def test_a_missing_key_is_told_in_openais_format() -> None:
    told, arrived, _ = await ask(RESPONSES, Scripted(), key="nobodys")

    assert (told.status_code, told.json()["error"]["code"][:7], arrived) == (401, "KP-AUTH", [])
