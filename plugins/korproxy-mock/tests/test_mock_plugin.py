"""The mock as KorProxy sees it."""

import json
import socket
from collections.abc import Iterator, Sequence
from typing import TypeVar

import attrs
import pytest
import trio
from click.testing import CliRunner
from korproxy_mock.plugin import MockPlugin, MockTable

from korproxy.api import Account, ConfigError, ConfiguredProvider, Features, Outgoing, check_code

T = TypeVar("T")


@attrs.frozen
class Chosen:
    """Settings as the core would give them."""

    demo: bool
    port: int = 0

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002, ARG002
        return ()

    def plugin(self, name: str, table: type[T]) -> T:  # noqa: ARG002
        return table(port=self.port)  # type: ignore[call-arg]


@pytest.fixture
def mock_plugin() -> Iterator[MockPlugin]:
    plugin = MockPlugin()
    yield plugin
    plugin.close()


def test_without_demo_there_is_neither_a_provider_nor_a_service(mock_plugin: MockPlugin) -> None:
    assert list(mock_plugin.korproxy_providers(Chosen(demo=False))) == []
    assert list(mock_plugin.korproxy_services(Chosen(demo=False))) == []


def test_a_reload_does_not_move_the_provider(mock_plugin: MockPlugin) -> None:
    addresses = {next(iter(mock_plugin.korproxy_providers(Chosen(demo=True)))).base_url for _ in range(3)}
    assert len(addresses) == 1


@pytest.mark.parametrize(
    ("dialect", "model", "said"),
    [
        ("openai-chat", "gpt-4o", b"You said: hi"),
        ("anthropic-messages", "claude-x", b"You said: hi"),
        ("openai-chat", "any/thing", b""),
    ],
)
async def test_the_demo_provider_is_answered_by_the_demo_service(
    mock_plugin: MockPlugin, dialect: str, model: str, said: bytes
) -> None:
    (provider,) = mock_plugin.korproxy_providers(Chosen(demo=True))
    (service,) = mock_plugin.korproxy_services(Chosen(demo=True))
    assert provider.offers(model)
    assert provider.dialect_for(model, Features(dialect=dialect)) == dialect
    body = json.dumps({"model": model, "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}).encode()
    account: Account = provider.accounts[0]
    request = provider.prepare(Outgoing(dialect=dialect, model=model, stream=False, body=body), account)
    for _ in range(2):  # the second time as after a crash: the same socket
        async with trio.open_nursery() as nursery:
            await nursery.start(service.run)
            host, _, path = request.url.removeprefix("http://").partition("/")
            async with await trio.open_tcp_stream("127.0.0.1", int(host.partition(":")[2])) as stream:
                head = b"POST /%s HTTP/1.1\r\nhost: m\r\nconnection: close\r\ncontent-length: %d\r\n" % (
                    path.encode(),
                    len(body),
                )
                fields = b"".join(b"%s: %s\r\n" % pair for pair in request.headers)
                await stream.send_all(head + fields + b"\r\n" + body)
                answer = b"".join([part async for part in stream])
            nursery.cancel_scope.cancel()
        assert answer.startswith(b"HTTP/1.1 200")
        assert said in answer


async def test_the_diagnostics_tell_what_the_mock_does(mock_plugin: MockPlugin) -> None:
    (section,) = mock_plugin.korproxy_collectors(Chosen(demo=True))
    assert await section.collect() == {}
    (service,) = mock_plugin.korproxy_services(Chosen(demo=True))
    async with trio.open_nursery() as nursery:
        await nursery.start(service.run)
        told = await section.collect()
        nursery.cancel_scope.cancel()

    assert (section.name, told["requests"], told["open_connections"]) == ("mock", 0, 0)


def test_a_port_that_is_taken_is_said_with_its_place(mock_plugin: MockPlugin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Chosen(demo=True, port=taken.getsockname()[1])
        with pytest.raises(ConfigError) as refused:
            list(mock_plugin.korproxy_providers(settings))

    assert [(each.code, each.path) for each in refused.value.problems] == [("KP-CONF-280", "$.plugin.mock.port")]


def test_what_it_registers_is_its_own(mock_plugin: MockPlugin) -> None:
    (table,) = mock_plugin.korproxy_settings()
    (code,) = mock_plugin.korproxy_errors()
    check_code(code.code, plugin=True)

    assert (table.name, table.table) == ("mock", MockTable)


def test_the_command_explains_itself(mock_plugin: MockPlugin) -> None:
    (command,) = mock_plugin.korproxy_commands()
    assert command.name == "mock"
    result = CliRunner().invoke(command.load(), ["serve", "--help"])
    assert result.exit_code == 0
    assert "korproxy mock serve --port 9000" in result.output
