"""The base for services that copy the OpenAI chat format."""

from __future__ import annotations

from korproxy.kit.http_provider import from_settings
from korproxy.kit.openai_compatible import OpenAICompatible
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Features, Outgoing
from korproxy.models.providers import ConfiguredProvider


def test_an_id_and_an_address_are_enough() -> None:
    provider = OpenAICompatible(id="mine", base_url="http://127.0.0.1:1234/v1")
    account = Account(name="work", secret=Secret("sk-1"))
    sent = provider.prepare(Outgoing(dialect="openai-chat", model="m", stream=False, body=b"{}"), account)

    assert provider.dialect_for("m", Features(dialect="anthropic-messages")) == "openai-chat"
    assert sent.url == "http://127.0.0.1:1234/v1/chat/completions"
    assert (b"authorization", b"Bearer sk-1") in sent.headers


def test_settings_leave_it_what_it_is() -> None:
    provider = from_settings(ConfiguredProvider(id="b", type="t"), OpenAICompatible(id="a", base_url="http://a.test/v1"))

    assert isinstance(provider, OpenAICompatible)
    assert (provider.id, provider.type, provider.base_url) == ("b", "t", "http://a.test/v1")
