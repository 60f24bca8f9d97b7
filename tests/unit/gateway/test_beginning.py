from __future__ import annotations

import gzip
from collections.abc import Sequence

import attrs
import pytest
import trio

from korproxy.errors.exceptions import (
    AccountRefused,
    ProviderRefused,
)
from korproxy.gateway import beginning as module
from korproxy.gateway.routing import Candidate
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import Headers, UpstreamRequest
from korproxy.models.outcome import Refusal
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gate import a_call, ask, failure, odd, open_gate
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import answering, raw_upstream

REFUSALS = [
    pytest.param(400, b"{}", "KP-PROV-101", marks=pytest.mark.code("KP-PROV-101")),
    pytest.param(500, b"{}", "KP-PROV-102", marks=pytest.mark.code("KP-PROV-102")),
    pytest.param(502, b"<html>", "KP-PROV-102"),
    pytest.param(529, b"{}", "KP-PROV-103", marks=pytest.mark.code("KP-PROV-103")),
    pytest.param(404, b"{}", "KP-PROV-104", marks=pytest.mark.code("KP-PROV-104")),
    pytest.param(402, b"{}", "KP-PROV-110", marks=pytest.mark.code("KP-PROV-110")),
    pytest.param(429, b'{"error":{"code":"insufficient_quota"}}', "KP-PROV-110"),
    pytest.param(413, b"{}", "KP-PROV-112", marks=pytest.mark.code("KP-PROV-112")),
    pytest.param(403, b"{}", "KP-PROV-114", marks=pytest.mark.code("KP-PROV-114")),
    pytest.param(429, b"{}", "KP-RATE-401", marks=pytest.mark.code("KP-RATE-401")),
    pytest.param(429, b"", "KP-RATE-401"),
]


@pytest.mark.parametrize(("status", "body", "code"), REFUSALS)
@pytest.mark.usefixtures("expected_logs")
async def test_a_providers_own_error_passes_untouched_and_a_code_goes_beside_it(status: int, body: bytes, code: str) -> None:
    scripted = Scripted(status=status, headers=[("content-type", "application/json"), ("retry-after", "7")], pieces=[body])
    async with open_echo(scripted) as echo, open_gate(provider_at(echo.url)) as gate:
        told = await ask(gate)

    assert (told.relay.status, told.body, told.relay.code) == (status, body, code)
    assert (b"retry-after", b"7") in told.relay.headers
    assert (told.finished.outcome, told.finished.code, told.finished.status) == ("refused", code, status)


@pytest.mark.code("KP-PROV-110")
async def test_a_compressed_error_is_understood_and_passes_compressed() -> None:
    packed = gzip.compress(b'{"error":{"code":"insufficient_quota"}}')
    headers = [("content-type", "application/json"), ("content-encoding", "gzip")]
    async with open_echo(Scripted(status=429, headers=headers, pieces=[packed])) as echo:
        async with open_gate(provider_at(echo.url)) as gate:
            told = await ask(gate)

    assert (told.relay.status, told.body, told.relay.code) == (429, packed, "KP-PROV-110")
    assert (b"content-encoding", b"gzip") in told.relay.headers


async def test_an_error_is_understood_from_its_beginning_and_passed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFUSAL_LIMIT", 20)
    pieces = [b'{"error":', b'{"code": 1}', b"," * 10, b"." * 50]
    seen: list[bytes] = []

    @attrs.frozen(kw_only=True)
    class Curious(HttpProvider):
        def refusal(self, status: int, headers: Headers, body: bytes) -> Refusal:
            seen.append(body)
            return HttpProvider.refusal(self, status, headers, body)

    async with open_echo(Scripted(status=400, pieces=pieces, framing="chunked")) as echo:
        plain = provider_at(echo.url)
        one = Curious(**attrs.asdict(plain, recurse=False, filter=lambda field, _: field.init))
        async with open_gate(one) as gate:
            told = await ask(gate)

    assert (seen, told.body) == ([b"".join(pieces)[:20]], b"".join(pieces))


@pytest.mark.code("KP-AUTH-007")
@pytest.mark.usefixtures("expected_logs")
async def test_a_refusal_of_our_own_key_is_our_error_and_names_the_account() -> None:
    async with open_echo(Scripted(status=401, pieces=[b'{"error":{"message":"bad key"}}'])) as echo:
        async with open_gate(provider_at(echo.url)) as gate:
            error, ledger = await failure(gate)

    assert isinstance(error, AccountRefused)
    assert (error.code, error.provider, error.account, error.upstream_status) == ("KP-AUTH-007", "one", "work", 401)
    assert error.detail == (
        "one answered 401: it does not accept the key of account 'work'."
        " Put a valid key where the account one/work points to, then: korproxy reload."
        " If the key is valid by now: korproxy account wake one/work"
    )
    assert (ledger.provider, ledger.account) == ("one", "work")


