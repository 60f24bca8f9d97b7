"""Connections are known while they last, stalled ones are found, and a cut wakes whoever waits on the socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from korproxy.server.connections import LET_GO, Connection, Connections, current_connection
from tests.fakes.waiting import until


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[trio.SocketStream, trio.SocketStream]]:
    """Open a connection on loopback: the server's end and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = await trio.open_tcp_stream("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
        near = trio.SocketStream(trio.socket.from_stdlib_socket(accepted))
    async with near, far:
        yield near, far


async def test_a_connection_is_known_for_as_long_as_it_is_served() -> None:
    connections = Connections()
    async with pair() as (one, _), pair() as (other, _):
        with connections.keep(one):
            with connections.keep(other):
                most = len(connections)
            left = len(connections)

    assert (most, left, len(connections)) == (2, 1, 0)


async def test_a_connection_is_forgotten_when_its_task_fails() -> None:
    connections = Connections()
    async with pair() as (near, _):
        with pytest.raises(LookupError):
            with connections.keep(near):
                raise LookupError

    assert len(connections) == 0


async def test_tasks_of_a_request_inherit_the_connection_and_others_have_none() -> None:
    connections = Connections()
    seen: dict[str, Connection | None] = {}

    async def note(name: str) -> None:
        seen[name] = current_connection.get()

    async def serve(name: str, stream: trio.SocketStream) -> None:
        with connections.keep(stream) as connection:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(note, f"in {name}")
            seen[name] = connection

    async with pair() as (one, _), pair() as (other, _):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, "one", one)
            nursery.start_soon(serve, "other", other)
            nursery.start_soon(note, "outside")

    assert seen["in one"] is seen["one"]
    assert seen["in other"] is seen["other"]
    assert seen["one"] is not seen["other"]
    assert seen["outside"] is None


async def test_only_a_write_that_lasts_makes_a_connection_stalled() -> None:
    connections = Connections()
    async with pair() as (near, _):
        with connections.keep(near) as connection:
            idle = connections.stalled(trio.current_time() + 1000, 120)
            with connection.writing():
                began = connection.writing_since
                assert began is not None
                early, late = (connections.stalled(began + seconds, 120) for seconds in (119.9, 120))
            after = connections.stalled(trio.current_time() + 1000, 120)

    assert (idle, early, late, after) == ([], [], [connection], [])


async def test_a_write_that_fails_is_over() -> None:
    async with pair() as (near, _):
        connection = Connection(near)
        with pytest.raises(LookupError):
            with connection.writing():
                raise LookupError

    assert connection.writing_since is None


async def test_a_write_that_is_cancelled_is_over() -> None:
    async with pair() as (near, _):
        connection = Connection(near)
        with trio.move_on_after(0):
            with connection.writing():
                await trio.sleep_forever()

    assert connection.writing_since is None


async def test_of_several_writes_at_once_the_oldest_that_goes_on_counts() -> None:
    """HTTP/2 has many answers on one connection: those that get through must not hide the one that does not."""
    async with pair() as (near, _):
        connection = Connection(near)
        times: list[float | None] = []
        with connection.writing():
            began = connection.writing_since
            await trio.sleep(0.01)
            with connection.writing():
                times.append(connection.writing_since)
            times.append(connection.writing_since)

    assert began is not None
    assert [*times, connection.writing_since] == [began, began, None]


async def test_of_overlapping_writes_the_one_that_is_left_counts() -> None:
    async with pair() as (near, _):
        connection = Connection(near)
        first, second = connection.writing(), connection.writing()
        first.__enter__()
        await trio.sleep(0.01)
        before = trio.current_time()
        second.__enter__()
        first.__exit__(None, None, None)
        left = connection.writing_since
        second.__exit__(None, None, None)

    assert left is not None
    assert left >= before
    assert connection.writing_since is None


async def test_a_cut_wakes_whoever_reads() -> None:
    async with pair() as (near, _):
        connection = Connection(near)
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_fails_with_closed, near.receive_some)
                await trio.testing.wait_all_tasks_blocked()
                connection.cut()


async def test_a_cut_wakes_a_writer_whose_client_does_not_read_even_where_it_is_shielded() -> None:
    async def write_for_ever() -> None:
        with trio.CancelScope(shield=True), connection.writing():
            while True:
                await near.send_all(b"x" * 2**20)

    async with pair() as (near, _):
        connection = Connection(near)
        connections = Connections({connection})
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_fails_with_closed, write_for_ever)
                await until(lambda: connections.stalled(trio.current_time(), 0.2))
                connections.cut_all()

    assert connection.writing_since is None


@pytest.mark.parametrize("cut_before", [True, False])
async def test_a_shield_does_not_hold_for_long_once_its_connection_was_cut(cut_before: bool) -> None:
    waited_out = list[bool]()

    async def write() -> None:
        with trio.CancelScope(shield=True) as shield, connection.writing(shield):
            await trio.sleep(LET_GO + 5)  # for something that no closed socket ends
        waited_out.append(not shield.cancelled_caught)

    async with pair() as (near, _):
        connection = Connection(near)
        async with trio.open_nursery() as nursery:
            if cut_before:
                connection.cut()
            nursery.start_soon(write)
            await trio.testing.wait_all_tasks_blocked()
            connection.cut()
            nursery.cancel_scope.cancel()

    assert (waited_out, connection.writing_since) == ([False], None)


async def test_a_cut_is_an_end_for_the_client() -> None:
    async with pair() as (near, far):
        Connection(near).cut()
        with trio.fail_after(1):
            received = await far.receive_some()

    assert received == b""


async def test_a_connection_may_be_cut_twice_and_after_its_end() -> None:
    connections = Connections()
    async with pair() as (near, far):
        with connections.keep(near) as connection:
            connections.cut_all()
            connections.cut_all()
            await near.aclose()
            connection.cut()
        with trio.fail_after(1):
            assert await far.receive_some() == b""


async def test_a_connection_does_not_show_its_socket() -> None:
    async with pair() as (near, _):
        assert "stream" not in repr(Connection(near))


async def _fails_with_closed(work: object) -> None:
    assert callable(work)
    with pytest.raises(trio.ClosedResourceError):
        await work()
