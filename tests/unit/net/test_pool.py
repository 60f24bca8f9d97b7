from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.net.address import Target, target_of
from korproxy.net.client import Client
from korproxy.net.connect import Connector
from korproxy.net.errors import Unreached
from korproxy.net.pool import AT_REST, DOUBT, IDLE_IN_ALL, IDLE_PER_HOST, IDLE_SECONDS, Connection, IdleRoom, Pool, PoolCounters
from korproxy.net.reactor import open_reactor
from korproxy.net.tls import Line
from korproxy.net.wire import Wire
from tests.fakes.waiting import until

ONE, TWO = target_of("http://one.test/"), target_of("http://two.test/")


@attrs.frozen
class Pairs(Connector):
    """Connections to nobody: the other ends are here."""

    secure: ssl.SSLContext = attrs.field(factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    others: list[socket.socket] = attrs.field(factory=list)

    async def connect(self, target: Target, deadline: float = 0.0) -> Line:  # noqa: ARG002
        await trio.lowlevel.checkpoint()
        ours, theirs = socket.socketpair()
        self.others.append(theirs)
        return Wire.of(ours)


@contextmanager
def a_pool(room: IdleRoom | None = None) -> Iterator[tuple[Pool, list[socket.socket]]]:
    connector = Pairs()
    pool = Pool(connector, IdleRoom() if room is None else room)
    try:
        yield pool, connector.others
    finally:
        pool.close()
        for each in connector.others:
            each.close()


async def opened(pool: Pool, count: int, target: Target = ONE) -> list[Connection]:
    return [await pool.open(target, 0.0) for _ in range(count)]


async def idle(pool: Pool, count: int, target: Target = ONE) -> list[Connection]:
    """Make *count* connections idle; return them in that order."""
    connections = await opened(pool, count, target)
    for each in connections:
        pool.give_back(each)
    return connections


def take(pool: Pool, target: Target = ONE) -> Connection | None:
    return pool.take(target.origin, trio.current_time())


async def test_a_connection_is_the_callers_until_it_is_given_back_or_dropped() -> None:
    with a_pool() as (pool, _):
        one, two = await opened(pool, 2)
        assert (take(pool), len(pool), pool.counters) == (None, 2, PoolCounters(busy=2, opened=2))
        pool.give_back(one)
        assert (len(pool), pool.counters) == (2, PoolCounters(idle=1, busy=1, opened=2))
        pool.drop(two, "cut")
        pool.drop(two, "cut")
        assert (len(pool), pool.counters) == (1, PoolCounters(idle=1, opened=2, closed={"cut": 1}))
        assert (take(pool), take(pool)) == (one, None)
        assert (two.base.closed, one.base.closed, pool.counters.reused) == (True, False, 1)


async def test_the_connection_that_was_used_last_is_taken_first() -> None:
    with a_pool() as (pool, _):
        one, two, three = await idle(pool, 3)

        assert [take(pool), take(pool), take(pool)] == [three, two, one]


async def test_a_connection_is_used_for_its_own_origin_only() -> None:
    with a_pool() as (pool, _):
        [one] = await idle(pool, 1)

        assert take(pool, TWO) is None
        assert take(pool, attrs.evolve(ONE, server_name="other.test")) is None
        assert take(pool) is one


async def test_of_one_origin_only_so_many_stay_idle_and_the_oldest_go_first(autojump_clock: MockClock) -> None:
    with a_pool() as (pool, _):
        connections = await idle(pool, IDLE_PER_HOST + 2)
        others = await idle(pool, 1, TWO)
        at_once = pool.drop_idle()
        await trio.sleep(AT_REST)
        later = pool.drop_idle()

        assert (at_once, later) == (0, 2)
        assert [each.base.closed for each in connections + others] == [True, True, *[False] * (IDLE_PER_HOST + 1)]
        assert pool.counters.closed == {"no room": 2}
    assert IDLE_PER_HOST == 10


async def test_all_pools_together_keep_only_so_many_and_the_oldest_goes_first() -> None:
    room = IdleRoom(3)
    with a_pool(room) as (first, _), a_pool(room) as (second, _):
        connections = [*await idle(first, 2), *await idle(second, 2)]
        taken = take(first)
        connections += await idle(second, 1)

        assert taken is connections[1]
        assert [each.base.closed for each in connections] == [True, False, False, False, False]
        assert (len(room), first.counters.closed, second.counters.closed) == (3, {"no room": 1}, {})
    assert (len(room), IdleRoom().most, IDLE_IN_ALL) == (0, 100, 100)


async def test_a_connection_that_was_idle_for_too_long_is_not_taken_and_dropped_at_the_next_look(
    autojump_clock: MockClock,
) -> None:
    with a_pool() as (pool, _):
        await idle(pool, 2)
        await trio.sleep(IDLE_SECONDS - 1)
        last = take(pool)
        assert last is not None
        pool.give_back(last)
        await trio.sleep(1)

        assert (pool.drop_idle(), pool.counters.closed, take(pool)) == (1, {"too old": 1}, last)
        pool.give_back(last)
        await trio.sleep(IDLE_SECONDS)
        assert (take(pool), pool.counters.closed) == (None, {"too old": 2})


@pytest.mark.parametrize("data", [b"", b"unasked"])
async def test_a_connection_on_which_something_came_after_some_rest_is_not_taken(data: bytes) -> None:
    with a_pool() as (pool, others):
        good, *rested = await idle(pool, 3)
        for one in rested:
            one.idle_since -= AT_REST
        for each in others[1:]:
            if data:
                each.sendall(data)
            else:
                each.shutdown(socket.SHUT_WR)

        assert (take(pool), pool.counters.closed) == (good, {"hung up": 2})
        pool.give_back(good)
        assert pool.drop_idle() == 0


@pytest.mark.parametrize("rested", [0.0, AT_REST])
async def test_what_came_unasked_makes_a_connection_useless_before_the_loop_has_seen_it(rested: float) -> None:
    async with open_reactor():
        with trio.fail_after(5), a_pool() as (pool, others):
            one, two = await opened(pool, 2)
            await until(lambda: one.base.readable and two.base.readable)
            for each, other in zip((one, two), others, strict=True):
                other.sendall(b"answer")
                assert await each.line.receive() == b"answer"
                pool.give_back(each)
                each.idle_since -= rested
            others[1].sendall(b"unasked")  # which the loop has had no time to see

            assert take(pool) is (one if rested else None)
            assert (two.base.closed, pool.counters.closed) == (True, {"hung up": 1} if rested else {"surplus": 1, "doubted": 1})


async def test_what_came_unasked_and_was_seen_makes_a_connection_useless_however_short_it_was_idle() -> None:
    async with open_reactor():
        with trio.fail_after(5), a_pool() as (pool, others):
            [one] = await opened(pool, 1)
            others[0].sendall(b"answer")
            assert await one.line.receive() == b"answer"
            pool.give_back(one)
            others[0].sendall(b"unasked")
            await until(lambda: one.base.readable)

            assert (take(pool), pool.counters.closed) == (None, {"surplus": 1})


async def test_to_a_server_that_said_what_was_not_asked_for_no_connection_is_used_twice_for_a_while(
    autojump_clock: MockClock,
) -> None:
    with a_pool() as (pool, _):
        [other] = await idle(pool, 1, TWO)
        waiting, busy, odd = await opened(pool, 3)
        pool.give_back(waiting)
        pool.drop(odd, "surplus")
        pool.give_back(busy)

        assert [each.base.closed for each in (waiting, busy, odd, other)] == [True, True, True, False]
        assert pool.counters == PoolCounters(idle=1, opened=4, closed={"doubted": 2, "surplus": 1})
        await trio.sleep(DOUBT - 0.001)
        assert [(await idle(pool, 1))[0].base.closed, take(pool)] == [True, None]
        await trio.sleep(0.001)
        assert [*(await idle(pool, 1))] == [take(pool)]
        assert pool._doubted == {}


async def test_what_came_unasked_is_found_at_the_next_look_too_and_ends_the_others() -> None:
    with a_pool() as (pool, others):
        await idle(pool, 3)
        others[0].sendall(b"unasked")
        others[2].close()

        assert (pool.drop_idle(), len(pool), pool.counters.closed) == (3, 0, {"doubted": 2, "surplus": 1})


async def test_an_answer_that_came_twice_is_nobody_elses() -> None:
    async with open_reactor():
        with trio.fail_after(5), a_pool() as (pool, others):
            client, asked = Client(pool), 0

            async def answer(each: int) -> None:
                await until(lambda: len(others) > each)
                for _ in range(2):
                    others[each].sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % each)

            async with trio.open_nursery() as nursery:
                for asked in range(3):
                    nursery.start_soon(answer, asked)
                    got = await client.ask("POST", ONE, (), b"question")
                    assert await got.receive() == b"%d" % asked
                    got.close()

            assert (asked, pool.counters.reused, pool.counters.closed) == (2, 0, {"surplus": 3})


