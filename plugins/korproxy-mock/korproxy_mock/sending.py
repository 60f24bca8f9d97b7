"""Send a reply over a connection: in time, with its faults, and watching whether the client is still there."""

import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import trio

from korproxy_mock.connection import Connection
from korproxy_mock.record import Received
from korproxy_mock.replies import Reply
from korproxy_mock.stream import Cut, Pause, Send, Stall, Step

_GZIP = 16 + zlib.MAX_WBITS
_Pack: TypeAlias = Callable[[bytes, bool], bytes]  # data, whether it is the last


async def send_reply(connection: Connection, received: Received, reply: Reply) -> bool:
    """Send *reply* and book in *received* how it went.

    Returns:
        Whether the connection may carry another request.
    """
    try:
        if reply.steps is not None or reply.script.first_byte:
            await _watched(connection, received, lambda: _send(connection, received, reply))
        else:
            await _send(connection, received, reply)
    except* trio.BrokenResourceError:
        received.client_left = received.ended is None
    if received.client_left or received.ended is None:
        return False
    return connection.recycle()


async def _watched(connection: Connection, received: Received, work: Callable[[], Awaitable[None]]) -> None:
    """Run *work* until it is done or the client leaves."""
    async with trio.open_nursery() as nursery:

        async def watch() -> None:
            try:
                await connection.left()
            except trio.ClosedResourceError:  # a cut: it was us who left
                return
            received.client_left = received.ended is None
            nursery.cancel_scope.cancel()

        nursery.start_soon(watch)
        await work()
        nursery.cancel_scope.cancel()


async def _send(connection: Connection, received: Received, reply: Reply) -> None:
    if reply.script.first_byte:
        await trio.sleep(reply.script.first_byte)
    reset = reply.script.cut == "rst"
    if reply.script.early_close:
        await connection.close(reset=reset)
        return
    received.status, received.first_byte = reply.status, trio.current_time()
    if reply.script.close_after_head:
        await connection.begin(reply.status, reply.headers)
        await connection.close(reset=reset)
    elif reply.steps is None:
        # booked in front of the write: a client may be gone with its whole answer before the write returns
        received.ended = trio.current_time()
        await connection.reply(reply.status, reply.headers, reply.body)
    else:
        await connection.begin(reply.status, reply.headers)
        await _send_steps(connection, received, reply, reply.steps)


async def _send_steps(connection: Connection, received: Received, reply: Reply, steps: Sequence[Step]) -> None:
    pack = _gzip() if ("content-encoding", "gzip") in reply.headers else _as_it_is
    for step in steps:
        if isinstance(step, Pause):
            await trio.sleep(step.seconds)
        elif isinstance(step, Stall):
            await trio.sleep_forever()
        elif isinstance(step, Cut):
            await connection.close(reset=step.reset)
            return
        else:
            await _send_one(connection, received, step, pack)
    if received.ended is None:  # the last write was a fault, or there was none
        received.ended = trio.current_time()
        await connection.send(pack(b"", True), last=True)


async def _send_one(connection: Connection, received: Received, step: Send, pack: _Pack) -> None:
    if step.last:
        received.ended = trio.current_time()  # a client may go as soon as it has this
    await connection.send(pack(step.data, step.last), last=step.last)


def _as_it_is(data: bytes, _last: bool) -> bytes:
    return data


def _gzip() -> _Pack:
    """Compress piece by piece, each to be read as soon as it arrives."""
    packer = zlib.compressobj(wbits=_GZIP)
    return lambda data, last: packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
