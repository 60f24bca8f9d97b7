"""Requests over real sockets; what happens where is in test_upstream.py too, in the words of the gateway."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from korproxy.net.address import Target, target_of
from korproxy.net.client import JOINED, Answer, Client
from korproxy.net.connect import Connector
from korproxy.net.errors import BadFields, Broken, NetError, NotHttp
from korproxy.net.pool import Pool, PoolCounters
from korproxy.net.proxies import Proxies
from korproxy.net.reactor import open_reactor
from tests.fakes.raw_upstream import CERTIFICATE, Serve, answering, encrypted, raw_upstream, read_request

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BODY = b'{"say": "hello"}'

both = pytest.mark.parametrize("reactor", [pytest.param(True, id="reactor"), pytest.param(False, id="trio")])


@asynccontextmanager
async def a_client(*, reactor: bool = True, **proxies: str) -> AsyncIterator[Client]:
    """Open a client that trusts the tests' own certificate."""
    pool = Pool(Connector(ssl.create_default_context(cafile=str(CERTIFICATE)), Proxies(proxies)))
    with trio.fail_after(20):
        if not reactor:
            yield Client(pool)
        else:
            async with open_reactor():
                yield Client(pool)
    pool.close()


def at(port: int, scheme: str = "http") -> Target:
    return target_of(f"{scheme}://127.0.0.1:{port}/v1")


async def read(answer: Answer) -> bytes:
    pieces = []
    while piece := await answer.receive(trio.current_time() + 5):
        pieces.append(piece)
    return b"".join(pieces)


async def ask(client: Client, target: Target, body: bytes = BODY) -> bytes:
    """Return the body of the answer to a POST."""
    answer = await client.ask("POST", target, (), body)
    try:
        return await read(answer)
    finally:
        answer.close()


async def polite(stream: trio.abc.Stream) -> None:
    """Answer each request with the length of its body."""
    while request := await read_request(stream):
        said = b"%d" % len(request.partition(b"\r\n\r\n")[2])
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(said), said))


@both
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_requests_share_a_connection(scheme: str, reactor: bool) -> None:
    async with a_client(reactor=reactor) as client:
        async with raw_upstream(encrypted(polite) if scheme == "https" else polite) as port:
            answers = [await ask(client, at(port, scheme)) for _ in range(3)]

            assert (answers, client.pool.counters) == ([b"16"] * 3, PoolCounters(idle=1, opened=1, reused=2))


@both
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("size", [0, JOINED, JOINED + 1, 8 * 1024**2])
async def test_bodies_of_any_size_arrive_whole(size: int, scheme: str, reactor: bool) -> None:
    async with a_client(reactor=reactor) as client:
        async with raw_upstream(encrypted(polite) if scheme == "https" else polite) as port:
            assert await ask(client, at(port, scheme), b"x" * size) == b"%d" % size


async def test_a_head_has_no_body_and_its_connection_is_used_again() -> None:
    async with a_client() as client, raw_upstream(answering(OK, then_wait=True)) as port:
        answer = await client.ask("HEAD", at(port), (), length=False)
        drained, body = answer.drained, await answer.receive()
        answer.close()

        assert (answer.status, drained, body, client.pool.counters.idle) == (200, True, b"", 1)


async def test_a_plain_server_behind_a_proxy_is_asked_by_its_whole_address() -> None:
    seen: list[bytes] = []

    async def proxy(stream: trio.abc.Stream) -> None:
        while request := await read_request(stream):
            seen.append(request)
            await stream.send_all(OK + b"hello")

    async with raw_upstream(proxy) as port, a_client(http=f"http://me:pass@127.0.0.1:{port}") as client:
        answers = [await ask(client, target_of("http://provider.test/v1?a=b")) for _ in range(2)]

        assert (answers, client.pool.counters.reused) == ([b"hello"] * 2, 1)
    assert seen[1].split(b"\r\n")[:4] == [
        b"POST http://provider.test/v1?a=b HTTP/1.1",
        b"host: provider.test",
        b"proxy-authorization: Basic bWU6cGFzcw==",
        b"content-length: 16",
    ]


async def test_a_request_that_cannot_be_said_is_not_begun() -> None:
    async with a_client() as client, raw_upstream(polite) as port:
        with pytest.raises(BadFields):
            await client.ask("POST", at(port), [(b"x", b"a\nb")], BODY)

        assert client.pool.counters == PoolCounters()


async def test_a_used_connection_that_was_gone_costs_nothing_but_a_second_try() -> None:
    served: list[bytes] = []

    async def forgetful(stream: trio.abc.Stream) -> None:
        served.append(await read_request(stream))
        await stream.send_all(OK + b"hello")
        await read_request(stream)

    async with a_client() as client, raw_upstream(forgetful) as port:
        answers = [await ask(client, at(port)) for _ in range(3)]

        assert (answers, len(served)) == ([b"hello"] * 3, 3)
        assert client.pool.counters == PoolCounters(idle=1, opened=3, reused=2, repeated=2, closed={"broken": 2})


@pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", OK[:-2]])
async def test_one_byte_of_an_answer_and_the_request_is_not_sent_again(said: bytes) -> None:
    served: list[bytes] = []

    async def serve(stream: trio.abc.Stream) -> None:
        served.append(await read_request(stream))
        await stream.send_all(OK + b"hello")
        served.append(await read_request(stream))
        await stream.send_all(said)

    async with a_client() as client, raw_upstream(serve) as port:
        await ask(client, at(port))
        with pytest.raises(Broken):
            await ask(client, at(port))

        assert (len(served), client.pool.counters.repeated) == (2, 0)


