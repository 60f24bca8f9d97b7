"""One request in the lane, and its answer, byte for byte on a real socket."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import attrs
import h11
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from korproxy.errors.exceptions import BadRequest
from korproxy.net.reactor import open_reactor
from korproxy.net.wire import Wire
from korproxy.server.connections import Connections
from korproxy.server.exchange import ClientLeft, scope_of
from korproxy.server.lane.exchange import LaneExchange
from korproxy.server.lane.head import END, read_head
from tests.unit.server.lane.laned import LIMIT, PATIENCE, heard, heard_all, pair, post, roads

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
WAITS = HEAD + b"expect: 100-continue\r\ncontent-length: 5\r\n\r\n"
DATE = re.compile(rb"date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n")
SMALL = 4096  # bytes that a socket of these tests buffers, where it is to be full soon


@attrs.define
class Exchanged:
    """An exchange, the client's end, and what the exchange told of itself."""

    exchange: LaneExchange
    client: trio.SocketStream
    completed: list[LaneExchange]

    async def answered(self) -> bytes:
        """Close our end; return what the client got, without the date."""
        self.exchange.wire.close()
        return DATE.sub(b"", await heard_all(self.client))


@asynccontextmanager
async def exchanged(
    came: bytes, *, reactor: bool = True, origins: tuple[str, ...] = (), small: bool = False
) -> AsyncIterator[Exchanged]:
    """Make an exchange of the request that begins with what *came*."""
    ours, theirs = socket.socketpair() if small else pair()  # TCP with small buffers takes its time
    if small:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    at = came.index(END) + len(END)
    head = read_head(came[:at])
    assert head is not None
    completed = list[LaneExchange]()
    async with AsyncExitStack() as stack:
        stack.enter_context(theirs)
        if reactor:
            await stack.enter_async_context(open_reactor())
        wire = Wire.of(ours)
        stack.callback(wire.close)
        client = await stack.enter_async_context(trio.SocketStream(trio.socket.from_stdlib_socket(theirs)))
        scope = stack.enter_context(trio.CancelScope())
        stack.enter_context(trio.fail_after(20))
        exchange = LaneExchange(
            wire=wire, head=head, rest=came[at:], origins=origins, scope=scope, on_complete=completed.append
        )
        yield Exchanged(exchange, client, completed)


def refusal(code: str) -> pytest.RaisesExc[BadRequest]:
    """Expect to be refused with *code*."""
    return pytest.raises(BadRequest, check=lambda exc: exc.code == code)


# The request.


@roads
async def test_a_body_that_came_with_the_head_is_there_at_once_and_nothing_behind_it_is_taken(reactor: bool) -> None:
    async with exchanged(post(b"hello") + b"behind", reactor=reactor) as at:
        before = (at.exchange.complete, at.completed == [at.exchange], at.exchange.rest)
        assert (before, await at.exchange.body(5, 0)) == ((True, True, b"behind"), b"hello")


