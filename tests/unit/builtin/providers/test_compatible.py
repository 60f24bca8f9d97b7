"""Any server of the three formats: Ollama, LM Studio, vLLM, OpenRouter and so on."""

from __future__ import annotations

import pytest

from korproxy.api import Abilities, ConfigError, Features, Kind, Outgoing, Provider
from korproxy.builtin.providers.compatible import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured

HERE = "http://127.0.0.1:11434/v1"


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


def outgoing(dialect: str = "openai-chat") -> Outgoing:
    return Outgoing(dialect=dialect, model="m", stream=False, body=b"{}")


def test_the_openai_format_is_the_default() -> None:
    provider = only(configured("compatible", base_url=HERE))
    sent = provider.prepare(outgoing(), WORK)

    assert provider.dialect_for("m", Features(dialect="anthropic-messages")) == "openai-chat"
    assert sent.url == "http://127.0.0.1:11434/v1/chat/completions"
    assert sent.headers[-1] == (b"authorization", f"Bearer {SECRET}".encode())


def test_the_anthropic_format_is_spoken_where_the_table_says_so() -> None:
    provider = only(configured("compatible", base_url="https://api.deepseek.test/anthropic", speaks=("anthropic-messages",)))
    sent = provider.prepare(outgoing("anthropic-messages"), WORK)

    assert provider.dialect_for("m", Features(dialect="openai-chat")) == "anthropic-messages"
    assert sent.url == "https://api.deepseek.test/anthropic/v1/messages"
    assert sent.headers[-1] == (b"x-api-key", SECRET.encode())


def test_a_server_of_both_formats_is_spoken_to_in_the_clients_own() -> None:
    provider = only(configured("compatible", base_url=HERE, speaks=("anthropic-messages", "openai-chat")))

    assert provider.dialect_for("m", Features(dialect="openai-chat")) == "openai-chat"
    assert provider.dialect_for("m", Features(dialect="gemini")) == "anthropic-messages"
    assert provider.prepare(outgoing("anthropic-messages"), WORK).url == "http://127.0.0.1:11434/v1/messages"


def test_without_an_account_nothing_is_sent_as_a_key() -> None:
    provider = only(configured("compatible", base_url=HERE, accounts=()))
    (account,) = provider.accounts

    assert account.name == "none"
    assert {b"authorization", b"x-api-key"}.isdisjoint(dict(provider.prepare(outgoing(), account).headers))


def test_it_serves_the_models_its_table_names_and_no_others() -> None:
    provider = only(configured("compatible", base_url=HERE, models=("llama4", "local-*")))

    assert [provider.offers(each) for each in ("llama4", "local-x", "gpt-5.4")] == [True, True, False]
    assert [(each.id, each.owner) for each in provider.models()] == [("llama4", "mine")]
    assert not only(configured("compatible", base_url=HERE)).offers("anything")


def test_only_anthropic_headers_pass_and_only_in_that_format() -> None:
    chat, messages = (only(configured("compatible", base_url=HERE, speaks=each)) for each in ((), ("anthropic-messages",)))

    assert chat.vendor_headers == ()
    assert b"anthropic-beta".startswith(messages.vendor_headers)
    assert not b"openai-organization".startswith(messages.vendor_headers)


@pytest.mark.code("KP-CONF-213")
@pytest.mark.parametrize("base_url", [None, ""])
@pytest.mark.parametrize("dialect", ["openai-chat", "anthropic-messages"])
def test_without_an_address_every_request_says_so(base_url: str | None, dialect: str) -> None:
    provider = only(configured("compatible", base_url=base_url, accounts=()))
    (account,) = provider.accounts
    with pytest.raises(ConfigError) as caught:
        provider.prepare(outgoing(dialect), account)

    assert provider.dialect_for("m", Features(dialect=dialect)) == dialect
    assert caught.value.code == "KP-CONF-213"
    assert [each.path for each in caught.value.problems] == ["$.providers.mine.base_url"]
    assert 'base_url = "http://127.0.0.1:11434/v1"' in caught.value.detail


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    provider = only(configured("compatible", base_url=HERE, speaks=("openai-chat", "antropic")))
    with pytest.raises(ConfigError) as caught:
        provider.prepare(outgoing(), WORK)

    assert caught.value.code == "KP-CONF-202"
    assert "$.providers.mine.speaks" in caught.value.detail
    assert (
        "'antropic'; there are openai-chat, openai-responses, anthropic-messages, gemini, openai-completions"
        in caught.value.detail
    )


