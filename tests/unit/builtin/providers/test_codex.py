"""OpenAI's API by key."""

from __future__ import annotations

import pytest

from korproxy.api import Features, Kind, Outgoing, Provider
from korproxy.builtin.providers.codex import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


def outgoing(*headers: tuple[bytes, bytes]) -> Outgoing:
    return Outgoing(dialect="openai-chat", model="gpt-5.4", stream=False, body=b"{}", headers=headers)


def test_a_request_goes_to_openai_with_a_bearer_token() -> None:
    sent = only(configured("codex")).prepare(outgoing((b"openai-project", b"p")), WORK)

    assert sent.url == "https://api.openai.com/v1/chat/completions"
    assert sent.headers[-1] == (b"authorization", f"Bearer {SECRET}".encode())
    assert (b"openai-project", b"p") in sent.headers


def test_it_serves_openais_models_listed_or_not() -> None:
    provider = only(configured("codex"))

    assert all(provider.offers(each) for each in ("gpt-5.4-mini", "gpt-99", "o3", "o4-mini", "chatgpt-4o-latest"))
    assert not any(provider.offers(each) for each in ("claude-opus-5", "openai/gpt-5.4", "qwen3.8-max"))
    assert "gpt-5.4-mini" in [each.id for each in provider.models()]


def spoken(model: str, dialect: str, *, tools: bool = False) -> str:
    provider = only(configured("codex"))
    return provider.dialect_for(provider.real_name(model), Features(dialect=dialect, tools=tools))


def test_chat_passes_as_it_is_unless_tools_are_refused_beside_reasoning() -> None:
    assert [spoken(each, "openai-chat") for each in ("gpt-6-sol", "gpt-5.1", "gpt-4.1")] == ["openai-chat"] * 3
    assert [spoken(each, "openai-chat", tools=True) for each in ("gpt-5.1", "o3", "gpt-4.1")] == ["openai-chat"] * 3
    for model in ("gpt-6.2-astra", "sol", "gpt-6-luna", "gpt-5.6-terra", "gpt-5.5", "gpt-5.4-mini", "gpt-6.9-new"):
        assert spoken(model, "openai-chat", tools=True) == "openai-responses"


@pytest.mark.parametrize("tools", [True, False])
def test_edge_93_clients_of_other_formats_reach_models_that_reason_as_responses(tools: bool) -> None:
    for client in ("anthropic-messages", "gemini"):
        assert [spoken(each, client, tools=tools) for each in ("gpt-6-sol", "gpt-5.6-luna", "gpt-5.1")] == [
            "openai-responses"
        ] * 3
        assert spoken("gpt-4.1", client, tools=tools) == "openai-chat"


def test_responses_always_pass() -> None:
    assert [spoken(each, "openai-responses", tools=True) for each in ("gpt-6-sol", "gpt-4.1", "x")] == ["openai-responses"] * 3


def test_its_headers_travel_both_ways_and_nobody_elses() -> None:
    prefixes = only(configured("codex")).vendor_headers

    for name in (
        b"openai-organization",
        b"x-codex-turn-state",
        b"session_id",
        b"openai-processing-ms",
        b"idempotency-key",
        b"x-client-request-id",
    ):
        assert name.startswith(prefixes)
    for name in (b"x-stainless-retry-count", b"anthropic-beta", b"x-request-id", b"set-cookie"):
        assert not name.startswith(prefixes)


def test_without_a_table_there_is_nothing_and_without_an_account_no_account() -> None:
    assert list(korproxy_providers(FakeSettings())) == []
    assert list(only(configured("codex", accounts=())).accounts) == []


def test_it_knows_which_models_reason_and_at_which_levels() -> None:
    provider = only(configured("codex"))
    efforts = {
        each: provider.abilities(each).efforts
        for each in ("gpt-6.1-sol", "gpt-6-sol", "gpt-5.4", "gpt-5.1", "gpt-5-mini", "gpt-4.1")
    }

    assert efforts == {
        "gpt-6.1-sol": ("low", "medium", "high", "xhigh", "max"),
        "gpt-6-sol": ("none", "low", "medium", "high", "xhigh", "max"),
        "gpt-5.4": ("none", "low", "medium", "high", "xhigh"),
        "gpt-5.1": ("none", "low", "medium", "high"),
        "gpt-5-mini": ("minimal", "low", "medium", "high"),
        "gpt-4.1": (),
    }


@pytest.mark.parametrize("model", ["gpt-6.2-sol", "gpt-5.4-mini", "gpt-4o", "gpt-9", "o3", "gpt-3.5-turbo"])
def test_every_model_of_openais_own_takes_the_new_name_of_the_limit(model: str) -> None:
    assert only(configured("codex")).abilities(model).completion_tokens


def test_tools_beside_reasoning_are_refused_from_5_4_on() -> None:
    provider = only(configured("codex"))

    assert [provider.abilities(each).tools_while_reasoning for each in ("gpt-6-luna", "gpt-5.4", "gpt-5.2", "o4-mini")] == [
        False,
        False,
        True,
        True,
    ]


def test_short_names_lead_to_the_newest_and_dated_names_stay() -> None:
    provider = only(configured("codex"))

    assert [provider.real_name(each) for each in ("astra", "sol", "gpt-5.5-2026-04-23")] == [
        "gpt-6.2-astra",
        "gpt-6.2-sol",
        "gpt-5.5-2026-04-23",
    ]
    assert provider.test_model == "gpt-5.4-mini"


def test_it_counts_compacts_completes_and_embeds() -> None:
    provider = only(configured("codex"))
    asked: dict[tuple[str, Kind], str] = {
        ("anthropic-count", "count"): "/responses/input_tokens",
        ("responses-compact", "other"): "/responses/compact",
        ("openai-completions", "completion"): "/completions",
        ("gemini-embeddings", "embedding"): "/embeddings",
    }
    for (client, kind), path in asked.items():
        spoken = provider.dialect_for("davinci-002", Features(dialect=client, kind=kind))
        sent = provider.prepare(Outgoing(dialect=spoken, model="m", stream=False, body=b"{}"), WORK)

        assert sent.url == f"https://api.openai.com/v1{path}"


def test_models_that_are_talked_to_complete_by_chat() -> None:
    asked, provider = Features(dialect="openai-completions", kind="completion"), only(configured("codex"))
    names = ("gpt-3.5-turbo-instruct", "ft:babbage-002:me", "gpt-4.1", "gpt-6-sol")

    assert [provider.dialect_for(each, asked) for each in names] == ["openai-completions"] * 2 + ["openai-chat"] * 2
