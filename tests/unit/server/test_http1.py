"""What stands between Hypercorn's parser and one connection. Whole clients: tests/flows/test_hostile_clients.py."""

from __future__ import annotations

import h11
import pytest
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from trio.testing import MemoryReceiveStream, MemorySendStream, memory_stream_one_way_pair, wait_all_tasks_blocked

from korproxy.server.http1 import AHEAD, Http1Connection, Pause, _Gone


def paused() -> tuple[Pause, H11Protocol, MemorySendStream, MemoryReceiveStream]:
    """Return a pause, the protocol it is for, and the two ends of what the client sends."""
    protocol = H11Protocol(None, Config(), WorkerContext(None), TaskGroup(), None, False, None, None, None)  # type: ignore[arg-type]
    client, near = memory_stream_one_way_pair()
    return Pause(near, protocol), protocol, client, near  # type: ignore[arg-type]  # of the stream it only receives


async def test_what_comes_in_a_pause_is_kept_for_the_next_request() -> None:
    pause, protocol, client, _ = paused()
    await pause.clear()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pause.wait)
            await client.send_all(b"GET / HTTP/1.1\r\n")
            await wait_all_tasks_blocked()
            before = pause.is_set()
            await pause.set()
        await client.send_all(b"host: x\r\n\r\n")

    assert (before, pause.is_set()) == (False, True)
    assert isinstance(protocol.connection, h11.Connection)
    assert protocol.connection.trailing_data == (b"GET / HTTP/1.1\r\n", False)


@pytest.mark.parametrize("end", ["left", "closed", "too much"])
async def test_a_pause_ends_with_the_client(end: str) -> None:
    pause, protocol, client, near = paused()

    async def part() -> None:
        await wait_all_tasks_blocked()
        if end == "left":
            await client.aclose()
        elif end == "closed":
            await near.aclose()
        else:
            await client.send_all(b"x" * (AHEAD + 1))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(part)
            with pytest.raises(_Gone):
                await pause.wait()

    assert len(protocol.connection.trailing_data[0]) == (AHEAD if end == "too much" else 0)


async def test_a_pause_that_is_cancelled_is_cancelled() -> None:
    pause, *_ = paused()
    with trio.move_on_after(0.01) as scope:
        await pause.wait()

    assert scope.cancelled_caught


async def test_who_sends_while_the_connection_is_being_closed_is_told_that_it_is_closed() -> None:
    told: list[Event] = []

    class Protocol:
        async def handle(self, event: Event) -> None:
            told.append(event)

    class Closing:
        async def send_all(self, _: bytes) -> None:
            raise trio.BusyResourceError

    served = Http1Connection(None, Config(), WorkerContext(None), ConnectionState({}), Closing())  # type: ignore[arg-type]
    served.protocol = Protocol()  # type: ignore[assignment]
    await served.protocol_send(RawData(b"x"))

    assert told == [Closed()]


def test_hypercorn_has_what_is_replaced() -> None:
    protocol = paused()[1]

    assert callable(protocol._check_protocol)
    assert hasattr(protocol, "can_read")
