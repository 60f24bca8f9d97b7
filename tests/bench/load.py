"""A client that costs little beside what it measures: blocking sockets, one prepared request, httptools for the answers."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httptools

from tests.bench.processes import BenchFailed

TIMEOUT = 20.0  # seconds of silence after which nothing more can be expected
EVENTS = 500  # pieces of text in a streamed answer
PROMPT = "Say in one sentence what a gateway is. " * 20  # with what is around it, about 1 KB


def chat_request(url: str, key: str, *, stream: bool = False) -> bytes:
    """Return an OpenAI chat request of about 1 KB."""
    return _post(url, "/v1/chat/completions", key, {"model": "bench", **_said(stream=stream)})


def messages_request(url: str, key: str, *, stream: bool = False) -> bytes:
    """Return the same as an Anthropic client says it; a provider of the Chat format gets it translated."""
    return _post(url, "/v1/messages", key, {"model": "bench", "max_tokens": 4096, **_said(stream=stream)})


def _said(*, stream: bool) -> dict[str, object]:
    prompt = f"{PROMPT}{{{{mock: words={EVENTS}}}}}" if stream else PROMPT
    return {"messages": [{"role": "user", "content": prompt}], "stream": stream}


def _post(url: str, path: str, key: str, document: dict[str, object]) -> bytes:
    body = json.dumps(document).encode()
    headers = [
        f"POST {path} HTTP/1.1",
        f"host: {urlsplit(url).netloc}",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        "accept-encoding: identity",
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*headers, "", ""]).encode() + body


def get_request(url: str, path: str) -> bytes:
    """Return a GET of *path*."""
    return f"GET {path} HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n\r\n".encode()


class Answers:
    """Cuts what comes on one connection into answers; httptools calls the ``on_`` methods."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._complete = False

    def feed(self, data: bytes) -> bool:
        """Take *data*; return whether an answer is complete now.

        Raises:
            BenchFailed: Its status was not 200: whatever is measured then is not the work.
        """
        self._complete = False
        self._parser.feed_data(data)
        if self._complete and self._parser.get_status_code() != 200:
            raise BenchFailed(f"answered {self._parser.get_status_code()}: {self._body.decode(errors='replace')}")
        return self._complete

    def on_message_begin(self) -> None:
        self._body.clear()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self._complete = True


class Connection:
    """One keep-alive connection that sends the same request again and again."""

    def __init__(self, url: str, request: bytes) -> None:
        where = urlsplit(url)
        self.socket = socket.create_connection((where.hostname or "", where.port or 80), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._answers = Answers()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self) -> None:
        """Send the request."""
        self.socket.sendall(self._request)

    def receive(self) -> bool:
        """Read once; return whether the answer is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise BenchFailed("the connection was closed before the answer was complete")
        return self._answers.feed(data)

    def ask(self) -> float:
        """Send the request and read its answer; return the seconds."""
        began = time.perf_counter()
        self.send()
        while not self.receive():
            pass
        return time.perf_counter() - began


def requests_per_second(connections: Sequence[Connection], count: int) -> float:
    """Send *count* requests, on each connection the next one as soon as it has its answer."""
    with selectors.DefaultSelector() as selector:
        for each in connections:
            selector.register(each.socket, selectors.EVENT_READ, each)
        began = time.perf_counter()
        for each in connections:
            each.send()
        sent, answered = len(connections), 0
        while answered < count:
            ready = selector.select(TIMEOUT)
            if not ready:
                raise BenchFailed(f"no answer for {TIMEOUT:g} s; {answered} of {count} had come")
            for key, _ in ready:
                if key.data.receive():
                    answered += 1
                    if sent < count:
                        key.data.send()
                        sent += 1
        return count / (time.perf_counter() - began)