@roads
@pytest.mark.parametrize(
    ("came", "pieces"),
    [
        (post(b"hello")[:-5], [b"he", b"llo", b"behind"]),
        (post(b"hello")[:-4], [b"ellobehind"]),
        (CHUNKED, [b"2\r", b"\nhe\r\n", b"3;a=b\r\nllo\r\n0\r\na: b\r\n", b"\r", b"\nbehind"]),
        (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", [b"behind"]),
    ],
)
async def test_a_body_is_read_piece_by_piece_and_what_is_behind_it_is_left(
    came: bytes, pieces: list[bytes], reactor: bool
) -> None:
    async with exchanged(came, reactor=reactor) as at, trio.open_nursery() as nursery:

        async def send() -> None:
            for each in pieces:
                await wait_all_tasks_blocked()
                await at.client.send_all(each)

        nursery.start_soon(send)
        found = await at.exchange.body(5, PATIENCE)
        rest = at.exchange.rest
        while len(rest) < len(b"behind"):
            rest += await at.exchange.wire.receive()
        assert (found, rest, at.exchange.complete, at.completed) == (b"hello", b"behind", True, [at.exchange])


@roads
@pytest.mark.code("KP-SYS-510")
async def test_an_upload_that_falls_silent_is_refused(reactor: bool) -> None:
    async with exchanged(post(b"hello")[:-1], reactor=reactor) as at:
        with refusal("KP-SYS-510"):
            await at.exchange.body(LIMIT, 0.05)


@roads
@pytest.mark.parametrize("how", ["leaves", "half-closes", "resets", "is cut"])
@pytest.mark.parametrize("came", [post(b"hello")[:-1], CHUNKED + b"5\r\nhello\r\n"])
async def test_who_leaves_before_the_body_is_whole_has_left(came: bytes, how: str, reactor: bool) -> None:
    async with exchanged(came, reactor=reactor) as at:
        if how == "half-closes":
            await at.client.send_eof()
        elif how == "is cut":
            at.exchange.wire.close()
        else:
            if how == "resets":
                at.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await at.client.aclose()
        with pytest.raises(ClientLeft):
            await at.exchange.body(LIMIT, PATIENCE)
        assert at.completed == []


@roads
@pytest.mark.parametrize(
    "came",
    [post(b"hello"), post(b"hello")[:-5], CHUNKED + b"5\r\nhello\r\n", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"],
    ids=["whole", "announced", "chunks", "all chunks"],
)
async def test_a_body_over_the_limit_is_refused_as_soon_as_that_is_known(came: bytes, reactor: bool) -> None:
    async with exchanged(came, reactor=reactor) as at:
        with refusal("KP-SYS-508"):
            await at.exchange.body(4, PATIENCE)


async def test_malformed_chunks_are_refused_and_are_the_last_of_their_connection() -> None:
    async with exchanged(CHUNKED + b"5\r\nhello!!") as at:
        with refusal("KP-SYS-509"):
            await at.exchange.body(LIMIT, PATIENCE)
        await at.exchange.drain(LIMIT, PATIENCE)  # there is nothing to wait for
        await at.exchange.start(400, [(b"content-length", b"0")])
        await at.exchange.finish()
        assert await at.answered() == b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@roads
async def test_what_is_left_of_an_upload_is_read_away_within_bounds(reactor: bool) -> None:
    async with exchanged(post(b"x" * 300_000)[:-200_000], reactor=reactor) as at, trio.open_nursery() as nursery:
        nursery.start_soon(at.client.send_all, b"x" * 100_000)
        await at.exchange.drain(LIMIT, 0.1)  # it ends by the time
        nursery.start_soon(at.client.send_all, b"x" * 100_000 + b"behind")
        await at.exchange.drain(0, PATIENCE)  # it ends by the size
        incomplete = at.exchange.complete
        await at.exchange.drain(LIMIT, PATIENCE)
        assert (incomplete, at.exchange.complete) == (False, True)


async def test_chunks_that_keep_coming_let_others_run() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with exchanged(CHUNKED) as at:
        await at.client.send_all(b"1\r\nx\r\n" * 1000)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(others)
            before = turns
            for _ in range(20):
                await at.client.send_all(b"1\r\nx\r\n" * 10)
                await at.exchange.drain(0, PATIENCE)
            took = turns - before
            nursery.cancel_scope.cancel()
        assert took >= 20


@roads
async def test_who_waits_to_send_the_body_is_told_to_once(reactor: bool) -> None:
    async with exchanged(WAITS, reactor=reactor) as at, trio.open_nursery() as nursery:

        async def send() -> None:
            told = await heard(at.client, 25)
            assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
            for each in (b"h", b"ello"):
                await at.client.send_all(each)
                await wait_all_tasks_blocked()

        nursery.start_soon(send)
        assert await at.exchange.body(LIMIT, PATIENCE) == b"hello"
        await at.exchange.start(200, [(b"content-length", b"0")])
        await at.exchange.finish()
        assert await at.answered() == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


async def test_who_says_that_it_waits_and_does_not_is_not_told_to_send() -> None:
    async with exchanged(WAITS + b"hello") as at:
        body = await at.exchange.body(LIMIT, PATIENCE)
        assert (body, await at.answered()) == (b"hello", b"")


async def test_who_waits_and_is_refused_is_not_asked_for_the_body_nor_waited_for() -> None:
    async with exchanged(WAITS) as at:
        with refusal("KP-SYS-508"):
            await at.exchange.body(4, PATIENCE)
        began = trio.current_time()
        await at.exchange.drain(LIMIT, PATIENCE)
        took = trio.current_time() - began
        await at.exchange.start(413, [(b"content-length", b"0")])
        await at.exchange.finish()
        answer = (await at.answered()).partition(b"\r\n")
        assert (answer[0][:12], answer[2], took < PATIENCE / 2) == (
            b"HTTP/1.1 413",
            b"content-length: 0\r\nconnection: close\r\n\r\n",
            True,
        )


async def test_whoever_waits_for_the_whole_request_is_told() -> None:
    async with exchanged(post(b"hello")[:-1]) as at, trio.open_nursery() as nursery:
        nursery.start_soon(at.exchange.until_complete)
        await wait_all_tasks_blocked()
        await at.client.send_all(b"o")
        await at.exchange.body(LIMIT, PATIENCE)
        await at.exchange.until_complete()


# The answer.


@roads
async def test_an_answer_whose_length_is_known_is_sent_as_it_is(reactor: bool) -> None:
    async with exchanged(post(), reactor=reactor) as at:
        await at.exchange.start(201, [(b"x-a", b"b"), (b"content-length", b"6")])
        before = at.exchange.started
        await at.exchange.write(b"abc")
        await at.exchange.write(b"")
        await at.exchange.finish(b"def")
        assert (before, at.exchange.finished, at.exchange.broken) == (True, True, False)
        assert await at.answered() == b"HTTP/1.1 201 Created\r\nx-a: b\r\ncontent-length: 6\r\n\r\nabcdef"


@roads
async def test_an_answer_whose_length_is_not_known_goes_in_chunks_of_which_none_is_empty(reactor: bool) -> None:
    async with exchanged(post(), reactor=reactor) as at:
        await at.exchange.start(200, [(b"x-a", b"b")])
        await at.exchange.write(b"abc")
        await at.exchange.write(b"")
        await at.exchange.finish(b"d" * 17)
        head = b"HTTP/1.1 200 OK\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n"
        assert await at.answered() == head + b"3\r\nabc\r\n11\r\n" + b"d" * 17 + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("status", [204, 304])
async def test_some_answers_have_no_body_whatever_is_written(status: int) -> None:
    async with exchanged(post()) as at:
        await at.exchange.start(status, [(b"x-a", b"b")])
        await at.exchange.write(b"abc")
        await at.exchange.finish(b"d")
        answer = await at.answered()
        assert (answer.partition(b"\r\n")[2], at.exchange.finished, at.exchange.broken) == (b"x-a: b\r\n\r\n", True, False)


async def test_an_answer_without_a_body_is_whole_by_its_head() -> None:
    async with exchanged(post()) as at:
        await at.exchange.start(599, [])
        await at.exchange.finish()
        answer = await at.answered()
        assert answer == b"HTTP/1.1 599 \r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [([b"ab", b"c"], b"abc"), ([b"abcdef", b""], b"abcd"), ([b"abc", b"def"], b"abcd"), ([b"abcd", b"ef"], b"abcd")],
)
async def test_an_answer_that_is_not_as_long_as_it_says_ends_the_connection_and_nothing_too_much_goes_out(
    pieces: list[bytes], sent: bytes
) -> None:
    async with exchanged(post()) as at:
        await at.exchange.start(200, [(b"content-length", b"4")])
        await at.exchange.write(pieces[0])
        await at.exchange.finish(pieces[1])
        assert at.exchange.broken
        assert (await at.answered()).endswith(b"\r\n\r\n" + sent)


async def test_pages_that_may_read_answers_are_told_so() -> None:
    page = b"GET / HTTP/1.1\r\nhost: x\r\norigin: https://tools.example\r\n\r\n"
    async with exchanged(page, origins=("https://tools.example",)) as at:
        await at.exchange.start(200, [(b"x-a", b"b"), (b"content-length", b"0")])
        await at.exchange.finish()
        assert await at.answered() == (
            b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 0\r\naccess-control-allow-origin: https://tools.example\r\n"
            b"vary: Origin\r\naccess-control-expose-headers: x-a\r\n\r\n"
        )


@roads
async def test_large_pieces_arrive_as_they_are(reactor: bool) -> None:
    data = bytes(range(256)) * 2000
    async with exchanged(post(), reactor=reactor) as at, trio.open_nursery() as nursery:

        async def answer() -> None:
            await at.exchange.start(200, [])
            await at.exchange.write(data)
            await at.exchange.finish(data)
            at.exchange.wire.close()

        nursery.start_soon(answer)
        assert _body(await heard_all(at.client)) == data * 2


@roads
async def test_who_does_not_read_is_waited_for_and_the_time_is_told(reactor: bool) -> None:
    async with exchanged(post(), reactor=reactor, small=True) as at:
        with Connections().keep(at.exchange.wire) as connection:
            await at.exchange.start(200, [])
            before = connection.writing_since
            with trio.move_on_after(0.05) as waiting:
                await at.exchange.write(b"x" * 10_000_000)
            assert (before, waiting.cancelled_caught, at.exchange.stalled) == (None, True, False)
            connection.stalled = True
            assert at.exchange.stalled


@roads
@pytest.mark.parametrize("meanwhile", [True, False])
async def test_nobody_to_write_to_is_told_by_cancelling(meanwhile: bool, reactor: bool) -> None:
    async with exchanged(post(), reactor=reactor, small=True) as at:
        at.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await at.exchange.start(200, [])
        async with trio.open_nursery() as nursery:

            async def leave() -> None:
                if meanwhile:
                    await wait_all_tasks_blocked()
                await at.client.aclose()

            nursery.start_soon(leave)
            while True:
                await at.exchange.write(b"x" * 1_000_000)
                await trio.lowlevel.checkpoint()
    scope = scope_of(at.exchange)
    assert scope is not None
    assert (scope.cancelled_caught, at.exchange.broken, at.exchange.finished) == (True, True, False)


async def test_what_is_broken_off_is_broken() -> None:
    async with exchanged(post()) as at:
        at.exchange.break_off()
        assert at.exchange.broken


Step = tuple[int, bool]
steps = st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), max_size=6)


