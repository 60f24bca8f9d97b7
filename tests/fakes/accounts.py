"""A provider with several accounts: each answers as the test wrote for it, told apart by the key that a request brings."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeAlias

import attrs
import trio

from korproxy.models.accounts import Account, Secret
from tests.fakes.echo_upstream import Scripted
from tests.fakes.raw_upstream import read_request

DOCUMENT = (
    b'{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}'
)
JSON = (("content-type", "application/json"),)
STREAM = (("content-type", "text/event-stream"),)
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
LAST = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
)

Serve: TypeAlias = Callable[[trio.SocketStream], Awaitable[None]]

GOOD = Scripted(headers=JSON, pieces=[DOCUMENT])
STREAMED = Scripted(headers=STREAM, pieces=[EVENT, LAST], framing="chunked")


def refusing(status: int, *headers: tuple[str, str], body: bytes = b'{"error":{"message":"no"}}') -> Scripted:
    """Return an answer that is none."""
    return Scripted(status=status, headers=[*JSON, *headers], pieces=[body])


def limiting(retry_after: float | None = None) -> Scripted:
    """Return a 429 that wants so many seconds; None: it does not say."""
    said = [] if retry_after is None else [("retry-after-ms", str(round(retry_after * 1000)))]
    return refusing(429, *said, body=b'{"error":{"message":"slow down","type":"rate_limit_error"}}')


async def hang(stream: trio.SocketStream) -> None:
    """Say nothing until the other side has enough."""
    await stream.receive_some()


async def hang_up(stream: trio.SocketStream) -> None:
    """Close without a word."""
    del stream


@attrs.define
class Accounts:
    """What each account answers, and who was asked in which order.

    Attributes:
        answers: Of each account, by its name: what it answers next; the last one counts for ever. Of others: *good*.
        asked: The accounts, as requests came.
    """

    url: str = ""
    answers: dict[str, list[Scripted | Serve]] = attrs.field(factory=dict)
    good: Scripted = GOOD
    asked: list[str] = attrs.field(factory=list)
    bodies: list[bytes] = attrs.field(factory=list)

    def will(self, account: str, *answers: Scripted | Serve) -> None:
        """Let *account* answer so from now on."""
        self.answers[account] = list(answers)

    async def serve(self, stream: trio.SocketStream) -> None:
        """Answer requests on *stream* until either side has enough."""
        with suppress(trio.BrokenResourceError):
            async with stream:
                while request := await read_request(stream):
                    head, _, body = request.partition(b"\r\n\r\n")
                    account = _account(head)
                    self.asked.append(account)
                    self.bodies.append(body)
                    answer = self._next(account)
                    if not isinstance(answer, Scripted):
                        await answer(stream)
                        return
                    for each in answer.writes():
                        await stream.send_all(each)
                    if answer.framing == "close" or not answer.whole:
                        return

    def _next(self, account: str) -> Scripted | Serve:
        answers = self.answers.get(account) or [self.good]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def _account(head: bytes) -> str:
    """Return the name of the account whose key is in *head*."""
    found = re.search(rb"\r\n(?:authorization: Bearer|x-api-key:) key-(.*)", head)
    return "" if found is None else found[1].decode().strip()


def accounts(*names: str) -> Sequence[Account]:
    """Return accounts whose keys ``Accounts`` tells apart."""
    return [Account(name=name, secret=Secret(f"key-{name}")) for name in names]


@asynccontextmanager
async def open_accounts(good: Scripted = GOOD) -> AsyncIterator[Accounts]:
    """Run one on a free loopback port for the block."""
    served = Accounts(good=good)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, served.serve, 0, host="127.0.0.1"))
        served.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield served
        nursery.cancel_scope.cancel()
