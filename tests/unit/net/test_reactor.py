"""One reactor for all wires: who is woken, when, and that nothing is left behind."""

from __future__ import annotations

import select
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from korproxy.net.reactor import current_reactor, open_reactor
from korproxy.net.wire import Wire

SOON = 0.05


def descriptors() -> int:
    """Return how many are open, where the system tells that."""
    told = Path("/proc/self/fd")
    return len(list(told.iterdir())) if told.is_dir() else 0


async def test_a_reactor_within_another_is_the_same_one_and_none_is_left_behind() -> None:
    async with open_reactor() as outer:
        async with open_reactor() as inner:
            assert inner is outer
        assert current_reactor() is outer
    assert current_reactor() is None


async def test_the_end_of_a_reactor_closes_what_is_left_and_forgets_it() -> None:
    ours, theirs = socket.socketpair()
    with closing(theirs):
        async with open_reactor() as reactor:
            wire = Wire.of(ours)
            assert reactor is not None
            assert len(reactor) == 1
        assert (wire.closed, len(reactor), theirs.recv(1)) == (True, 0, b"")


async def test_an_error_within_goes_through_and_all_is_closed() -> None:
    before = descriptors()
    with pytest.RaisesGroup(LookupError), closing(socket.socket()) as ours:
        async with open_reactor():
            Wire.of(ours)
            raise LookupError
    assert (current_reactor(), descriptors()) == (None, before)


async def test_where_there_is_no_epoll_there_is_no_reactor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll")
    async with open_reactor() as reactor:
        assert (reactor, current_reactor()) == (None, None)


async def test_each_wire_wakes_its_own_reader() -> None:
    found: dict[int, bytes] = {}
    with ExitStack() as stack:
        async with open_reactor(), trio.open_nursery() as nursery:
            pairs = [socket.socketpair() for _ in range(100)]
            others = [stack.enter_context(theirs) for _, theirs in pairs]

            async def read(number: int, wire: Wire) -> None:
                found[number] = await wire.receive()

            for number, (ours, _) in enumerate(pairs):
                nursery.start_soon(read, number, Wire.of(ours))
            await wait_all_tasks_blocked()
            for number, other in enumerate(others):
                other.sendall(b"%d" % number)
    assert found == {number: b"%d" % number for number in range(100)}


async def test_more_sockets_than_one_look_at_them_tells_of_are_all_told() -> None:
    with ExitStack() as stack:
        async with open_reactor(), trio.open_nursery() as nursery:
            pairs = [socket.socketpair() for _ in range(50)]
            woken = 0

            async def read(wire: Wire) -> None:
                nonlocal woken
                for _ in range(40):
                    await wire.receive(1)
                woken += 1

            for ours, theirs in pairs:
                stack.enter_context(theirs).sendall(b"x" * 40)
                nursery.start_soon(read, Wire.of(ours))
    assert woken == 50


async def test_a_descriptor_that_comes_back_is_the_next_wires() -> None:
    async with open_reactor() as reactor:
        assert reactor is not None
        for number in range(20):
            ours, theirs = socket.socketpair()
            with closing(theirs), closing(Wire.of(ours)) as wire:
                theirs.sendall(b"%d" % number)
                assert await wire.receive() == b"%d" % number
                theirs.sendall(b"unread")
        assert len(reactor) == 0


async def test_what_was_released_is_no_business_of_the_reactor_any_more() -> None:
    ours, theirs = socket.socketpair()
    with closing(theirs):
        async with open_reactor() as reactor:
            assert reactor is not None
            wire = Wire.of(ours)
            told: list[str] = []
            wire.on_input, wire.on_hangup = lambda: told.append("input"), lambda: told.append("gone")
            await wait_all_tasks_blocked()
            with wire.release() as freed:
                theirs.sendall(b"x")
                theirs.shutdown(socket.SHUT_WR)
                await wait_all_tasks_blocked()
                await trio.sleep(SOON / 5)
                assert (len(reactor), told, freed.recv(9)) == (0, [], b"x")


async def test_deadlines_are_met_each_at_its_time_whatever_the_order_in_which_they_were_set() -> None:
    late: list[int] = []
    with ExitStack() as stack:
        async with open_reactor(), trio.open_nursery() as nursery:
            began = trio.current_time()

            async def wait(number: int) -> None:
                ours, theirs = socket.socketpair()
                stack.enter_context(theirs)
                with pytest.raises(trio.TooSlowError):
                    await Wire.of(ours).receive(deadline=began + number * SOON)
                assert trio.current_time() >= began + number * SOON
                late.append(number)

            for number in (3, 1, 4, 2):
                nursery.start_soon(wait, number)
    assert late == [1, 2, 3, 4]


async def test_a_deadline_that_has_passed_already_ends_a_wait_at_once() -> None:
    ours, theirs = socket.socketpair()
    with closing(theirs):
        async with open_reactor():
            with trio.fail_after(5), pytest.raises(trio.TooSlowError):
                await Wire.of(ours).receive(deadline=trio.current_time() - 1)


async def test_a_deadline_of_a_wait_that_was_cancelled_wakes_nobody() -> None:
    ours, theirs = socket.socketpair()
    with closing(theirs):
        async with open_reactor():
            wire = Wire.of(ours)
            with trio.move_on_after(SOON / 5):
                await wire.receive(deadline=trio.current_time() + SOON)
            with trio.move_on_after(2 * SOON) as waited:
                await wire.receive()
    assert waited.cancelled_caught


async def test_a_reactor_that_is_cancelled_tells_whoever_waits() -> None:
    ours, theirs = socket.socketpair()
    with closing(theirs), trio.move_on_after(SOON) as scope:
        async with open_reactor():
            await Wire.of(ours).receive()
    assert (scope.cancelled_caught, theirs.fileno()) == (True, -1)
