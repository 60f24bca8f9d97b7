"""A gateway in front of the mock that does one thing wrong, to see that it is found."""

from __future__ import annotations

import http.client
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import TypeAlias
from urllib.parse import urlsplit

import pytest

if (
    importlib.util.find_spec("korproxy_conformance") is None
):  # lets KorProxy's own suite test this plugin where it is not installed
    sys.path.append(str(Path(__file__).parents[1]))

Spoil: TypeAlias = Callable[[bytes], bytes]
OpenGateway: TypeAlias = Callable[[Spoil], str]


class _Handler(BaseHTTPRequestHandler):
    """Passes everything to the mock and back, byte for byte but for what ``spoil`` does to answers."""

    mock: str
    spoil: Callable[[bytes], bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        upstream = http.client.HTTPConnection(urlsplit(self.mock).netloc, timeout=10)
        try:
            names = ("authorization", "x-api-key", "x-goog-api-key", "anthropic-version", "content-type")
            upstream.request("POST", self.path, body, {name: self.headers[name] for name in names if self.headers[name]})
            answer = upstream.getresponse()
            said = type(self).spoil(answer.read())
            self.send_response(answer.status)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
        finally:
            upstream.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's own name
        """Say nothing."""


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """Run a mock; the value is its address."""
    with subprocess.Popen([sys.executable, "-m", "korproxy_mock", "serve"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def gateway(mock: str) -> Iterator[OpenGateway]:
    """Open gateways in front of the mock; the value of each is its address."""
    running: list[_Server] = []

    def open_one(spoil: Spoil) -> str:
        handler = type("Handler", (_Handler,), {"mock": mock, "spoil": staticmethod(spoil)})
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield open_one
    for each in running:
        each.shutdown()
        each.server_close()