def test_all_mistakes_of_a_table_are_told_at_once() -> None:
    provider = only(configured("compatible", speaks=("x", "y")))
    with pytest.raises(ConfigError) as caught:
        provider.prepare(outgoing(), WORK)

    assert [each.code for each in caught.value.problems] == ["KP-CONF-213", "KP-CONF-202"]


def test_a_wrong_table_does_not_keep_others_from_working() -> None:
    wrong, right = configured("compatible"), configured("compatible", base_url=HERE)
    first, second = korproxy_providers(FakeSettings([*wrong.tables, *right.tables]))

    assert first.base_url.endswith(".invalid")
    assert second.prepare(outgoing(), WORK).url.startswith(HERE)


def test_the_gemini_format_is_spoken_where_the_table_says_so() -> None:
    provider = only(configured("compatible", base_url=HERE, speaks=("gemini",)))
    sent = provider.prepare(outgoing("gemini"), WORK)

    assert sent.url == "http://127.0.0.1:11434/v1beta/models/m:generateContent"
    assert sent.headers[-1] == (b"x-goog-api-key", SECRET.encode())
    assert b"x-goog-api-client".startswith(provider.vendor_headers)


def test_of_a_model_nobody_knows_everything_is_asked_in_the_plainest_form() -> None:
    for speaks in ((), ("anthropic-messages",), ("gemini",)):
        assert only(configured("compatible", base_url=HERE, speaks=speaks)).abilities("llama3.3") == Abilities()


@pytest.mark.parametrize(
    ("model", "reasoning", "back", "family"),
    [
        ("deepseek/deepseek-v4-pro", "effort", True, ""),
        ("GLM-5.2", "none", True, ""),
        ("moonshotai/kimi-k3", "none", True, ""),
        ("qwen3:30b", "none", False, ""),
        ("openai/gpt-oss-120b", "effort", False, ""),
        ("openai/gpt-5.4", "effort", False, "openai"),
        ("google/gemini-3.8-flash", "effort", False, "google"),
    ],
)
def test_what_a_name_tells_of_a_model_is_known_on_any_server(model: str, reasoning: str, back: bool, family: str) -> None:
    known = only(configured("compatible", base_url=HERE)).abilities(model)

    assert (known.reasoning, known.reasoning_back, known.family) == (reasoning, back, family)


def test_in_a_vendors_format_its_models_are_known_however_the_server_writes_their_names() -> None:
    claude = only(configured("compatible", base_url=HERE, speaks=("anthropic-messages", "openai-chat")))
    google = only(configured("compatible", base_url=HERE, speaks=("gemini",)))

    assert claude.abilities("us.anthropic.claude-haiku-4-5-20251001-v1:0").reasoning == "budget"
    assert claude.abilities("anthropic/claude-opus-5").reasoning == "adaptive"
    assert claude.abilities("anthropic/claude-opus-5-5").reasoning == "always"
    assert google.abilities("google/gemini-2.5-pro").reasoning == "budget"


@pytest.mark.parametrize(
    ("speaks", "client", "kind", "spoken"),
    [
        ((), "gemini-embeddings", "embedding", "openai-embeddings"),
        ((), "anthropic-count", "count", ""),
        ((), "openai-completions", "completion", "openai-chat"),
        (("openai-chat", "openai-completions"), "openai-completions", "completion", "openai-completions"),
        (("anthropic-messages",), "gemini-count", "count", "anthropic-count"),
        (("anthropic-messages",), "openai-embeddings", "embedding", ""),
        (("gemini",), "anthropic-count", "count", "gemini-count"),
        (("gemini",), "openai-embeddings", "embedding", "gemini-embeddings"),
        (("openai-responses",), "anthropic-count", "count", "responses-count"),
        (("openai-responses", "anthropic-messages"), "anthropic-count", "count", "anthropic-count"),
    ],
)
def test_what_mostly_stands_beside_a_format_is_spoken_too(
    speaks: tuple[str, ...], client: str, kind: Kind, spoken: str
) -> None:
    provider = only(configured("compatible", base_url=HERE, speaks=speaks))

    assert provider.dialect_for("m", Features(dialect=client, kind=kind)) == spoken
