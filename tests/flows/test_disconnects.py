"""Clients that leave: what they held at the provider is let go at once, and nothing of them stays in memory."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import trio
from korproxy_mock.server import open_mock

from tests.fakes.gateway import CLIENT_KEY, open_gateway, provider_at
from tests.fakes.process import DaemonProcess, daemon, mock_settings
from tests.fakes.raw_client import chat_request, connect, read_until
from tests.fakes.waiting import until

ENDLESS = "{{mock: words=50 stall-after=3}}"
AT_ONCE = 16


async def test_the_provider_is_let_go_within_a_second_of_the_client_leaving() -> None:
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            stream = await connect(gateway.url)
            await stream.send_all(chat_request(ENDLESS, CLIENT_KEY))
            await read_until(stream, b"data:")
            left = trio.current_time()
            await stream.aclose()
            await until(lambda: not mock.open_connections)
            took = trio.current_time() - left
            await until(lambda: gateway.finished)
            [finished] = gateway.finished

    assert took < 1
    assert (finished.outcome, finished.code, finished.status) == ("client left", "KP-NET-311", 200)


async def test_a_client_that_leaves_before_the_first_byte_is_noticed_too() -> None:
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            stream = await connect(gateway.url)
            await stream.send_all(chat_request("{{mock: first-byte=60}}", CLIENT_KEY))
            await until(lambda: mock.requests)
            await stream.aclose()
            await until(lambda: not mock.open_connections, seconds=1)
            await until(lambda: gateway.finished)
            [finished] = gateway.finished

    assert (finished.outcome, finished.status, finished.bytes_out) == ("client left", None, 0)


async def test_a_client_that_leaves_in_mid_upload_never_reaches_a_provider() -> None:
    with trio.fail_after(30):
        async with open_mock() as mock, open_gateway(provider_at(mock.url)) as gateway:
            stream = await connect(gateway.url)
            await stream.send_all(chat_request("hello", CLIENT_KEY)[:-20])
            await until(lambda: gateway.front.tally.running)
            await stream.aclose()
            await until(lambda: not gateway.front.tally.running, seconds=1)

    assert (mock.requests, [each.outcome for each in gateway.finished]) == ([], ["client left"])


def resident_bytes(process: DaemonProcess) -> int:
    """Return the memory of the daemon as Linux counts it (proc(5), ``VmRSS``)."""
    for line in Path(f"/proc/{process.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


async def leave_at_random(running: DaemonProcess, count: int, seed: int) -> None:
    """Start *count* endless streams, a few at once, and leave each after a random moment, most of them in mid-stream."""
    chance = random.Random(seed)
    places = trio.CapacityLimiter(AT_ONCE)

    async def one(patience: float, *, begun: bool) -> None:
        async with places, await connect(running.url) as stream:
            await stream.send_all(chat_request(ENDLESS, running.key))
            if begun:
                await read_until(stream, b"data:")
            with trio.move_on_after(patience):
                await read_until(stream, b"never comes")

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(partial(one, chance.uniform(0, 0.1), begun=chance.random() < 0.7))


async def test_five_hundred_more_disconnects_leave_no_memory_and_no_connection_behind(home: Path) -> None:
    with trio.fail_after(120):
        async with open_mock() as mock:
            with daemon(home, settings=mock_settings(mock.url)) as running:
                await leave_at_random(running, 500, seed=1)
                await until(lambda: not mock.open_connections)
                before = resident_bytes(running)
                await leave_at_random(running, 500, seed=2)
                await until(lambda: not mock.open_connections)
                grown = resident_bytes(running) - before
                left = mock.client_left_count
                running.ask_to_stop()
                code = await trio.to_thread.run_sync(running.wait)

    assert left > 500, f"only {left} of 1000 streams had begun at the provider when their client left"
    assert grown < 3 * 1024**2, f"{grown} bytes more after 500 more disconnects"
    assert (code, mock.open_connections, mock.open_streams) == (0, 0, 0)
