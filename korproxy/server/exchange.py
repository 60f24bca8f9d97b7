"""One request and its answer as the front sees them, whatever stands between it and the socket."""

from __future__ import annotations

from typing import Protocol

import trio

from korproxy.models.calls import Headers, RawHeaders


class ClientLeft(Exception):
    """The client closed the connection before its request was complete. There is nobody to answer."""


class Exchange(Protocol):
    """Read the request, then ``start`` once, ``write`` any number of times, ``finish`` once.

    It may have a member ``scope``: see ``scope_of``.
    """

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def started(self) -> bool:
        """Whether the answer's status is already on its way."""

    @property
    def complete(self) -> bool:
        """Whether the whole request has arrived, so that ``body`` will not wait."""

    @property
    def stalled(self) -> bool:
        """Whether the client was hung up on because it did not read."""

    async def body(self, limit: int, patience: float) -> bytes:
        """Return the whole body.

        Raises:
            BadRequest: It has more than *limit* bytes (KP-SYS-508), or was silent for *patience* seconds (KP-SYS-510).
            ClientLeft: The client left before the end.
        """

    async def drain(self, limit: int, patience: float) -> None:
        """Read away at most *limit* bytes of a body nobody wants, so that the client gets to read the answer."""

    async def start(self, status: int, headers: RawHeaders) -> None: ...
    async def write(self, data: bytes) -> None: ...
    async def finish(self, data: bytes = b"") -> None: ...
    def break_off(self) -> None:
        """Close the connection without ending the answer: the client must not take the half for the whole."""


def scope_of(exchange: Exchange) -> trio.CancelScope | None:
    """Return the scope that whoever answers *exchange* runs in, and after which its connection is closed; None: it has none.

    Where the grace is over that one is cancelled, and a scope of its own need not be opened for each request.
    """
    found: trio.CancelScope | None = getattr(exchange, "scope", None)
    return found
