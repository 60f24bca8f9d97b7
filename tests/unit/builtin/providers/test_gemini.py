"""Google's Gemini API by key."""

from __future__ import annotations

import json

import pytest

from korproxy.api import Account, Features, Headers, Outgoing, Provider, Secret
from korproxy.builtin.providers.gemini import korproxy_providers
from tests.fakes.settings import SECRET, WORK, FakeSettings, configured


def only(settings: FakeSettings) -> Provider:
    (provider,) = korproxy_providers(settings)
    return provider


def outgoing(*headers: tuple[bytes, bytes], stream: bool = False, credential: str | None = None) -> Outgoing:
    secret = None if credential is None else Secret(credential)
    return Outgoing(dialect="gemini", model="gemini-2.5-flash", stream=stream, body=b"{}", headers=headers, credential=secret)


def test_a_request_goes_to_google_with_the_accounts_key() -> None:
    sent = only(configured("gemini")).prepare(outgoing((b"x-goog-api-client", b"c/1")), WORK)

    assert sent.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
    assert sent.headers[-1] == (b"x-goog-api-key", SECRET.encode())
    assert (b"x-goog-api-client", b"c/1") in sent.headers


def test_a_stream_is_asked_for_in_the_address() -> None:
    sent = only(configured("gemini")).prepare(outgoing(stream=True), WORK)

    assert sent.url.endswith("/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
    assert (b"accept", b"text/event-stream") in sent.headers


def test_the_callers_credential_is_sent_in_place_of_ours() -> None:
    sent = only(configured("gemini")).prepare(outgoing(credential="AIza-theirs"), Account(name="theirs", forwards=True))

    assert sent.headers[-1] == (b"x-goog-api-key", b"AIza-theirs")


def test_another_address_is_taken_with_or_without_its_version() -> None:
    for base in ("https://proxy.test/gemini", "https://proxy.test/gemini/v1", "https://proxy.test/gemini/v1beta/"):
        sent = only(configured("gemini", base_url=base)).prepare(outgoing(), WORK)
        assert sent.url == "https://proxy.test/gemini/v1beta/models/gemini-2.5-flash:generateContent"


def test_it_speaks_only_its_own_format() -> None:
    assert only(configured("gemini")).dialect_for("m", Features(dialect="openai-chat")) == "gemini"


def test_it_serves_googles_models_listed_or_not() -> None:
    provider = only(configured("gemini"))

    assert all(provider.offers(each) for each in ("gemini-2.5-flash", "gemini-9-neon", "gemma-4-31b-it", "gemini-flash"))
    assert not any(provider.offers(each) for each in ("gpt-5.4", "google/gemini-2.5-flash"))
    assert "gemini-2.5-flash" in [each.id for each in provider.models()]
    assert [each.id for each in provider.models() if each.kind == "embedding"] == ["gemini-embedding-001"]


def test_short_names_are_ours_and_moving_names_are_googles() -> None:
    provider = only(configured("gemini"))

    assert [provider.real_name(each) for each in ("gemini-flash", "gemini-pro", "gemini-flash-latest")] == [
        "gemini-3.8-flash",
        "gemini-3.1-pro-preview",
        "gemini-flash-latest",
    ]
    assert provider.abilities("gemini-flash-latest").efforts == provider.abilities("gemini-3.8-flash").efforts
    assert provider.test_model == "gemini-2.5-flash"


@pytest.mark.parametrize(
    ("model", "reasoning", "efforts", "off"),
    [
        ("gemini-2.5-flash", "budget", (), True),
        ("gemini-2.5-pro", "budget", (), False),
        ("gemini-2.5-flash-preview-09-2025", "budget", (), True),
        ("gemini-3-pro-preview", "level", ("low", "high"), False),
        ("gemini-3.1-flash-lite", "level", ("minimal", "low", "medium", "high"), False),
        ("gemini-3.8-flash", "level", ("low", "medium", "high"), False),
        ("gemini-9-neon", "level", ("low", "medium", "high"), False),
        ("gemini-2.0-flash", "none", (), True),
    ],
)
def test_it_knows_how_each_generation_wants_to_be_asked_to_reason(
    model: str, reasoning: str, efforts: tuple[str, ...], off: bool
) -> None:
    known = only(configured("gemini")).abilities(model)

    assert (known.reasoning, known.efforts, known.reasoning_off, known.family) == (reasoning, efforts, off, "google")


def test_its_headers_travel_both_ways_and_nobody_elses() -> None:
    prefixes = only(configured("gemini")).vendor_headers

    for name in (b"x-goog-api-client", b"x-goog-request-params", b"x-gemini-service-tier"):
        assert name.startswith(prefixes)
    for name in (b"x-goog-api-key", b"anthropic-beta", b"openai-project", b"x-request-id"):
        assert not name.startswith(prefixes)


@pytest.mark.code("KP-AUTH-007")
def test_a_wrong_key_is_known_although_google_calls_it_a_bad_request() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    body = json.dumps([{"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT", "details": [info]}}])
    refusal = only(configured("gemini")).refusal(400, Headers(), body.encode())

    assert (refusal.code, refusal.credential) == ("KP-AUTH-007", True)


def test_without_a_table_there_is_nothing_and_without_an_account_no_account() -> None:
    assert list(korproxy_providers(FakeSettings())) == []
    assert list(only(configured("gemini", accounts=())).accounts) == []


@pytest.mark.parametrize(
    ("client", "spoken", "method"),
    [
        (Features(dialect="anthropic-count", kind="count"), "gemini-count", "countTokens"),
        (Features(dialect="openai-embeddings", kind="embedding"), "gemini-embeddings", "batchEmbedContents"),
    ],
)
def test_it_counts_and_makes_embeddings(client: Features, spoken: str, method: str) -> None:
    provider = only(configured("gemini"))
    asked = Outgoing(dialect=spoken, model="gemini-x", stream=False, body=b"{}")

    assert provider.dialect_for("gemini-x", client) == spoken
    assert provider.prepare(asked, WORK).url == f"https://generativelanguage.googleapis.com/v1beta/models/gemini-x:{method}"