@pytest.mark.parametrize("data", [b"\r\n", b"\n\r\n"])
async def test_blank_lines_behind_an_answer_say_nothing_of_the_server(data: bytes) -> None:
    with a_pool() as (pool, others):
        one, _ = await idle(pool, 2)
        others[1].sendall(data)

        assert (take(pool), pool.counters.closed) == (one, {"hung up": 1})


async def test_an_end_that_the_loop_has_not_seen_costs_nothing_but_a_second_try() -> None:
    async with open_reactor():
        with trio.fail_after(5), a_pool() as (pool, others):
            client = Client(pool)
            [one] = await opened(pool, 1)
            others[0].sendall(b"answer")
            assert await one.line.receive() == b"answer"
            pool.give_back(one)
            others[0].close()

            async def answer() -> None:
                await until(lambda: len(others) > 1)
                others[1].sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer)
                got = await client.ask("POST", ONE, (), b"question")
                said = await got.receive()
                got.close()

            assert (got.status, said, others[1].recv(1000).endswith(b"\r\n\r\nquestion")) == (200, b"ok", True)
            assert pool.counters == PoolCounters(idle=1, opened=2, reused=1, repeated=1, closed={"broken": 1})


async def test_the_look_finds_what_is_gone_and_leaves_what_is_busy() -> None:
    with a_pool() as (pool, others):
        [busy] = await opened(pool, 1)
        await idle(pool, 1)
        for each in others:
            each.close()

        assert (pool.drop_idle(), pool.counters) == (1, PoolCounters(busy=1, opened=2, closed={"hung up": 1}))
        pool.drop(busy, "cut")


