"""iFlow: the sad news, unless somebody runs a server of that kind."""

from __future__ import annotations

import pytest

from korproxy.api import Features, NoProvider, Outgoing, Provider
from korproxy.builtin.providers.iflow import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured

REQUEST = Outgoing(dialect="openai-chat", model="m", stream=False, body=b"{}")


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


@pytest.mark.code("KP-PROV-106")
@pytest.mark.parametrize("settings", [configured("iflow"), configured("iflow", accounts=())], ids=["account", "none"])
@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages"])
def test_a_request_learns_when_the_service_ended_and_what_to_do(settings: FakeSettings, dialect: str) -> None:
    provider = only(settings)
    (account,) = provider.accounts  # there is one in any case, or the request would learn of a missing account instead
    with pytest.raises(NoProvider) as caught:
        provider.prepare(REQUEST, account)

    assert provider.dialect_for("m", Features(dialect=dialect)) == dialect
    assert caught.value.code == "KP-PROV-106"
    for words in ("2026-04-17", "[providers.mine]", 'type = "qwen"', 'type = "compatible"', "base_url"):
        assert words in caught.value.detail


def test_with_an_address_it_is_a_server_like_any_other() -> None:
    provider = only(configured("iflow", base_url="http://127.0.0.1:8000/v1"))
    sent = provider.prepare(REQUEST, WORK)

    assert provider.dialect_for("m", Features(dialect="anthropic-messages")) == "openai-chat"
    assert sent.url == "http://127.0.0.1:8000/v1/chat/completions"
    assert sent.headers[-1] == (b"authorization", f"Bearer {SECRET}".encode())


def test_with_an_address_it_needs_no_account() -> None:
    provider = only(configured("iflow", base_url="http://127.0.0.1:8000/v1", accounts=()))
    (account,) = provider.accounts

    assert b"authorization" not in dict(provider.prepare(REQUEST, account).headers)


def test_no_model_name_leads_to_it_by_itself() -> None:
    provider = only(configured("iflow"))

    assert not provider.offers("qwen3-coder-plus")
    assert list(provider.models()) == []
    assert only(configured("iflow", models=("kimi-*",))).offers("kimi-k3")


def test_with_an_address_its_models_are_known_by_their_names() -> None:
    provider = only(configured("iflow", base_url="http://127.0.0.1:8000/v1"))

    assert provider.abilities("deepseek-v4-pro").reasoning_back
    assert not provider.abilities("llama3.3").reasoning_back


def test_a_server_of_ones_own_makes_embeddings_too() -> None:
    provider = only(configured("iflow", base_url="http://127.0.0.1:9/v1"))

    assert provider.dialect_for("m", Features(dialect="gemini-embeddings", kind="embedding")) == "openai-embeddings"


@pytest.mark.code("KP-PROV-106")
def test_nobody_is_asked_whether_it_is_well() -> None:
    provider = only(configured("iflow"))
    with pytest.raises(NoProvider) as caught:
        provider.check(WORK)  # type: ignore[attr-defined]

    assert caught.value.code == "KP-PROV-106"