async def test_a_refusal_before_the_upload_has_ended_is_an_answer_and_its_connection_not_used_again() -> None:
    async def early(stream: trio.abc.Stream) -> None:
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge")
        assert isinstance(stream, trio.SocketStream)
        await stream.send_eof()
        while await stream.receive_some():
            pass

    async with a_client() as client, raw_upstream(early) as port:
        answer = await client.ask("POST", at(port), (), b"x" * 8 * 1024**2)
        body = await read(answer)
        answer.close()

        assert (answer.status, body, len(client.pool)) == (413, b"large", 0)


@both
async def test_a_server_that_does_not_read_is_waited_for_so_long_and_no_longer(reactor: bool) -> None:
    async def deaf(stream: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with a_client(reactor=reactor) as client, raw_upstream(deaf) as port:
        with pytest.raises(trio.TooSlowError):
            await client.ask("POST", at(port), (), b"x" * 32 * 1024**2, patience=0.1)

        assert client.pool.counters == PoolCounters(opened=1, closed={"broken": 1})


@both
async def test_a_wait_that_is_given_up_can_be_taken_up_again(reactor: bool) -> None:
    go_on = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(OK + b"hel")
        await go_on.wait()
        await stream.send_all(b"lo")
        await stream.receive_some()

    async with a_client(reactor=reactor) as client, raw_upstream(serve) as port:
        answer = await client.ask("POST", at(port), (), BODY)
        assert await answer.receive() == b"hel"
        with pytest.raises(trio.TooSlowError):
            await answer.receive(trio.current_time() + 0.02)
        with trio.move_on_after(0.02):
            await answer.receive()
        go_on.set()
        assert (await answer.receive(), answer.drained) == (b"lo", True)
        answer.close()
        answer.close()

        assert client.pool.counters == PoolCounters(idle=1, opened=1)


async def test_a_closed_answer_has_nothing_more() -> None:
    async with a_client() as client, raw_upstream(answering(OK, b"hel", then_wait=True)) as port:
        answer = await client.ask("POST", at(port), (), BODY)
        answer.close()
        answer.close()

        assert (await answer.receive(), client.pool.counters.closed) == (b"", {"cut": 1})


ANSWERS: Sequence[bytes] = (
    OK + b"hello",
    CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"hello",
)


def in_pieces(pieces: Sequence[bytes]) -> Serve:
    async def serve(stream: trio.abc.Stream) -> None:
        while await read_request(stream):
            for each in pieces:
                await stream.send_all(each)
                await trio.lowlevel.checkpoint()

    return serve


@settings(max_examples=30)
@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 100), max_size=5), st.booleans())
def test_an_answer_is_the_same_however_the_network_cuts_it(wire: bytes, cuts: list[int], reactor: bool) -> None:
    pieces = [wire[a:b] for a, b in pairwise([0, *sorted(cuts), len(wire)]) if a < b]

    async def main() -> list[bytes]:
        async with a_client(reactor=reactor) as client, raw_upstream(in_pieces(pieces)) as port:
            return [await ask(client, at(port)) for _ in range(3)]

    assert trio.run(main) == [b"hello"] * 3


@settings(max_examples=40)
@given(st.binary(max_size=60), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", OK[:-2], CHUNKED, OK]), st.booleans())
def test_a_server_that_sends_noise_is_not_understood_or_breaks_off_and_nothing_else(
    noise: bytes, before: bytes, secure: bool
) -> None:
    async def main() -> int:
        serve = answering(before + noise)
        async with a_client() as client, raw_upstream(encrypted(serve) if secure else serve) as port:
            try:
                await ask(client, at(port, "https" if secure else "http"))
            except NetError as exc:
                assert isinstance(exc, NotHttp | Broken)  # noqa: PT017
            return client.pool.counters.busy

    assert trio.run(main) == 0


@both
@pytest.mark.parametrize("secure", [False, True])
async def test_a_request_that_is_cancelled_anywhere_leaves_no_connection_in_between(secure: bool, reactor: bool) -> None:
    """B3 of docs/explain/traps.md: while it connects, sends, waits for the head or reads; all that is left can be used."""
    chance = random.Random(5)

    async def slow(stream: trio.abc.Stream) -> None:
        while await read_request(stream):
            for each in (CHUNKED[:20], CHUNKED[20:] + b"3\r\nhel\r\n", b"2\r\nlo\r\n0\r\n\r\n"):
                await trio.sleep(0.001)
                await stream.send_all(each)

    async with a_client(reactor=reactor) as client, raw_upstream(encrypted(slow) if secure else slow) as port:
        done: list[bytes] = []

        async def one(patience: float, size: int) -> None:
            with trio.move_on_after(patience):
                done.append(await ask(client, at(port, "https" if secure else "http"), b"x" * size))

        for _ in range(12):
            async with trio.open_nursery() as nursery:
                for _ in range(12):
                    nursery.start_soon(one, chance.uniform(0, 0.02), chance.choice([10, 10, JOINED * 4]))
        during = client.pool.counters
        done.clear()
        for _ in range(20):
            await one(5, 10)
        after = client.pool.counters

    assert (during.busy, during.opened) == (0, during.idle + sum(during.closed.values()))
    assert (done, after.repeated, during.closed.keys() <= {"cut", "no room"}) == ([b"hello"] * 20, 0, True)
