"""Edge cases of counting tokens, by their numbers in the list of cases."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
import trio

from korproxy.kit.gemini_endpoint import GEMINI, GEMINI_COUNT
from korproxy.kit.http_provider import OPENAI_CHAT, Endpoint
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import open_gateway, provider_at

QUESTION = {"model": "not-claude", "messages": [{"role": "user", "content": "How much is this?"}]}
CHAT_ONLY: dict[str, Endpoint] = {"openai-chat": OPENAI_CHAT}
COUNTS: dict[str, Endpoint] = {"gemini": GEMINI, "gemini-count": GEMINI_COUNT}


async def asked(speaks: dict[str, Endpoint], *, times: int = 1) -> tuple[Any, list[bytes]]:
    """Have Claude Code ask for a count of a model of another vendor; return the last answer, and the calls made."""
    with trio.fail_after(10):
        async with open_echo(Scripted(pieces=[b'{"totalTokens": 31}'])) as echo:
            async with open_gateway(attrs.evolve(provider_at(echo.url), speaks=speaks)) as gateway, gateway.client() as client:
                for _ in range(times):
                    answer = await client.post("/v1/messages/count_tokens?beta=true", json=QUESTION)
    return answer, [each.head.split(b" ")[1] for each in echo.arrived]


async def test_edge_82_a_count_for_another_vendors_model_is_that_vendors_own() -> None:
    answer, calls = await asked(COUNTS)

    assert (answer.status_code, answer.json()) == (200, {"input_tokens": 31})
    assert calls == [b"/v1beta/models/not-claude:countTokens"]


@pytest.mark.code("KP-PROV-117")
async def test_edge_82_where_nobody_counts_no_paid_call_is_made_and_no_number_is_made_up() -> None:
    """Claude Code takes a 404 of its own format for "not offered here", and estimates: it does not ask in a loop."""
    answer, calls = await asked(CHAT_ONLY, times=3)

    assert (answer.status_code, calls) == (404, [])
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "not_found_error"
    assert answer.json()["error"]["details"] == {"error_code": "KP-PROV-117"}
    assert "input_tokens" not in json.dumps(answer.json())