async def test_where_the_reactor_runs_an_idle_connection_goes_as_soon_as_the_other_side_closes_it() -> None:
    async with open_reactor():
        with trio.fail_after(5), a_pool() as (pool, others):
            [busy] = await opened(pool, 1)
            await idle(pool, 1)
            for each in others:
                each.close()
            await until(lambda: len(pool) == 1)

            assert pool.counters == PoolCounters(busy=1, opened=2, closed={"hung up": 1})
            await until(lambda: busy.base.hung_up)
            pool.give_back(busy)
            assert pool.counters == PoolCounters(opened=2, closed={"hung up": 2})


async def test_closing_a_pool_closes_everything() -> None:
    with a_pool() as (pool, _):
        connections = [*await opened(pool, 2), *await idle(pool, 2)]
        pool.close()

        assert [each.base.closed for each in connections] == [True] * 4
        assert pool.counters == PoolCounters(opened=4, closed={"stopped": 4})


async def test_a_connection_that_does_not_come_about_leaves_nothing() -> None:
    @attrs.frozen
    class Nobody(Pairs):
        async def connect(self, target: Target, deadline: float = 0.0) -> Line:  # noqa: ARG002
            await trio.lowlevel.checkpoint()
            raise Unreached("nobody there")

    pool = Pool(Nobody())
    with pytest.raises(Unreached):
        await pool.open(ONE, 0.0)

    assert pool.counters == PoolCounters()


def test_a_request_that_goes_out_again_is_counted() -> None:
    pool = Pool(Pairs())
    pool.repeat()

    assert pool.counters == PoolCounters(repeated=1)