@pytest.mark.code("KP-AUTH-008")
async def test_a_refusal_of_the_callers_own_credential_is_the_callers_to_read() -> None:
    scripted = Scripted(status=401, headers=[("www-authenticate", "Bearer")], pieces=[b"no"])
    async with open_echo(scripted) as echo:
        async with open_gate(provider_at(echo.url, accounts=[Account(name="theirs", forwards=True)])) as gate:
            told = await ask(gate, a_call(credential=Secret("x")))

    assert (told.relay.status, told.body, told.relay.code) == (401, b"no", "KP-AUTH-008")
    assert (b"www-authenticate", b"Bearer") in told.relay.headers


@pytest.mark.code("KP-PROV-107")
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
async def test_a_page_is_no_answer(kind: str) -> None:
    async with open_echo(Scripted(headers=[("content-type", kind)], pieces=[b"<html>Welcome"])) as echo:
        async with open_gate(provider_at(echo.url)) as gate:
            error, _ = await failure(gate)

    assert (error.code, error.detail) == (
        "KP-PROV-107",
        f"one answered 200 with {kind} in place of JSON or events: something else stands at its base_url.",
    )


@pytest.mark.code("KP-PROV-108")
@pytest.mark.parametrize("status", [200, 204])
async def test_nothing_is_no_answer(status: int) -> None:
    async with open_echo(Scripted(status=status, pieces=[])) as echo, open_gate(provider_at(echo.url)) as gate:
        error, _ = await failure(gate)

    assert (error.code, error.detail) == ("KP-PROV-108", f"one answered {status} with nothing in it.")


@pytest.mark.code("KP-PROV-111")
@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ([("location", "https://me:secret@elsewhere.test/v1/secret?token=secret")], "https://elsewhere.test"),
        ([("location", "/secret")], "another path of its own"),
        ([("location", "https://[")], "nowhere"),
    ],
)
async def test_a_redirect_is_no_answer_and_what_may_be_secret_in_it_is_not_told(
    headers: Sequence[tuple[str, str]], where: str
) -> None:
    async with open_echo(Scripted(status=307, headers=headers)) as echo, open_gate(provider_at(echo.url)) as gate:
        error, _ = await failure(gate)

    assert (error.code, error.detail) == (
        "KP-PROV-111",
        f"one answered 307 and points to {where}. KorProxy follows no redirects: correct its base_url.",
    )


@pytest.mark.code("KP-CONF-209")
@pytest.mark.parametrize("fault", [ValueError("x"), None, "KP-PROV-101"])
async def test_a_plugin_that_cannot_read_a_refusal_is_named_and_holds_nothing(fault: object) -> None:
    async with open_echo(Scripted(status=400)) as echo, open_gate(odd(echo.url, when_refused=fault)) as gate:
        error, _ = await failure(gate)
        left = gate.windows["one"].upstream.open_connections

    assert error.code == "KP-CONF-209"
    assert error.detail.startswith("The plugin behind provider 'one' failed: ")
    assert left <= 1  # an answer that was read to its end leaves its connection for the next request


@attrs.frozen(kw_only=True)
class Told(Refusal):
    """A refusal that says more than the core knows of."""

    more: str = ""


async def test_what_a_plugin_says_of_a_refusal_goes_on_as_it_is() -> None:
    said = Told(code="KP-RATE-401", retry_after=7.0, seals="missing", instead="x", summaries=True, more="news")
    async with open_echo(Scripted(status=429)) as echo, open_gate(one := odd(echo.url, when_refused=said)) as gate:
        wanted = UpstreamRequest(method="POST", url=echo.url)
        reply = await gate.windows["one"].upstream.open(wanted, trio.current_time() + 20)
        begun = await module.begin(Candidate(provider=one, account=one.accounts[0], model="m", dialect="openai-chat"), reply)
        await reply.aclose()

    assert begun.refusal is said


@pytest.mark.parametrize("cut", [True, False])
async def test_a_refusal_whose_words_do_not_arrive_keeps_its_meaning(monkeypatch: pytest.MonkeyPatch, cut: bool) -> None:
    monkeypatch.setattr("korproxy.gateway.beginning.REFUSAL_SECONDS", 0.2)
    head = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 100\r\n\r\n"
    serve = answering(head, b'{"error"', then_wait=not cut)
    async with raw_upstream(serve) as port, open_gate(provider_at(f"http://127.0.0.1:{port}")) as gate:
        error, _ = await failure(gate)

    assert isinstance(error, ProviderRefused)
    assert (error.code, error.upstream_status, error.retry_after) == ("KP-RATE-401", 429, 7.0)
    assert error.detail == "one answered 429, and its explanation did not arrive whole."
