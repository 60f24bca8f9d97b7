"""What the plugin offers, and what it would send. Nothing runs, nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import attrs
from korproxy_hello import Hello, korproxy_providers, korproxy_settings

from korproxy.api import Account, ConfiguredProvider, Headers, Outgoing, PluginTable, Provider

SERVER = "http://127.0.0.1:1234/v1"
T = TypeVar("T")


@attrs.frozen
class Written:
    """Settings in which a user wrote just this ``[plugin.hello]`` table."""

    hello: Hello
    demo: bool = False

    def plugin(self, name: str, table: type[T]) -> T:
        assert name == "hello"
        assert isinstance(self.hello, table)
        return self.hello

    def providers(self, type: str) -> Sequence[ConfiguredProvider]:  # noqa: A002 -- as in the contract
        raise AssertionError(f"hello reads no table of type {type}")


def offered(**table: str) -> list[Provider]:
    return list(korproxy_providers(Written(Hello(**table))))


def test_it_describes_its_table() -> None:
    assert list(korproxy_settings()) == [PluginTable("hello", Hello)]


def test_it_offers_nothing_before_the_user_says_where_the_server_is() -> None:
    assert offered() == []


def test_it_offers_one_model_and_leaves_all_others_to_others() -> None:
    [provider] = offered(base_url=SERVER)
    assert provider.id == "hello"
    assert [model.id for model in provider.models()] == ["hello-world"]
    assert [provider.offers(name) for name in ("hello-world", "gpt-5")] == [True, False]


def test_the_model_can_be_another() -> None:
    [provider] = offered(base_url=SERVER, model="qwen3-8b")
    assert provider.offers("qwen3-8b")


def test_a_request_goes_to_the_servers_chat_path_without_a_credential() -> None:
    [provider] = offered(base_url=SERVER)
    call = Outgoing(dialect="openai-chat", model="hello-world", stream=False, body=b'{"model":"hello-world"}')
    request = provider.prepare(call, Account(name="local"))
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:1234/v1/chat/completions")
    assert request.body == call.body
    assert Headers(request.headers).get(b"authorization") is None
