"""Wires over real sockets, with a reactor and without one."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial

import pytest
import trio
import trio.testing

from korproxy.net.reactor import open_reactor
from korproxy.net.wire import AT_ONCE, Wire
from tests.fakes.waiting import until

SOON = 0.05
LONG = 1024 * 1024 * 4

roads = pytest.mark.parametrize("reactor", [pytest.param(True, id="reactor"), pytest.param(False, id="trio")])


@asynccontextmanager
async def a_pair(reactor: bool) -> AsyncIterator[tuple[Wire, socket.socket]]:
    """Yield a wire and the blocking socket at its other end."""
    ours, theirs = socket.socketpair()
    if not reactor:
        wire = Wire.of(ours)
        with closing(theirs), closing(wire):
            yield wire, theirs
        return
    async with open_reactor():
        wire = Wire.of(ours)
        with closing(theirs), closing(wire):
            yield wire, theirs


async def received(wire: Wire, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += await wire.receive(deadline=trio.current_time() + 5)
    return found


@roads
async def test_what_was_sent_is_received(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(b"hello")
        assert await wire.receive() == b"hello"


@roads
async def test_a_read_waits_for_what_comes_later_and_again_for_what_comes_next(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other), trio.open_nursery() as nursery:
        found: list[bytes] = []

        async def read() -> None:
            found.append(await wire.receive())
            found.append(await wire.receive())
            nursery.cancel_scope.cancel()

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        other.sendall(b"first")
        with trio.move_on_after(5):
            while not found:
                await trio.lowlevel.checkpoint()
        other.sendall(b"second")
        await trio.sleep(5)
    assert found == [b"first", b"second"]


@roads
async def test_the_end_is_an_empty_read_as_often_as_it_is_asked_for(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(b"last words")
        other.close()
        assert [await wire.receive() for _ in range(3)] == [b"last words", b"", b""]


@roads
async def test_an_end_that_came_together_with_data_is_found_by_the_next_read(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        await trio.testing.wait_all_tasks_blocked()
        other.sendall(b"x")
        other.shutdown(socket.SHUT_WR)
        if reactor:
            await until(lambda: wire.hung_up)  # it sees both at once
        with trio.fail_after(2):
            assert [await wire.receive(), await wire.receive()] == [b"x", b""]


@roads
async def test_small_reads_take_all_that_is_there_piece_by_piece(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(b"abcdef")
        assert [await wire.receive(4), await wire.receive(4)] == [b"abcd", b"ef"]


@roads
async def test_a_read_ends_at_its_deadline_and_the_next_one_works(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        with pytest.raises(trio.TooSlowError):
            await wire.receive(deadline=trio.current_time() + SOON)
        other.sendall(b"late")
        assert await wire.receive(deadline=trio.current_time() + 5) == b"late"


@roads
async def test_an_earlier_deadline_than_the_one_slept_for_is_kept(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, _):
        with trio.move_on_after(SOON):
            await wire.receive(deadline=trio.current_time() + 100)
        with trio.fail_after(5), pytest.raises(trio.TooSlowError):
            await wire.receive(deadline=trio.current_time() + SOON)


@roads
async def test_a_large_write_goes_on_as_the_other_side_reads(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        data = bytes(range(256)) * (LONG // 256)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.send, data)
            found = await trio.to_thread.run_sync(_read_all, other, LONG)
    assert found == data


@roads
async def test_parts_arrive_in_their_order_also_where_they_do_not_fit_at_once(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        parts = [b"head", b"x" * LONG, b"", b"y" * 3]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.send_all_of, parts)
            found = await trio.to_thread.run_sync(_read_all, other, sum(map(len, parts)))
    assert found == b"".join(parts)


@roads
async def test_a_write_to_somebody_who_does_not_read_ends_at_its_deadline(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, _):
        with pytest.raises(trio.TooSlowError):
            await wire.send(b"x" * LONG, deadline=trio.current_time() + SOON)


@roads
async def test_closing_tells_whoever_reads_and_whoever_comes_later(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, _):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_expect_closed, wire.receive)
            nursery.start_soon(_expect_closed, partial(wire.send, b"x" * LONG))
            await trio.testing.wait_all_tasks_blocked()
            wire.close()
        wire.close()
        await _expect_closed(wire.receive)
        await _expect_closed(partial(wire.send, b"x"))
        assert (wire.closed, wire.quiet()) == (True, False)


async def _expect_closed(deed: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(trio.ClosedResourceError):
        await deed()


@roads
async def test_a_cancelled_read_loses_nothing(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        for _ in range(3):
            with trio.move_on_after(SOON / 5):
                await wire.receive()
        other.sendall(b"whole")
        assert await received(wire, 5) == b"whole"


async def test_an_end_is_told_while_nobody_reads_and_once_only() -> None:
    async with a_pair(reactor=True) as (wire, other):
        told: list[str] = []
        gone = trio.Event()
        wire.on_hangup = lambda: (told.append("gone"), gone.set())[0]  # type: ignore[func-returns-value]
        other.sendall(b"unread")
        other.shutdown(socket.SHUT_WR)
        with trio.fail_after(5):
            await gone.wait()
        other.close()
        await trio.testing.wait_all_tasks_blocked()
        assert (told, wire.hung_up, await wire.receive()) == (["gone"], True, b"unread")


@roads
async def test_quiet_just_now_is_only_where_no_byte_came_whatever_the_loop_has_seen(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(b"hello")
        await wire.receive()
        before = wire.quiet(just_now=True)
        other.sendall(b"s")
        at_once = wire.quiet(just_now=True)
        await wire.until_readable()
        later = wire.quiet(just_now=True)
        await wire.receive()
        assert (before, at_once, later, wire.quiet(just_now=True)) == (True, False, False, True)


async def test_tasks_wait_woken_and_cancelled_by_turns_with_the_same_plea_to_trio() -> None:
    async with a_pair(True) as (wire, other):
        for _ in range(3):
            with trio.move_on_after(0) as cancelled:
                await wire.receive()
            with pytest.raises(trio.TooSlowError):
                await wire.receive(deadline=trio.current_time())
            async with trio.open_nursery() as nursery:

                async def send() -> None:
                    await trio.testing.wait_all_tasks_blocked()
                    other.sendall(b"hello")

                nursery.start_soon(send)
                assert (await wire.receive(), cancelled.cancelled_caught) == (b"hello", True)


@roads
async def test_quiet_is_only_where_nothing_came_and_nobody_left(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        before = wire.quiet()
        other.sendall(b"surplus")
        with_surplus = wire.quiet()
        await wire.receive()
        after = wire.quiet()
        other.close()
        assert (before, with_surplus, after, wire.quiet()) == (True, False, True, False)


@roads
async def test_reads_that_always_find_something_let_others_run(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(b"x" * 1000)
        others = 0

        async def count() -> None:
            nonlocal others
            while True:
                await trio.lowlevel.checkpoint()
                others += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            for _ in range(1000):
                await wire.receive(1)
            nursery.cancel_scope.cancel()
        assert others >= 20


async def test_two_readers_of_one_wire_are_a_mistake_that_is_told() -> None:
    async with a_pair(reactor=True) as (wire, _), trio.open_nursery() as nursery:
        nursery.start_soon(wire.receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await wire.receive()
        nursery.cancel_scope.cancel()


def _read_all(other: socket.socket, count: int) -> bytes:
    parts, left = [], count
    while left:
        parts.append(other.recv(AT_ONCE))
        left -= len(parts[-1])
    return b"".join(parts)


async def test_input_that_nobody_waits_for_is_told_and_can_be_taken_at_once() -> None:
    async with a_pair(reactor=True) as (wire, other):
        before = await received_nothing(wire)
        found: list[bytes | None] = []
        wire.on_input = lambda: found.append(wire.receive_now())
        other.sendall(b"unasked")
        with trio.move_on_after(5):
            while not found:
                await trio.lowlevel.checkpoint()
        assert (before, found, wire.receive_now()) == (None, [b"unasked"], None)


async def received_nothing(wire: Wire) -> bytes | None:
    await trio.testing.wait_all_tasks_blocked()
    return wire.receive_now()


@roads
async def test_a_read_that_is_cancelled_when_it_lets_others_run_loses_nothing(reactor: bool) -> None:
    async with a_pair(reactor) as (wire, other):
        other.sendall(bytes(range(256)))
        found = b""
        while len(found) < 200:
            with trio.CancelScope() as scope:
                scope.cancel()
                found += await wire.receive(1)
        assert found == bytes(range(200))
