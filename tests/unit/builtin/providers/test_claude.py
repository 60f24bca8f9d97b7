"""Anthropic's API: its address, its two credential headers, its models."""

from __future__ import annotations

import pytest

from korproxy.api import Account, Features, Outgoing, Provider, Secret
from korproxy.builtin.providers.claude import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


def outgoing(*, credential: str | None = None, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Outgoing:
    secret = None if credential is None else Secret(credential)
    return Outgoing(
        dialect="anthropic-messages", model="claude-opus-5", stream=True, body=b"{}", headers=headers, credential=secret
    )


def test_a_request_goes_to_anthropic_with_the_accounts_key() -> None:
    provider = only(configured("claude"))
    sent = provider.prepare(outgoing(headers=((b"anthropic-beta", b"a,b"),)), WORK)

    assert sent.url == "https://api.anthropic.com/v1/messages"
    assert sent.headers[-1] == (b"x-api-key", SECRET.encode())
    assert (b"anthropic-version", b"2023-06-01") in sent.headers
    assert (b"anthropic-beta", b"a,b") in sent.headers


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        ("sk-ant-api03-k", (b"x-api-key", b"sk-ant-api03-k")),
        ("sk-ant-oat01-t", (b"authorization", b"Bearer sk-ant-oat01-t")),
        ("anything", (b"x-api-key", b"anything")),
    ],
)
def test_keys_and_login_tokens_go_in_their_own_headers(credential: str, expected: tuple[bytes, bytes]) -> None:
    sent = only(configured("claude")).prepare(outgoing(credential=credential), Account(name="theirs", forwards=True))

    assert [each for each in sent.headers if each[0] in {b"x-api-key", b"authorization"}] == [expected]


def test_it_serves_every_model_whose_name_begins_with_claude() -> None:
    provider = only(configured("claude"))

    assert provider.offers("claude-haiku-4-5")
    assert provider.offers("claude-something-new[1m]")
    assert not provider.offers("gpt-5.4")
    assert "claude-haiku-4-5" in [each.id for each in provider.models()]
    assert all(each.name.startswith("Claude ") and provider.offers(each.id) for each in provider.models())


def test_it_speaks_only_its_own_format() -> None:
    assert only(configured("claude")).dialect_for("m", Features(dialect="openai-chat")) == "anthropic-messages"


def test_its_headers_travel_both_ways_and_nobody_elses() -> None:
    prefixes = only(configured("claude")).vendor_headers

    for name in (b"anthropic-beta", b"x-claude-code-session-id", b"request-id", b"anthropic-ratelimit-unified-status"):
        assert name.startswith(prefixes)
    for name in (b"x-stainless-lang", b"x-app", b"openai-organization", b"x-request-id"):
        assert not name.startswith(prefixes)


def test_without_a_table_there_is_nothing_and_without_an_account_no_account() -> None:
    assert list(korproxy_providers(FakeSettings())) == []
    assert list(only(configured("claude", accounts=())).accounts) == []


def test_the_table_decides_address_and_models() -> None:
    provider = only(configured("claude", base_url="https://proxy.test/claude", models=("mine-*",)))

    assert provider.prepare(outgoing(), WORK).url == "https://proxy.test/claude/v1/messages"
    assert (provider.offers("mine-1"), provider.offers("claude-opus-5")) == (True, False)


def test_it_knows_how_each_generation_wants_to_be_asked_to_reason() -> None:
    provider = only(configured("claude"))
    forms = {
        each: provider.abilities(each).reasoning
        for each in ("claude-haiku-4-5-20251001", "claude-opus-4-6", "claude-opus-5", "claude-opus-5-5", "claude-fable-5")
    }

    assert forms == {
        "claude-haiku-4-5-20251001": "budget",
        "claude-opus-4-6": "both",
        "claude-opus-5": "adaptive",
        "claude-opus-5-5": "always",
        "claude-fable-5": "always",
    }
    assert {provider.abilities(each.id).family for each in provider.models()} == {"anthropic"}


def test_of_a_model_that_is_newer_it_asks_nothing_that_the_newest_refuse() -> None:
    newer = only(configured("claude")).abilities("claude-opus-6")

    assert (newer.sampling, newer.prefill, newer.reasoning, newer.reasoning_off) == ("none", False, "always", False)
    assert newer.output == 128_000


def test_short_names_lead_to_the_newest_and_dated_names_stay() -> None:
    provider = only(configured("claude"))

    assert [provider.real_name(each) for each in ("opus", "sonnet", "haiku", "fable")] == [
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
        "claude-fable-5-2",
    ]
    assert provider.real_name("claude-haiku-4-5-20251001") == "claude-haiku-4-5-20251001"
    assert provider.test_model == "claude-haiku-4-5"


def test_what_the_table_limits_is_still_known() -> None:
    provider = only(configured("claude", models=("claude-opus-*",)))

    assert list(provider.models()) == []
    assert provider.abilities("claude-opus-4-5").reasoning == "budget"


def test_it_counts_tokens_with_the_same_headers() -> None:
    provider = only(configured("claude"))
    spoken = provider.dialect_for("m", Features(dialect="gemini-count", kind="count"))
    asked = Outgoing(dialect=spoken, model="m", stream=False, body=b"{}", credential=Secret("sk-ant-oat01-t"))
    sent = provider.prepare(asked, Account(name="theirs", forwards=True))

    assert (spoken, sent.url) == ("anthropic-count", "https://api.anthropic.com/v1/messages/count_tokens")
    assert (b"anthropic-version", b"2023-06-01") in sent.headers
    assert sent.headers[-1] == (b"authorization", b"Bearer sk-ant-oat01-t")
    assert provider.dialect_for("m", Features(dialect="openai-embeddings", kind="embedding")) == ""
