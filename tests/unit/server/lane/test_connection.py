"""One connection in the lane: requests one after the other, what is left to Hypercorn, and each way in which it may end."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from korproxy.server.lane.connection import AHEAD
from korproxy.server.lane.exchange import LaneExchange
from korproxy.server.lane.head import LONGEST
from tests.fakes.raw_client import read_until
from tests.fakes.waiting import until
from tests.unit.server.lane.laned import LIMIT, PATIENCE, echo, heard_all, laned, post, roads

LAST = post(b"bye", fields="connection: close\r\n")


def bodies(received: bytes) -> list[bytes]:
    """Return the bodies of answers that say how long they are."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        found.append(received[:length])
        received = received[length:]
    return found


async def waiting(exchange: LaneExchange) -> None:
    """Never answer."""
    await exchange.body(LIMIT, PATIENCE)
    await trio.sleep_forever()


@roads
async def test_requests_are_answered_one_after_the_other(reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        for each in (b"one", b"", b"x" * 200_000):
            await at.client.send_all(post(each, "/a?b"))
            assert bodies(await read_until(at.client, b"POST /a ?b: " + each)) == [b"POST /a ?b: " + each]
        await at.client.send_all(LAST)
        last = await heard_all(at.client)
        assert (bodies(last), b"\r\nconnection: close\r\n" in last, await at.until_over()) == ([b"POST / ?: bye"], True, None)


@roads
async def test_requests_sent_in_advance_are_answered_in_their_order(reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        await at.client.send_all(post(b"1") + b"GET /2 HTTP/1.1\r\nhost: x\r\n\r\n" + post(b"3") + LAST + post(b"nobody's"))
        assert bodies(await heard_all(at.client)) == [b"POST / ?: 1", b"GET /2 ?: ", b"POST / ?: 3", b"POST / ?: bye"]


@roads
async def test_a_request_may_come_byte_by_byte(reactor: bool) -> None:
    chunked = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    async with laned(reactor=reactor) as at:
        at.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(b"12") + chunked + LAST:
            await at.client.send_all(bytes([byte]))
            await trio.lowlevel.checkpoint()
        assert bodies(await heard_all(at.client)) == [b"POST / ?: 12", b"POST / ?: abc", b"POST / ?: bye"]


@roads
@pytest.mark.parametrize(
    "other", [b"GET /errors/KP-SYS-501 HTTP/1.1\r\nhost: x\r\n\r\n", b"PUT", b"POST *", b"\r\n", b"GET / HTTP/1.0\r\n\r\n"]
)
async def test_what_is_not_for_the_lane_is_left_with_all_its_bytes_and_an_open_socket(other: bytes, reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        await at.client.send_all(post(b"1") + other)
        left = await at.until_over()
        with at.connection.wire.release() as freed:
            freed.sendall(b"from Hypercorn")
        assert (left, bodies((await heard_all(at.client))[:-14])) == (other, [b"POST / ?: 1"])


@roads
async def test_a_head_without_an_end_is_left_as_soon_as_it_is_too_long(reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        sent = b"POST /" + b"a" * (LONGEST + 10)
        await at.client.send_all(sent)
        left = await at.until_over()
        assert left is not None
        assert LONGEST < len(left) <= len(sent)


@roads
async def test_who_sends_requests_without_an_end_does_not_keep_others_from_running(reactor: bool) -> None:
    turns: list[int] = []
    answered = 0

    async def count(exchange: LaneExchange) -> None:
        nonlocal answered
        await exchange.start(204, [])
        await exchange.finish()
        answered += 1

    async def others() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            turns.append(answered)

    async with laned(count, reactor=reactor) as at, trio.open_nursery() as nursery:
        nursery.start_soon(others)
        await at.client.send_all(post() * 500)
        await until(lambda: answered == 500)
        nursery.cancel_scope.cancel()
    assert max(after - before for before, after in pairwise(turns)) <= 4


@roads
@pytest.mark.parametrize("sent", [b"", b"POST / HT"])
async def test_who_is_silent_for_too_long_is_hung_up_on(sent: bytes, reactor: bool) -> None:
    async with laned(reactor=reactor, idle=0.05) as at:
        await at.client.send_all(sent)
        assert (await heard_all(at.client), await at.until_over()) == (b"", None)


@roads
async def test_a_head_that_comes_too_slowly_is_not_waited_for(reactor: bool) -> None:
    async with laned(reactor=reactor, idle=0.2) as at, trio.open_nursery() as nursery:

        async def drip() -> None:
            while True:
                await at.client.send_all(b"POST / HTTP/1.1\r\n"[:7])
                await trio.sleep(0.02)

        nursery.start_soon(drip)
        assert await at.until_over() is None
        nursery.cancel_scope.cancel()


@roads
@pytest.mark.parametrize("sent", [b"", b"POST / HT", post(b"whole")[:-2]])
async def test_a_client_that_leaves_before_its_request_is_whole_ends_it(sent: bytes, reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        await at.client.send_all(sent)
        await at.client.send_eof()
        assert (await at.until_over(), await heard_all(at.client)) == (None, b"")


@roads
@pytest.mark.parametrize("how", ["leaves", "resets", "half-closes", "sends too much"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_an_answer_that_nobody_waits_for_any_more_is_given_up(how: str, at_once: bool, reactor: bool) -> None:
    async with laned(waiting, reactor=reactor) as at:
        await at.client.send_all(post(b"1"))
        if not at_once:
            await wait_all_tasks_blocked()
        if how == "sends too much":
            await at.client.send_all(b"x" * (AHEAD + 1))
        elif how == "half-closes":
            await at.client.send_eof()
        else:
            if how == "resets":
                at.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await at.client.aclose()
        assert (await at.until_over(), at.connection.wire.closed) == (None, True)


@roads
async def test_who_sends_the_next_request_meanwhile_is_waited_for(reactor: bool) -> None:
    may_answer = trio.Event()

    async def late(exchange: LaneExchange) -> None:
        await may_answer.wait()
        await echo(exchange)

    async with laned(late, reactor=reactor) as at:
        await at.client.send_all(post(b"1"))
        await wait_all_tasks_blocked()
        await at.client.send_all(post(b"2" * 50_000))
        await wait_all_tasks_blocked()
        await at.client.send_all(LAST[:30])
        await wait_all_tasks_blocked()
        may_answer.set()
        await at.client.send_all(LAST[30:])
        assert [each[-3:] for each in bodies(await heard_all(at.client))] == [b": 1", b"222", b"bye"]


@roads
async def test_a_stop_ends_an_idle_connection_at_once(reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        await wait_all_tasks_blocked()
        at.connection.stop()
        assert (await at.until_over(), await heard_all(at.client)) == (None, b"")


@roads
@pytest.mark.parametrize("started", [False, True])
async def test_a_stop_ends_a_busy_connection_after_its_answer_which_says_so_if_it_can(started: bool, reactor: bool) -> None:
    may_go_on, is_there = trio.Event(), trio.Event()

    async def late(exchange: LaneExchange) -> None:
        if started:
            await exchange.start(200, [(b"content-length", b"4")])
            await exchange.write(b"da")
        is_there.set()
        await may_go_on.wait()
        if not started:
            await exchange.start(200, [(b"content-length", b"4")])
            await exchange.write(b"da")
        await exchange.finish(b"ta")

    async with laned(late, reactor=reactor) as at:
        await at.client.send_all(post(b"1") + post(b"2"))
        await is_there.wait()
        at.connection.stop()
        may_go_on.set()
        received = await heard_all(at.client)
        assert (received[-4:], received.count(b"HTTP/1.1"), await at.until_over()) == (b"data", 1, None)
        assert (b"\r\nconnection: close\r\n" in received) is not started


@roads
async def test_a_request_that_comes_after_a_stop_is_not_taken_but_one_that_had_begun_is(reactor: bool) -> None:
    async with laned(reactor=reactor) as at:
        await at.client.send_all(post(b"1")[:9])
        await wait_all_tasks_blocked()
        at.connection.stop()
        await at.client.send_all(post(b"1")[9:] + post(b"2"))
        received = await heard_all(at.client)
        assert (bodies(received), b"connection: close" in received) == ([b"POST / ?: 1"], True)


@roads
@pytest.mark.parametrize("how", ["broken", "unfinished", "body not read"])
async def test_what_did_not_end_well_ends_the_connection(how: str, reactor: bool) -> None:
    async def badly(exchange: LaneExchange) -> None:
        if how == "unfinished":
            return
        await exchange.start(200, [(b"content-length", b"2")])
        await exchange.finish(b"ok")
        if how == "broken":
            exchange.break_off()

    async with laned(badly, reactor=reactor) as at:
        await at.client.send_all(post(b"12")[: -1 if how == "body not read" else None])
        received = await heard_all(at.client)
        assert (await at.until_over(), received[-2:]) == (None, b"" if how == "unfinished" else b"ok")
        assert (b"connection: close" in received) is (how == "body not read")
