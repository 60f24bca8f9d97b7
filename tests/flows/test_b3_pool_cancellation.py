"""B3 (docs/explain/traps.md): clients that leave while their request connects do not use up the connections to a provider."""

from __future__ import annotations

import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.errors.exceptions import ProviderLost
from korproxy.gateway.upstream import open_upstream
from korproxy.models.calls import UpstreamRequest
from korproxy.models.providers import Deadlines, Limits
from korproxy.net.pool import IDLE_IN_ALL
from tests.fakes.gateway import UPSTREAM_KEY, open_gateway, provider_at

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
PLACES = 3
CHURN = 400


async def leave_early(ask: Callable[[], Awaitable[object]], seed: int = 1) -> None:
    """Start many requests and give each up after a random moment, most of them while they connect."""
    chance = random.Random(seed)

    async def one(patience: float) -> None:
        with trio.move_on_after(patience):
            with suppress(httpx.TransportError, ProviderLost):
                await ask()

    for _ in range(CHURN // 20):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(one, chance.uniform(0, 0.004))


# httpx, which is the client here, leaves its own generators unfinished in requests that are cancelled.
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
                window = gateway.windows["one"]

    assert (statuses, window.slots.running, window.slots.waiting) == ([200, 200, 200], 0, 0)
    assert window.upstream.counters.busy == 0


async def test_of_all_requests_that_were_given_up_no_connection_is_left_in_between() -> None:
    """In whatever moment a request is cancelled: what was opened is closed, or lies idle and can be used."""
    with trio.fail_after(60):
        async with (
            open_mock() as mock,
            open_upstream("one", Deadlines(), secure=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as opened,
        ):
            wanted = UpstreamRequest(
                method="POST",
                url=f"{mock.url}/v1/chat/completions",
                headers=[(b"authorization", f"Bearer {UPSTREAM_KEY}".encode()), (b"content-type", b"application/json")],
                body=b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}',
            )

            async def ask() -> int:
                reply = await opened.open(wanted, trio.current_time() + 10)
                try:
                    while await reply.next_chunk():
                        pass
                finally:
                    await reply.aclose()
                return reply.status

            for seed in range(3):
                await leave_early(ask, seed)
                left = opened.counters
                assert (left.busy, left.idle <= IDLE_IN_ALL) == (0, True)
                assert left.opened == left.idle + sum(left.closed.values())
            statuses = [await ask() for _ in range(20)]

    assert statuses == [200] * 20
