"""B3 (docs/explain/traps.md): clients that leave while their request connects do not use up the connections to a provider."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.models.providers import Limits
from tests.fakes.gateway import UPSTREAM_KEY, open_gateway, provider_at

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
PLACES = 3
CHURN = 400


async def leave_early(ask: Callable[[], Awaitable[object]], seed: int = 1) -> None:
    """Start many requests and give each up after a random moment, most of them while they connect."""
    chance = random.Random(seed)

    async def one(patience: float) -> None:
        with trio.move_on_after(patience):
            with suppress(httpx.TransportError):  # the pool's own complaint while it is being worn out
                await ask()

    for _ in range(CHURN // 20):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(one, chance.uniform(0, 0.004))


# httpx leaves its own generators unfinished in requests that are cancelled; here it is also the client.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_requests_go_through_after_hundreds_of_clients_left_while_connecting() -> None:
    with trio.fail_after(60):
        async with open_mock() as mock:
            provider = provider_at(mock.url, limits=Limits(max_concurrency=PLACES, max_queue=1000))
            async with open_gateway(provider) as gateway, gateway.client() as client:

                async def ask() -> httpx.Response:
                    return await client.post("/v1/chat/completions", json=BODY)

                await leave_early(ask)
                statuses = [(await ask()).status_code for _ in range(3)]
                slots = gateway.windows["one"].slots

    assert (statuses, slots.running, slots.waiting) == ([200, 200, 200], 0, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_bounding_the_pool_itself_would_block_it_for_good() -> None:
    """The trap itself, so that the cure is dropped the day it is no longer needed."""
    with trio.fail_after(60):
        async with open_mock() as mock:
            limits = httpx.Limits(max_connections=PLACES, max_keepalive_connections=PLACES)
            headers = {"authorization": f"Bearer {UPSTREAM_KEY}"}
            async with httpx.AsyncClient(limits=limits, timeout=0.5, headers=headers, trust_env=False) as client:

                async def ask() -> httpx.Response:
                    return await client.post(f"{mock.url}/v1/chat/completions", json=BODY)

                blocked = False
                for seed in range(20):  # it takes a cancellation at the right moment; the first rounds have always had one
                    await leave_early(ask, seed)
                    try:
                        await ask()
                    except httpx.PoolTimeout:
                        blocked = True
                        break

    assert blocked