@given(steps, st.integers(0, 100_000), st.booleans(), st.booleans())
def test_writes_that_are_cancelled_in_the_middle_lose_nothing_and_double_nothing(
    pieces: list[Step], last: int, known: bool, reactor: bool
) -> None:
    """A client that reads slowly; each write that says so is cancelled while it waits, and the next one goes on."""
    sent = [bytes([65 + number]) * size for number, (size, _) in enumerate(pieces)]
    whole = b"".join(sent) + b"z" * last

    async def run() -> bytes:
        async with exchanged(post(), reactor=reactor, small=True) as at, trio.open_nursery() as nursery:
            may_read = trio.Event()

            async def answer() -> None:
                await at.exchange.start(200, [(b"content-length", b"%d" % len(whole))] if known else [])
                for data, (_, cancelled) in zip(sent, pieces, strict=True):
                    with trio.move_on_after(0.001 if cancelled else PATIENCE):
                        await at.exchange.write(data)
                    if not cancelled:
                        may_read.set()
                may_read.set()
                await at.exchange.finish(b"z" * last)
                assert (at.exchange.finished, at.exchange.broken) == (True, False)
                at.exchange.wire.close()

            nursery.start_soon(answer)
            if any(not cancelled for _, cancelled in pieces):
                may_read.set()
            await may_read.wait()
            return await heard_all(at.client)

    assert _body(trio.run(run)) == whole


def _body(received: bytes, of: Callable[[], h11.Connection] = lambda: h11.Connection(h11.CLIENT)) -> bytes:
    """Return the body of the whole answer *received*, behind which nothing is."""
    reader, found = of(), b""
    reader.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(received)
    while not isinstance(event := reader.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Response | h11.Data)
        found += event.data if isinstance(event, h11.Data) else b""
    assert reader.trailing_data == (b"", False)
    return found
