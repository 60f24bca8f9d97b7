"""The server: accepts connections, keeps the books, hands requests to the formats."""

import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from korproxy_mock.anthropic_messages import AnthropicMessages
from korproxy_mock.connection import Connection, Malformed, Request
from korproxy_mock.control import control
from korproxy_mock.directives import parse_script
from korproxy_mock.formats import Format
from korproxy_mock.gemini import Gemini
from korproxy_mock.memory import Memory
from korproxy_mock.openai_chat import OpenAIChat
from korproxy_mock.openai_completions import OpenAICompletions
from korproxy_mock.record import Log, Received
from korproxy_mock.replies import Rules, reply_to
from korproxy_mock.responses import OpenAIResponses
from korproxy_mock.script import Script
from korproxy_mock.sending import send_reply

FORMATS: Sequence[Format] = (
    Gemini(),
    AnthropicMessages(),
    OpenAIResponses(),
    OpenAIChat(),
    OpenAICompletions(),
)  # the first whose path matches
_BACKLOG = 1024


def bind(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. The caller owns it until a server serves on it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


@attrs.define(kw_only=True, eq=False)
class MockServer:
    """A provider that does as it is told. Make it, then run ``serve`` in a nursery, or use ``open_mock``.

    ``log`` is what was received, ``memory`` what clients had stored.
    ``open_connections`` and ``open_streams`` count what is open now; ``client_left_count`` counts the clients that went
    away before their reply was complete.
    """

    rules: Rules = attrs.field(factory=Rules)
    log: Log = attrs.field(factory=Log)
    memory: Memory = attrs.field(factory=Memory)
    url: str = attrs.field(default="", init=False)
    open_connections: int = attrs.field(default=0, init=False)
    open_streams: int = attrs.field(default=0, init=False)
    client_left_count: int = attrs.field(default=0, init=False)
    _scripts: deque[Script] = attrs.field(factory=deque, init=False)
    _connections: int = attrs.field(default=0, init=False)
    _numbers: int = attrs.field(default=0, init=False)
    _changed: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot, init=False)

    @property
    def requests(self) -> list[Received]:
        """What was received, oldest first; without the mock's own pages."""
        return list(self.log)

    def script(self, directives: str | Script) -> None:
        """Push a reply: the next request it is meant for gets it, whatever its prompt says.

        Raises:
            DirectiveError: It says something unknown.
        """
        self._scripts.append(parse_script(directives) if isinstance(directives, str) else directives)

    def unscript(self) -> None:
        """Drop the pushed scripts: what was broken is well again."""
        self._scripts.clear()

    def forget(self) -> None:
        """Drop the records and the pushed scripts."""
        self.log.clear()
        self._scripts.clear()

    def state(self) -> dict[str, int]:
        """Count what is going on, as ``GET /_mock/state`` shows it."""
        return {
            "open_connections": self.open_connections,
            "open_streams": self.open_streams,
            "requests": len(self.log),
            "client_left_count": self.client_left_count,
            "scripts": len(self._scripts),
        }

    async def wait_for(self, condition: Callable[["MockServer"], bool], *, timeout: float = 5.0) -> None:
        """Wait until *condition* holds; asked again whenever a connection or a request begins or ends.

        Raises:
            trio.TooSlowError: It did not hold within *timeout* seconds.
        """
        with trio.fail_after(timeout):
            while not condition(self):
                await self._changed.park()

    async def serve(self, sock: socket.socket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve on *sock* for ever; it is closed at the end. Started means that ``url`` answers."""
        host, port = sock.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        sock.setblocking(False)
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(sock))
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._serve_stream, [listener])
            task_status.started()

    async def _serve_stream(self, stream: trio.SocketStream) -> None:
        self._connections += 1
        connection = Connection(stream, self._connections)
        self.open_connections += 1
        self._changed.unpark_all()
        try:
            await self._serve_connection(connection)
        finally:
            self.open_connections -= 1
            self._changed.unpark_all()
            await connection.close()

    async def _serve_connection(self, connection: Connection) -> None:
        try:
            while request := await connection.read_request():
                if not await self._serve_request(connection, request):
                    return
        except Malformed as exc:
            await connection.refuse(str(exc))

    async def _serve_request(self, connection: Connection, request: Request) -> bool:
        path, _, query = request.target.partition("?")
        received = Received(
            method=request.method, path=path, query=query, headers=request.headers, body=request.body,
            connection=connection.number, began=trio.current_time(), client_left=not request.complete,
        )  # fmt: skip
        if reply := control(received, self):
            return await send_reply(connection, received, reply)
        self.log.add(received)
        self._numbers += 1
        self._changed.unpark_all()
        if not request.complete:
            self.client_left_count += 1
            return False
        reply = reply_to(received, self._numbers, FORMATS, self.rules, self._take, memory=self.memory)
        self.open_streams += received.streamed
        self._changed.unpark_all()
        try:
            return await send_reply(connection, received, reply)
        finally:
            self.open_streams -= received.streamed
            self.client_left_count += received.client_left
            self._changed.unpark_all()

    def _take(self, action: str, provider: str, key: str, model: str) -> Script | None:
        """Take the oldest pushed script that is meant for this request."""
        for at, script in enumerate(self._scripts):
            if not script.aim.hits(action=action, provider=provider, key=key, model=model):
                continue
            times = script.aim.times
            if times == 1:
                del self._scripts[at]
            elif times is not None:
                self._scripts[at] = attrs.evolve(script, aim=attrs.evolve(script.aim, times=times - 1))
            return script
        return None


@asynccontextmanager
async def open_mock(
    port: int = 0, *, host: str = "127.0.0.1", accept_keys: frozenset[str] | None = None, strict: bool = False
) -> AsyncIterator[MockServer]:
    """Run a mock on loopback for as long as the block lasts.

    Args:
        port: 0 takes a free one.
        host: The address to listen on.
        accept_keys: The keys that are good; None: all that do not start with ``bad``.
        strict: Refuse also what only the vendor itself refuses.
    """
    mock = MockServer(rules=Rules(accept_keys=accept_keys, strict=strict))
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        await nursery.start(mock.serve, bind(host, port))
        try:
            yield mock
        except Exception as exc:  # noqa: BLE001 -- raised again below: the nursery would wrap it in a group
            failure = exc
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
