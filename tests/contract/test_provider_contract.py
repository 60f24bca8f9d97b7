"""Laws for every provider that the built-ins offer, whatever its type; a new one is found by itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.contracts import Provider
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.exceptions import KorproxyError, NoProvider
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Features, Headers, Outgoing, RawHeaders, UpstreamRequest
from tests.fakes import offered

OURS, THEIRS = "sk-ours-0123456789abcdef", "sk-theirs-0123456789abcdef"
BODY = b'{"model": "m", "messages": []}'
WORK = Account(name="work", secret=Secret(OURS))
PASSING = Account(name="passing", forwards=True)
KEYLESS = Account(name="none")
CREDENTIALS = {b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie", b"proxy-authorization"}
HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
OUR_OWN = {b"x-korproxy-key", b"x-korproxy-profile", b"x-korproxy-request-type", b"x-management-key"}
OTHERS = {b"host", b"content-length", b"content-type", b"accept-encoding", b"user-agent", b"set-cookie", b"forwarded"}
PRIVATE = {b"x-stainless-lang", b"x-stainless-retry-count", b"x-forwarded-for", b"x-correlation-id", b"x-request-id"}
NEVER = CREDENTIALS | HOP_BY_HOP | OUR_OWN | OTHERS | PRIVATE

REGISTERED = {each.code for each in BUILTIN_CODES}
WITH_ADDRESS = offered.providers(offered.OneOfEveryType(accounts=(WORK,)))
BARE = offered.providers(offered.OneOfEveryType(base_url=None))
FORMATS = set(offered.dialects())
TYPES = sorted(WITH_ADDRESS)


def dialects_of(provider: Provider) -> list[str]:
    return sorted({provider.dialect_for("m", Features(dialect=each)) for each in FORMATS})


def outgoing(
    dialect: str,
    headers: RawHeaders = (),
    credential: Secret | None = None,
    *,
    model: str = "m",
    stream: bool = False,
) -> Outgoing:
    return Outgoing(
        dialect=dialect,
        model=model,
        stream=stream,
        body=BODY,
        headers=headers,
        credential=credential,
        correlation_id="c-1",
    )


def prepared(provider: Provider, account: Account, headers: RawHeaders = ()) -> list[UpstreamRequest]:
    """Return what *provider* sends in each of its formats."""
    credential = Secret(THEIRS) if account.forwards else None
    return [provider.prepare(outgoing(each, headers, credential), account) for each in dialects_of(provider)]


def test_all_types_of_the_first_slice_are_there() -> None:
    assert {"claude", "codex", "compatible", "gemini", "iflow", "qwen"} <= set(TYPES)
    assert set(BARE) == set(TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_its_id_is_its_tables(kind: str) -> None:
    assert (WITH_ADDRESS[kind].id, WITH_ADDRESS[kind].type, WITH_ADDRESS[kind].accounts) == (kind, kind, (WORK,))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("account", "secret"), [(WORK, OURS), (PASSING, THEIRS)], ids=["own", "passing"])
def test_exactly_one_header_carries_the_credential(kind: str, account: Account, secret: str) -> None:
    for sent in prepared(WITH_ADDRESS[kind], account):
        carriers = [name for name, value in sent.headers if secret.encode() in value]

        assert len(carriers) == 1
        assert [name for name, _ in sent.headers if name in CREDENTIALS] == carriers
        assert secret not in sent.url
        assert OURS not in repr([sent, WITH_ADDRESS[kind], account])
        assert THEIRS not in repr([sent, WITH_ADDRESS[kind], account])


@pytest.mark.parametrize("kind", TYPES)
def test_an_account_that_forwards_never_sends_our_own_key(kind: str) -> None:
    both = Account(name="both", secret=Secret(OURS), forwards=True)
    for sent in prepared(WITH_ADDRESS[kind], both):
        assert OURS.encode() not in b"".join(value for _, value in sent.headers)


@pytest.mark.parametrize("kind", TYPES)
def test_a_caller_without_a_credential_is_refused_and_not_sent_on(kind: str) -> None:
    provider = WITH_ADDRESS[kind]
    with pytest.raises(NoProvider) as caught:
        provider.prepare(outgoing(dialects_of(provider)[0]), PASSING)

    assert caught.value.code == "KP-AUTH-009"


@pytest.mark.parametrize("kind", TYPES)
def test_without_a_secret_there_is_no_credential(kind: str) -> None:
    for sent in prepared(WITH_ADDRESS[kind], KEYLESS):
        assert {name for name, _ in sent.headers}.isdisjoint(CREDENTIALS)


@pytest.mark.parametrize("kind", TYPES)
def test_a_request_is_whole_and_goes_to_the_configured_address(kind: str) -> None:
    for sent in prepared(WITH_ADDRESS[kind], WORK):
        names = [name for name, _ in sent.headers]

        assert (sent.method, sent.body) == ("POST", BODY)
        assert sent.url.startswith(("https://api.test/v1/", "https://api.test/v1beta/"))
        assert len(names) == len(set(names))
        assert all(name == name.lower() for name in names)
        assert not any(set(b"\r\n\0") & set(name + value) for name, value in sent.headers)
        assert set(names).isdisjoint(HOP_BY_HOP | OUR_OWN | {b"host", b"content-length"})
        assert dict(sent.headers)[b"content-type"] == b"application/json"


@pytest.mark.parametrize("kind", TYPES)
@given(headers=st.lists(st.tuples(st.sampled_from(sorted(CREDENTIALS | HOP_BY_HOP)), st.binary(max_size=9)), max_size=6))
def test_nothing_of_the_clients_connection_gets_through(kind: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert prepared(WITH_ADDRESS[kind], WORK, headers) == prepared(WITH_ADDRESS[kind], WORK)


@pytest.mark.parametrize("kind", TYPES)
def test_a_vendors_headers_pass_unchanged(kind: str) -> None:
    provider = WITH_ADDRESS[kind]
    headers = [(prefix + b"x-test", b"value") for prefix in provider.vendor_headers]
    for sent in prepared(provider, WORK, headers):
        assert [each for each in sent.headers if each in headers] == headers


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("made", [WITH_ADDRESS, BARE], ids=["address", "bare"])
def test_its_vendor_headers_cover_nothing_that_is_nobodys_business(kind: str, made: dict[str, Provider]) -> None:
    prefixes = made[kind].vendor_headers

    assert [name for name in NEVER if name.startswith(prefixes)] == []
    assert all(prefix and prefix == prefix.lower() for prefix in prefixes)


@pytest.mark.parametrize("kind", TYPES)
def test_the_same_request_is_prepared_the_same_each_time(kind: str) -> None:
    assert prepared(WITH_ADDRESS[kind], WORK) == prepared(WITH_ADDRESS[kind], WORK)


@pytest.mark.parametrize("kind", TYPES)
def test_its_format_is_one_that_there_is_and_stays_the_same_when_asked_in_it(kind: str) -> None:
    for made in (WITH_ADDRESS, BARE):
        provider = made[kind]
        for spoken in dialects_of(provider):
            assert spoken in FORMATS
            assert provider.dialect_for("m", Features(dialect=spoken, stream=True)) == spoken
            assert provider.dialect_for("m", Features(dialect=spoken, tools=True)) in dialects_of(provider)


@pytest.mark.parametrize("kind", TYPES)
def test_it_offers_what_it_lists_and_lists_nothing_twice(kind: str) -> None:
    ids = [each.id for each in BARE[kind].models()]

    assert [each for each in ids if not BARE[kind].offers(each)] == []
    assert len(ids) == len(set(ids))
    assert all(each and each == each.strip() for each in ids)


@pytest.mark.parametrize("kind", TYPES)
@given(name=st.text())
def test_any_text_can_be_asked_for_as_a_model(kind: str, name: str) -> None:
    provider = WITH_ADDRESS[kind]

    assert provider.offers(name) in {True, False}
    assert provider.real_name(provider.real_name(name)) == provider.real_name(name)
    assert isinstance(provider.abilities(name), Abilities)


@pytest.mark.parametrize("kind", TYPES)
@given(name=st.text(st.characters(exclude_categories=["Cs"])), stream=st.booleans())
def test_whatever_a_model_is_called_its_request_stays_at_the_configured_address(kind: str, name: str, stream: bool) -> None:
    provider = WITH_ADDRESS[kind]
    for spoken in dialects_of(provider):
        address = urlsplit(provider.prepare(outgoing(spoken, model=name, stream=stream), WORK).url)

        assert (address.scheme, address.netloc, address.fragment) == ("https", "api.test", "")
        assert address.path.isascii()


@pytest.mark.parametrize("kind", TYPES)
def test_what_it_lists_is_served_by_its_own_name_with_its_own_abilities(kind: str) -> None:
    provider = BARE[kind]
    for each in provider.models():
        assert provider.real_name(each.id) == each.id
        assert provider.abilities(each.id) == each.abilities
        for alias in each.aliases:
            assert (provider.real_name(alias), provider.abilities(alias)) == (each.id, each.abilities)


@pytest.mark.parametrize("kind", TYPES)
def test_its_test_model_is_one_that_it_lists_where_it_lists_any(kind: str) -> None:
    listed = [each.id for each in BARE[kind].models()]

    assert BARE[kind].test_model in (listed or [""])


@pytest.mark.parametrize("kind", TYPES)
def test_without_an_address_it_knows_its_own_or_says_what_is_missing(kind: str) -> None:
    provider = BARE[kind]
    for spoken in dialects_of(provider):
        try:
            sent = provider.prepare(outgoing(spoken), WORK)
        except KorproxyError as exc:
            told = exc
            assert told.code in REGISTERED
            assert f"providers.{kind}" in told.detail
        else:
            assert urlsplit(sent.url).scheme == "https"
            assert urlsplit(sent.url).netloc == urlsplit(provider.base_url).netloc


@pytest.mark.parametrize("kind", TYPES)
@given(
    status=st.integers(400, 599),
    wait=st.none() | st.binary(max_size=12),
    body=st.binary(max_size=40) | st.sampled_from([b'{"error":{"code":"x","type":"y"}}', b'{"error":1}', b"[" * 9999]),
)
def test_every_refusal_means_something_registered(kind: str, status: int, wait: bytes | None, body: bytes) -> None:
    headers = Headers([] if wait is None else [(b"retry-after", wait)])
    refusal = WITH_ADDRESS[kind].refusal(status, headers, body)

    assert refusal.code in REGISTERED
    assert refusal.credential is (status == 401)  # no word in these bodies says so
    assert refusal.retry_after is None or 0 <= refusal.retry_after <= 1800
    assert WITH_ADDRESS[kind].refusal(status, headers, body) == refusal


@pytest.mark.parametrize("kind", TYPES)
def test_its_health_is_checked_at_its_own_address_by_something_that_costs_nothing(kind: str) -> None:
    provider = WITH_ADDRESS[kind]
    check: Any = getattr(provider, "check", lambda account: None)  # noqa: ARG005
    asked, keyless, passing = check(WORK), check(KEYLESS), check(PASSING)

    assert (asked.method, asked.body, urlsplit(asked.url).path.endswith("/models")) == ("GET", b"", True)
    assert urlsplit(asked.url)[:2] == urlsplit(provider.base_url)[:2]
    carriers = [name for name, value in asked.headers if OURS.encode() in value]
    assert (len(carriers), set(carriers) <= CREDENTIALS, OURS in asked.url) == (1, True, False)
    assert {name for name, _ in keyless.headers}.isdisjoint(CREDENTIALS)
    assert passing is None  # there is no credential of ours that could be shown
