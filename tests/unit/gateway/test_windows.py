from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from korproxy.gateway import windows as module
from korproxy.gateway.upstream import Reply
from korproxy.gateway.windows import Window, Windows, open_windows
from korproxy.models.calls import UpstreamRequest
from korproxy.models.providers import Deadlines, Limits
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import answering, raw_upstream


async def test_each_provider_has_a_pool_and_places_of_its_own() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1"), provider_at("http://[::1]:1", id="two")]) as windows:
        assert {name: each.upstream.provider for name, each in windows.now.items()} == {"one": "one", "two": "two"}
        assert windows.now["one"].slots is not windows.now["two"].slots
        one, two = (each.upstream._client.pool for each in windows.now.values())
        assert (one is two, one.room is two.room) == (False, True)  # how much may lie idle is one number for all


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_what_is_on_this_machine_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    here, there = provider_at(f"http://{host}:1"), provider_at("http://proxied.invalid", id="two")
    async with open_windows([here, there]) as windows:
        named = {name: dict(each.upstream._client.pool.connector.proxies.named) for name, each in windows.now.items()}

    assert named == {"one": {}, "two": {"http": "http://127.0.0.1:9"}}


def test_authorities_are_loaded_only_where_they_are_needed() -> None:
    needed, not_needed = module.tls(needed=True), module.tls(needed=False)

    assert [each.cert_store_stats()["x509_ca"] > 0 for each in (needed, not_needed)] == [True, False]
    assert {(each.verify_mode, each.check_hostname) for each in (needed, not_needed)} == {(ssl.CERT_REQUIRED, True)}


async def test_the_first_provider_with_tls_may_come_with_a_reload() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1")]) as windows:
        windows.prepare(both := [provider_at("https://127.0.0.1:1"), provider_at("https://api.example", id="two")])
        loaded = windows._secure
        now = windows.swap(both)

    contexts = {each.upstream._client.pool.connector.secure for each in now.values()}
    assert contexts == {loaded}
    assert loaded is not None
    assert loaded.cert_store_stats()["x509_ca"] > 0


async def test_what_is_unchanged_is_kept() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1")]) as windows:
        before = windows.now["one"]
        assert windows.swap([provider_at("http://127.0.0.1:1"), provider_at("http://127.0.0.1:2", id="two")])["one"] is before


async def test_another_address_has_other_connections_and_places() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1")]) as windows:
        before = windows.now["one"]
        after = windows.swap([provider_at("http://127.0.0.1:2")])["one"]

    assert before.slots is not after.slots
    assert before.upstream._client.pool is not after.upstream._client.pool


async def test_other_deadlines_hold_for_new_requests_on_the_same_connections() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1")]) as windows:
        before = windows.now["one"]
        after = windows.swap([provider_at("http://127.0.0.1:1", deadlines=Deadlines(idle=1.0))])["one"]

    assert (before.upstream.deadlines.idle, after.upstream.deadlines.idle) == (Deadlines().idle, 1.0)
    assert before.upstream._client.pool is after.upstream._client.pool
    assert before.slots is after.slots


async def test_more_places_are_for_those_who_wait_and_fewer_take_none_away() -> None:
    one = provider_at("http://127.0.0.1:1", limits=Limits(max_concurrency=1, max_queue=9))
    async with open_windows([one]) as windows, trio.open_nursery() as nursery:
        slots = windows.now["one"].slots
        for name in ("a", "b", "c"):
            nursery.start_soon(slots.enter, name, 60)
        await wait_all_tasks_blocked()
        assert (slots.running, slots.waiting) == (1, 2)
        windows.swap([provider_at("http://127.0.0.1:1", limits=Limits(max_concurrency=2, max_queue=9))])
        assert (slots.running, slots.waiting) == (2, 1)
        windows.swap([one])
        assert (slots.running, slots.waiting) == (2, 1)
        first = next(iter(slots._holders))
        slots.leave(first)
        assert (slots.running, slots.waiting) == (1, 1)  # whoever waits gets no place that there is one too many of
        slots.leave(next(iter(slots._holders)))
        assert (slots.running, slots.waiting) == (1, 0)


KEPT = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def begun(window: Window, url: str) -> Reply:
    """Have the provider behind *window* asked for what it takes a connection for."""
    wanted = UpstreamRequest("GET", f"{url}/v1/models", ((b"host", b"one.test"),))
    return await window.upstream.open(wanted, trio.current_time() + 10)


async def ended(reply: Reply) -> None:
    """Read an answer to its end, and give its connection back."""
    while await reply.next_chunk():
        pass
    await reply.aclose()


@asynccontextmanager
async def one_provider() -> AsyncIterator[tuple[Windows, Window, str]]:
    """Open a window to a server that keeps its connections."""
    with trio.fail_after(20):
        async with raw_upstream(answering(KEPT, then_wait=True)) as port:
            url = f"http://127.0.0.1:{port}"
            async with open_windows([provider_at(url)]) as windows:
                yield windows, windows.now["one"], url


async def test_idle_connections_of_a_provider_that_is_gone_are_closed_at_once() -> None:
    async with one_provider() as (windows, window, url):
        await ended(await begun(window, url))
        idle = window.upstream.counters.idle
        windows.swap([])

        assert (idle, window.upstream.open_connections, windows.now) == (1, 0, {})
        assert window.upstream.counters.closed == {"no room": 1}


async def test_who_began_with_a_provider_that_is_gone_is_served_and_what_it_used_is_closed_then() -> None:
    async with one_provider() as (windows, window, url):
        early = await begun(window, url)
        windows.swap([])
        late = await begun(window, url)  # it was reading its client's upload all the while
        both = window.upstream.open_connections
        windows.swap([])
        still = len(windows._retired)
        await ended(early)
        await ended(late)
        windows.swap([])

        assert (both, still, windows._retired) == (2, 1, [])
        assert (window.upstream.open_connections, window.upstream.counters.closed) == (0, {"no room": 2})


async def test_at_the_end_connections_of_earlier_configurations_are_closed_too() -> None:
    async with one_provider() as (windows, window, url):
        await begun(window, url)
        windows.swap([])
        before = window.upstream.open_connections
        windows.close()

        assert (before, window.upstream.open_connections) == (1, 0)


@attrs.frozen(eq=False)
class Who:
    """Somebody who is at an account."""

    account: str


async def test_how_busy_an_account_is_is_told_of_the_providers_in_force() -> None:
    async with open_windows([provider_at("http://127.0.0.1:1")]) as windows:
        windows.now["one"].slots.take(Who("work"))
        told = [windows.load(*each.split("/")) for each in ("one/work", "one/home", "two/work")]

    assert told == [(1, 0), (0, 0), (0, 0)]
