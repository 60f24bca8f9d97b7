"""Clients and the provider in one loop of this process: no compiler is needed, and a stream can go event by event.

What the gate judges is only the processor time of the daemon between them, so this end may cost what it likes, as long as it
does the same in every slice: each event is sent when the one before has arrived, so that none is joined with another by chance.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol
from urllib.parse import urlsplit

import attrs
import httptools

from tests.bench.processes import BenchFailed

TIMEOUT = 20.0  # seconds of silence after which nothing more can be expected
PROMPT = "Say in one sentence what a gateway is. " * 20  # with what is around it, about 1 KB
NUMBER = re.compile(rb"kp-client-(\d+);")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
UNASKED = -1


@attrs.frozen(kw_only=True)
class Scenario:
    """One kind of request.

    Attributes:
        name: How it is called in tables and by the judge.
        unit: What the processor time is counted by, for people.
        path: Which format the client speaks; the provider always speaks OpenAI's chat format.
        events: Pieces of text in a streamed answer; 0: the answer comes whole.
        connections: How many ask at once.
    """

    name: str
    unit: str
    path: str
    events: int = 0
    connections: int = 10

    @property
    def units(self) -> int:
        """In how many units one answer is counted."""
        return self.events or 1

    def request(self, url: str, key: str, number: int) -> bytes:
        """Return the request, of about 1 KB, of the client with this *number*."""
        said = {
            "model": "bench",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": f"kp-client-{number}; {PROMPT}"}],
        }
        body = json.dumps({**said, "stream": bool(self.events)}).encode()
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"host: {urlsplit(url).netloc}",
            f"authorization: Bearer {key}",
            "content-type: application/json",
            "accept-encoding: identity",
            f"content-length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
SCENARIOS = (
    Scenario(name="chat", unit="request", path=CHAT),
    Scenario(name="translated chat", unit="request", path=MESSAGES),
    Scenario(name="streamed chat", unit="event", path=CHAT, events=50),
)


def answer() -> bytes:
    """Return the provider's whole answer, of about 1 KB."""
    message = {"role": "assistant", "content": "A gateway takes requests in one place. " * 20}
    usage = {"prompt_tokens": 200, "completion_tokens": 180, "total_tokens": 380}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    said = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [choice],
        "usage": usage,
    }
    body = json.dumps(said).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def stream(events: int) -> list[bytes]:
    """Return what the provider writes for a stream: the first with its head, the last with its end."""
    written = [_chunk(_event({"content": f"word{number} "}, None)) for number in range(events)]
    written[0] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + written[0]
    written[-1] += _chunk(_event({}, "stop")) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return written


def _event(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "bench", "choices": [choice]}
    return b"data: %b\n\n" % json.dumps(said).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class _Reader(Protocol):
    def readable(self) -> None: ...


class Traffic:
    """The provider, which is there from the start, and clients while something is asked."""

    def __init__(self, stack: ExitStack) -> None:
        self._selector = stack.enter_context(selectors.DefaultSelector())
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        self._stack = stack
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.answer = answer()
        self.stream: list[bytes] = []
        self.clients: list[_Client] = []
        self.watch(self._listener, self)

    def watch(self, end: socket.socket, reader: _Reader) -> None:
        """Tell *reader* whenever *end* can be read."""
        self._selector.register(end, selectors.EVENT_READ, reader)

    def forget(self, end: socket.socket) -> None:
        """Close *end*."""
        self._selector.unregister(end)
        end.close()

    def readable(self) -> None:
        """Take a connection of a daemon's."""
        end, _ = self._listener.accept()
        self._stack.callback(end.close)
        _Provider(self, end)

    @contextmanager
    def clients_of(self, url: str, key: str, scenario: Scenario) -> Iterator[None]:
        """Have the connections of *scenario* for the block."""
        self.stream = stream(scenario.events) if scenario.events else []
        try:
            for number in range(scenario.connections):
                self.clients.append(_Client(self, url, scenario.request(url, key, number)))
            yield
        finally:
            for each in self.clients:
                self.forget(each.end)
            self.clients = []

    def ask(self, count: int) -> None:
        """Have *count* requests answered: each client sends the next one as soon as it has its answer."""
        target = sum(each.answered for each in self.clients) + count
        left = count
        for each in self.clients[:count]:
            each.send()
            left -= 1
        for each in self.clients:
            each.more = left // len(self.clients)
        self.clients[0].more += left % len(self.clients)
        while sum(each.answered for each in self.clients) < target:
            self.turn()

    def turn(self, timeout: float = TIMEOUT) -> None:
        """Read once where something has come."""
        ready = self._selector.select(timeout)
        if not ready and timeout:
            raise BenchFailed(f"no answer for {timeout:g} s")
        for key, _ in ready:
            key.data.readable()


class _Provider:
    """One connection of a daemon's: reads requests, answers by the number of the client that is in them."""

    def __init__(self, traffic: Traffic, end: socket.socket) -> None:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._traffic, self._end, self._buffer = traffic, end, b""
        self._left: Iterator[bytes] = iter(())
        traffic.watch(end, self)

    def readable(self) -> None:
        try:
            data = self._end.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self._traffic.forget(self._end)
            return
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if separator else None
        if length and len(body) >= int(length[1]):
            self._buffer = b""
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        if not self._traffic.stream:
            self._end.sendall(self._traffic.answer)
        elif number := NUMBER.search(body):
            self._left = iter(self._traffic.stream)
            self._traffic.clients[int(number[1])].provider = self
            self.next()

    def next(self) -> None:
        """Send the next event, if there is one."""
        for each in self._left:
            self._end.sendall(each)
            return


class _Client:
    """One keep-alive connection to a daemon; httptools calls the ``on_`` methods."""

    def __init__(self, traffic: Traffic, url: str, request: bytes) -> None:
        where = urlsplit(url)
        self.end = socket.create_connection((where.hostname or "", where.port or 80), TIMEOUT)
        self.end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answered = self.more = 0
        self.provider: _Provider | None = None
        self._request, self._body, self._complete = request, b"", False
        self._parser = httptools.HttpResponseParser(self)
        traffic.watch(self.end, self)

    def send(self) -> None:
        """Send the request."""
        self._body, self.provider = b"", None
        self.end.sendall(self._request)

    def readable(self) -> None:
        data = self.end.recv(65536)
        if not data:
            raise BenchFailed("the connection was closed before the answer was complete")
        self._complete = False
        self._parser.feed_data(data)
        if self._complete:
            self._finish()
        elif self.provider:
            self.provider.next()

    def _finish(self) -> None:
        status = self._parser.get_status_code()
        if status != 200:
            raise BenchFailed(f"answered {status}: {self._body.decode(errors='replace')[:300]}")
        self.answered += 1
        if self.more > 0:
            self.more -= 1
            self.send()

    def on_body(self, data: bytes) -> None:
        self._body = data

    def on_message_complete(self) -> None:
        self._complete = True
