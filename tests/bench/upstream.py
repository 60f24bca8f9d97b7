"""CPU time of an exchange with a provider: ``Upstream.open``, ``next_chunk``, ``aclose`` on a connection that is used again.

``python -m tests.bench.upstream [--profile]``: a chat completion of 1 KB from a server in its own process, by 1 task and by 64;
with bare wires, which is what sockets, Trio and the reactor cost; and from a wire in memory, which is what our own code costs.
Microseconds of this process, the best of some rounds. They do not add up: waking a server that sleeps is paid for by whoever
sends, and the slower the sender, the more often it sleeps.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import attrs
import trio

from korproxy.gateway.upstream import Upstream, open_upstream
from korproxy.models.calls import UpstreamRequest
from korproxy.models.providers import Deadlines
from korproxy.net.address import target_of
from korproxy.net.client import Client
from korproxy.net.connect import Connector
from korproxy.net.pool import Connection, Pool
from korproxy.net.reactor import open_reactor
from korproxy.net.wire import Wire

EXCHANGES = 6400  # of a round
ROUNDS = 7
TASKS = (1, 64)
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\nx-request-id: req_1\r\n"
    b'server: mock\r\ncontent-length: 1000\r\n\r\n{"id":"chatcmpl-1","choices":[{"message":{"content":"%b"}}]}' % (b"a" * 942)
)
SERVER = f"""
import selectors, socket
server = socket.create_server(("127.0.0.1", 0), backlog=256)
print(server.getsockname()[1], flush=True)
ready = selectors.DefaultSelector()
ready.register(server, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fileobj is server:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(client, selectors.EVENT_READ)
        elif key.fileobj.recv(65536):
            key.fileobj.sendall({ANSWER!r})
        else:
            ready.unregister(key.fileobj)
            key.fileobj.close()
"""
BODY = b'{"model":"gpt-5","messages":[{"role":"user","content":"Say something about foxes."}],"temperature":0.2}'
FIELDS = [
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
    (b"user-agent", b"korproxy/0.1"),
    (b"x-correlation-id", b"0b0e5f0a-3b1c-4f1e-9d0a-0123456789ab"),
    (b"authorization", b"Bearer sk-0123456789abcdef0123456789abcdef"),
]
REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\n%b\r\n\r\n%b" % (b"\r\n".join(map(b": ".join, FIELDS)), BODY)


@contextmanager
def a_server() -> Iterator[int]:
    """Run the server for the block; yield its port."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def exchange(upstream: Upstream, url: str) -> None:
    """Do what a request does."""
    wanted = UpstreamRequest(method="POST", url=url, headers=FIELDS, body=BODY)
    reply = await upstream.open(wanted, trio.current_time() + 60)
    while await reply.next_chunk() and not reply.complete:
        pass
    await reply.aclose()


async def by(tasks: int, upstream: Upstream, url: str) -> None:
    """Make a round of exchanges."""

    async def some() -> None:
        for _ in range(EXCHANGES // tasks):
            await exchange(upstream, url)

    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(some)


async def best(round_: Callable[[], Awaitable[None]]) -> float:
    """Return what an exchange costs in the best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        await round_()
        found.append((time.process_time_ns() - began) / 1000 / EXCHANGES)
    return min(found)


async def bare(wires: Sequence[Wire]) -> None:
    """Make a round of exchanges with nothing around them."""

    async def some(wire: Wire) -> None:
        for _ in range(EXCHANGES // len(wires)):
            await wire.send(REQUEST)
            await wire.receive()

    async with trio.open_nursery() as nursery:
        for each in wires:
            nursery.start_soon(some, each)


@attrs.define(eq=False)
class MemoryWire(Wire):
    """Has the answer at once."""

    async def send(self, data: bytes | memoryview, deadline: float = 0.0) -> bool:  # noqa: ARG002
        """See ``Wire``."""
        return False

    async def receive(self, size: int = 0, deadline: float = 0.0) -> bytes:  # noqa: ARG002
        """See ``Wire``."""
        return ANSWER

    def quiet(self, *, just_now: bool = False) -> bool:  # noqa: ARG002
        """See ``Wire``."""
        return True


async def in_memory(url: str) -> float:
    """Return what an exchange costs without a socket."""
    pool = Pool(Connector(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))
    one, other = socket.socketpair()
    with one, other:
        pool.give_back(Connection(MemoryWire(one), target_of(url).origin, pool))
        upstream = Upstream("bench", Deadlines(), Client(pool))
        return await best(lambda: by(1, upstream, url))


def out(line: str) -> None:
    """Write *line* where whoever called looks."""
    sys.stdout.write(line + "\n")


async def measure(port: int, *, profile: bool) -> None:
    """Print the figures."""
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with open_reactor(), open_upstream("bench", Deadlines(), secure=secure) as upstream:
        for tasks in TASKS:
            await by(tasks, upstream, url)
        out(f"in memory                  {await in_memory(url):6.1f} us")
        for tasks in TASKS:
            wires = [Wire.of(socket.create_connection(("127.0.0.1", port))) for _ in range(tasks)]
            out(f"bare wires, {tasks:2} at once     {await best(lambda: bare(wires)):6.1f} us")  # noqa: B023
            for each in wires:
                each.close()
            took = await best(lambda: by(tasks, upstream, url))  # noqa: B023
            out(f"exchanges,  {tasks:2} at once     {took:6.1f} us")
        if profile:
            with cProfile.Profile() as profiler:
                await by(TASKS[-1], upstream, url)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    with a_server() as port:
        trio.run(lambda: measure(port, profile=options.profile))


if __name__ == "__main__":
    main()
