"""A daemon as other commands see it: a lock that is held, a ``daemon.json``, and something that answers, or does not end."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs

from korproxy.config.home import Home, prepare
from korproxy.config.keys import ensure_keys

HOLDER = """
import fcntl, signal, sys
lock = open(sys.argv[1], "ab")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("holding", flush=True)
signal.pause()
"""


@attrs.define
class Asked:
    """One request that the fake daemon got; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes = b""

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold *lock* for the block, as a daemon does."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def describe(home: Path, **about: object) -> dict[str, object]:
    """Write a ``daemon.json`` that says *about* beyond process id and version; return what it says."""
    said = {"pid": os.getpid(), "version": "0.1.0", "urls": [], **about}
    home.mkdir(parents=True, exist_ok=True)
    (home / "daemon.json").write_text(json.dumps(said))
    return said


@contextmanager
def answering(home: Path, body: bytes = b"{}", *, status: int = 200, **about: object) -> Iterator[list[Asked]]:
    """Be the daemon of *home* for the block, and answer everything with *body*; yield the requests so far."""
    with _serving(home, lambda _: (status, body), about) as asked:
        yield asked


@contextmanager
def answering_each(home: Path, answers: Mapping[str, object], *, status: int = 200, **about: object) -> Iterator[list[Asked]]:
    """Be the daemon of *home* for the block; *answers* has what is said to each ``GET /v1/path``, as JSON, with *status*."""

    def answer(asked: Asked) -> tuple[int, bytes]:
        return status, json.dumps(answers[f"{asked.method} {asked.path}"]).encode()

    with _serving(home, answer, about) as asked:
        yield asked


@contextmanager
def _serving(home: Path, answer: Callable[[Asked], tuple[int, bytes]], about: Mapping[str, object]) -> Iterator[list[Asked]]:
    prepare(Home(path=home))
    ensure_keys(Home(path=home))
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = self.rfile.read(int(headers.get("content-length", 0)))
            asked.append(Asked(self.path, headers, self.command, sent))
            status, body = answer(asked[-1])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 -- how the standard library calls it

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with held(home / "daemon.lock"):
            describe(home, urls=[f"http://127.0.0.1:{server.server_port}"], **about)
            yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def holding_process(home: Path, *, stubborn: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Let a process hold the lock of *home*, and say so in ``daemon.json``. A *stubborn* one does not end at SIGTERM."""
    home.mkdir(parents=True, exist_ok=True)
    manner = "stubborn" if stubborn else "polite"
    started = [sys.executable, "-c", HOLDER, str(home / "daemon.lock"), manner]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "holding\n"
            describe(home, pid=process.pid)
            yield process
        finally:
            process.kill()
