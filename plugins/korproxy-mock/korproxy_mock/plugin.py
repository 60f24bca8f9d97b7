"""The mock as a plugin of KorProxy: the only module here that imports KorProxy."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from korproxy.api import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    Account,
    Command,
    HttpProvider,
    Model,
    Provider,
    Secret,
    Service,
    Settings,
    hookimpl,
)
from korproxy_mock import models

if TYPE_CHECKING:
    import click
    import trio

NAME = "mock"


@attrs.define(eq=False)
class MockPlugin:
    """Adds ``korproxy mock``, and with ``--demo`` a provider that runs inside KorProxy itself.

    The socket is bound when the demo first asks for its address and then kept: reloads and restarts of the service must
    not move the provider.
    """

    _socket: socket.socket | None = attrs.field(default=None, init=False)

    @hookimpl
    def korproxy_commands(self) -> Iterable[Command]:
        """Add ``korproxy mock``."""
        yield Command(name=NAME, help="Imitate AI providers on this machine, for tests.", load=_command)

    @hookimpl
    def korproxy_providers(self, settings: Settings) -> Iterable[Provider]:
        """In the demo, offer every model in every format."""
        if settings.demo:
            host, port = self.listening().getsockname()
            yield HttpProvider(
                id=NAME,
                type=NAME,
                base_url=f"http://{host}:{port}",
                accounts=(Account(name="demo", secret=Secret("demo")),),
                speaks={"openai-chat": OPENAI_CHAT, "anthropic-messages": ANTHROPIC_MESSAGES},
                catalogue=tuple(Model(id=each, owner=NAME) for each in (*models.OPENAI, *models.ANTHROPIC)),
                patterns=("*",),
                vendor_headers=(b"anthropic-", b"openai-"),
            )

    @hookimpl
    def korproxy_services(self, settings: Settings) -> Iterable[Service]:
        """In the demo, run the mock."""
        if settings.demo:
            yield MockService(self.listening())

    def listening(self) -> socket.socket:
        """Return the demo's socket; it is bound at the first call."""
        from korproxy_mock.server import bind

        if self._socket is None:
            self._socket = bind()
        return self._socket

    def close(self) -> None:
        """Close the demo's socket; needed where a process has several plugins in turn, as tests do."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@attrs.frozen
class MockService:
    """Runs the mock on a socket that outlives it, so that it can be restarted in place."""

    listening: socket.socket
    name: str = NAME

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Serve for ever."""
        from korproxy_mock.server import MockServer

        await MockServer().serve(self.listening.dup(), task_status=task_status)


def _command() -> click.Command:
    from korproxy_mock.command import mock

    return mock


plugin = MockPlugin()
