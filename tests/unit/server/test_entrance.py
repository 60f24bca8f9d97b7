"""A whole gateway whose front is exchanged while a request is under way."""

from __future__ import annotations

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.config.settings import ServerSettings
from korproxy.gateway.gate import Gate
from korproxy.server.front import Bounds, Front
from korproxy.server.guard import Guard
from korproxy.server.keys import KeyRing
from tests.fakes.gateway import CLIENT_KEY, open_gateway, provider_at
from tests.fakes.raw_client import chat_request, connect, read_until
from tests.fakes.waiting import until

ORIGIN = "https://tools.example"


def another(front: Front, *, provider: str) -> Front:
    """Return a front as a reload makes it: its one provider is called *provider*, and no key opens it."""
    gate = front.answerer.gate
    [one] = gate.snapshot.providers
    snapshot = attrs.evolve(gate.snapshot, providers=(provider_at(one.base_url, id=provider),))
    after = Gate(snapshot, {provider: gate.windows[one.id]}, gate.lasting)
    return attrs.evolve(
        front,
        answerer=attrs.evolve(front.answerer, gate=after),
        guard=Guard.build(KeyRing(()), ["127.0.0.1"], allowed=(), origins=(), reads=True),
        bounds=Bounds(max_body=1),
    )


@pytest.mark.code("KP-AUTH-002")
@pytest.mark.parametrize("lane", [True, False])
async def test_a_request_is_served_to_its_end_by_the_configuration_it_began_with(lane: bool) -> None:
    asked = chat_request("hello", CLIENT_KEY)
    with trio.fail_after(20):
        async with (
            open_mock() as mock,
            open_gateway(provider_at(mock.url), server=ServerSettings(lane=lane)) as gateway,
            await connect(gateway.url) as client,
            gateway.client() as late,
        ):
            await client.send_all(asked[:-1])
            await until(lambda: gateway.front.tally.running)
            before, gateway.entrance.front = gateway.front, another(gateway.front, provider="two")
            await client.send_all(asked[-1:])
            first = await read_until(client, b"[DONE]")
            second = await late.post("/v1/chat/completions", json={})
            await until(lambda: not before.tally.running)

    assert first.startswith(b"HTTP/1.1 200")
    assert b"x-korproxy-provider: one\r\n" in first.lower()
    assert (second.status_code, second.headers["x-korproxy-error"]) == (401, "KP-AUTH-002")  # no key opens any more
    assert before.tally is gateway.front.tally


@pytest.mark.parametrize("lane", [True, False])
async def test_which_pages_may_read_is_asked_anew_for_each_request_of_a_connection(lane: bool) -> None:
    page = {"origin": ORIGIN}
    with trio.fail_after(20):
        async with open_gateway(server=ServerSettings(lane=lane)) as gateway, gateway.client() as client:
            before = await client.get("/healthz", headers=page)
            gateway.entrance.front = attrs.evolve(
                gateway.front, guard=attrs.evolve(gateway.front.guard, origins=frozenset({ORIGIN}))
            )
            after = await client.get("/healthz", headers=page)

    assert (before.status_code, after.status_code) == (403, 200)
    assert after.headers["access-control-allow-origin"] == ORIGIN
