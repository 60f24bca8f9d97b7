"""The mock as a plugin of KorProxy: the only module here that imports KorProxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from korproxy.api import (
    Account,
    Collector,
    Command,
    ConfigError,
    ErrorCode,
    Model,
    PluginTable,
    Problem,
    Provider,
    Secret,
    Service,
    Settings,
    hookimpl,
)
from korproxy_mock import models

if TYPE_CHECKING:
    import socket

    import click
    import trio

    from korproxy.api import Kind
    from korproxy_mock.server import MockServer

NAME = "mock"
CATALOGUE = (*models.OPENAI, *models.ANTHROPIC, *models.GOOGLE, *models.OPENAI_EMBEDDINGS)
PORT_TAKEN = ErrorCode(
    code="KP-CONF-280",
    message="The port of the demo's mock provider cannot be used.",
    description="`[plugin.mock] port` names a port that another program has, or that this user may not open.",
    steps=("Set another port, or take the setting out: then any free one is used.", "Stop the program that has the port."),
    status=500,
)


@attrs.frozen(kw_only=True)
class MockTable:
    """The table ``[plugin.mock]``: ``port`` is the demo's mock's own; 0 takes a free one."""

    port: int = attrs.field(default=0, validator=[attrs.validators.ge(0), attrs.validators.le(65535)])


@attrs.define(eq=False)
class MockPlugin:
    """Adds ``korproxy mock``, and with ``--demo`` a provider that runs inside KorProxy itself.

    The socket is bound when the demo first asks for its address and then kept: reloads and restarts of the service must
    not move the provider.
    """

    _socket: socket.socket | None = attrs.field(default=None, init=False)
    _service: MockService | None = attrs.field(default=None, init=False)

    @hookimpl
    def korproxy_errors(self) -> Iterable[ErrorCode]:
        """Add the code of a port that cannot be used."""
        yield PORT_TAKEN

    @hookimpl
    def korproxy_settings(self) -> Iterable[PluginTable]:
        """Describe ``[plugin.mock]``."""
        yield PluginTable(NAME, MockTable)

    @hookimpl
    def korproxy_commands(self) -> Iterable[Command]:
        """Add ``korproxy mock``."""
        yield Command(name=NAME, help="Imitate AI providers on this machine, for tests.", load=_command)

    @hookimpl
    def korproxy_providers(self, settings: Settings) -> Iterable[Provider]:
        """In the demo, offer every model in every format."""
        if settings.demo:
            host, port = self.listening(settings).getsockname()
            yield _provider(f"http://{host}:{port}")

    @hookimpl
    def korproxy_services(self, settings: Settings) -> Iterable[Service]:
        """In the demo, run the mock."""
        if settings.demo:
            self._service = MockService(self.listening(settings))
            yield self._service

    @hookimpl
    def korproxy_collectors(self, settings: Settings) -> Iterable[Collector]:
        """In the demo, tell in the diagnostics what the mock does."""
        if settings.demo:
            yield MockSection(self)

    def listening(self, settings: Settings) -> socket.socket:
        """Return the demo's socket; it is bound at the first call.

        Raises:
            ConfigError: KP-CONF-280: the port of ``[plugin.mock]`` cannot be used.
        """
        from korproxy_mock.server import bind

        if self._socket is None:
            port = settings.plugin(NAME, MockTable).port
            try:
                self._socket = bind(port=port)
            except OSError as exc:
                text = f"the mock cannot listen on port {port}: {exc.strerror}"
                raise ConfigError.of([Problem(code=PORT_TAKEN.code, path="$.plugin.mock.port", message=text)]) from None
        return self._socket

    def state(self) -> Mapping[str, object]:
        """Count what the running mock does; nothing where none runs."""
        server = self._service.server if self._service else None
        return {"url": server.url, **server.state()} if server else {}

    def close(self) -> None:
        """Close the demo's socket; needed where a process has several plugins in turn, as tests do."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@attrs.define(eq=False)
class MockService:
    """Runs the mock on a socket that outlives it, so that it can be restarted in place. ``server`` is the latest one."""

    listening: socket.socket
    name: str = NAME
    server: MockServer | None = None

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Serve for ever."""
        from korproxy_mock.server import MockServer

        self.server = MockServer()
        await self.server.serve(self.listening.dup(), task_status=task_status)


@attrs.frozen
class MockSection:
    """The section ``mock`` of the diagnostics."""

    _plugin: MockPlugin
    name: str = NAME

    async def collect(self) -> Mapping[str, object]:
        """Return what the mock counts."""
        return self._plugin.state()


def _provider(url: str) -> Provider:
    from korproxy import api  # its kit takes 20 ms, and this module is imported to list commands, too

    return api.HttpProvider(
        id=NAME,
        type=NAME,
        base_url=url,
        accounts=(Account(name="demo", secret=Secret("demo")),),
        speaks={
            "openai-chat": api.OPENAI_CHAT,
            "openai-responses": api.OPENAI_RESPONSES,
            "anthropic-messages": api.ANTHROPIC_MESSAGES,
            "gemini": api.GEMINI,
            "openai-completions": api.OPENAI_COMPLETIONS,
            "openai-embeddings": api.OPENAI_EMBEDDINGS,
            "gemini-embeddings": api.GEMINI_EMBEDDINGS,
            "anthropic-count": api.ANTHROPIC_COUNT,
            "gemini-count": api.GEMINI_COUNT,
            "responses-count": api.RESPONSES_COUNT,
            "responses-compact": api.RESPONSES_COMPACT,
        },
        catalogue=tuple(Model(id=each, owner=NAME, kind=_kind(each)) for each in CATALOGUE),
        patterns=("*",),
        vendor_headers=(b"anthropic-", b"openai-"),
    )


def _kind(model: str) -> Kind:
    return "embedding" if "embedding" in model else "chat"


def _command() -> click.Command:
    from korproxy_mock.command import mock

    return mock


plugin = MockPlugin()
