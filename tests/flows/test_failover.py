"""Another account answers in place of one that cannot, over real sockets, and the client does not notice."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import attrs
import httpx
import pytest
import trio

from korproxy.gateway import health
from korproxy.models.accounts import Account
from korproxy.models.providers import Deadlines, Limits
from korproxy.models.routing import Routing, SafeMode
from tests.fakes.accounts import DOCUMENT, GOOD, Accounts, Serve, accounts, hang, hang_up, limiting, open_accounts, refusing
from tests.fakes.echo_upstream import Scripted
from tests.fakes.gateway import CLIENT_KEY, Gateway, open_gateway, provider_at
from tests.fakes.waiting import until

CHAT = "/v1/chat/completions"
NUMBERS = count(1)
OVERLOADED = b'data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'


@asynccontextmanager
async def gateway(
    *names: str, deadlines: Deadlines | None = None, max_wait: float = 0.0, given: Sequence[Account] = ()
) -> AsyncIterator[tuple[Gateway, Accounts, httpx.AsyncClient]]:
    """Return a gateway to a provider with accounts of these *names*, the provider, and a client."""
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=[*accounts(*names), *given], deadlines=deadlines)
        async with open_gateway(one, max_wait=max_wait) as running, running.client() as client:
            yield running, served, client


async def chat(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Send a first turn that nobody has sent before: each is a session of its own."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"hi {next(NUMBERS)}"}]}
    return await client.post(CHAT, json=body, headers=headers)


TROUBLES = {
    "429": limiting(30),
    "500": refusing(500),
    "503": refusing(503),
    "529": refusing(529),
    "401": refusing(401),
    "402": refusing(402),
    "403": refusing(403),
    "no answer": hang_up,
    "nothing in it": Scripted(pieces=[b""]),
    "a page": Scripted(headers=[("content-type", "text/html")], pieces=[b"<html>"]),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.usefixtures("expected_logs")
async def test_another_account_answers_and_the_client_sees_nothing_of_it(trouble: Scripted | Serve) -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", trouble)
        answer = await chat(client)

    assert (answer.status_code, answer.content, answer.headers["x-korproxy-account"]) == (200, DOCUMENT, "b")
    assert "x-korproxy-error" not in answer.headers
    assert served.asked == ["a", "b"]
    assert served.bodies[0] == served.bodies[1]
    assert [(each.outcome, each.attempts, each.account) for each in running.finished] == [("ok", 2, "b")]


async def test_what_the_client_itself_did_wrong_is_told_at_once_and_nobody_else_is_asked() -> None:
    async with gateway("a", "b") as (running, served, client):
        for status in (400, 404, 413, 422):
            served.will("a", refusing(status, body=b'{"error":{"message":"your fault"}}'))
            answer = await chat(client)
            assert (answer.status_code, answer.content) == (status, b'{"error":{"message":"your fault"}}')

        assert running.gate.board.calm

    assert served.asked == ["a"] * 4


async def test_an_account_that_was_limited_is_left_alone_until_it_returns() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", limiting(30))
        for _ in range(3):
            assert (await chat(client)).status_code == 200

    assert served.asked == ["a", "b", "b", "b"]


async def test_three_failures_let_an_account_rest() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", refusing(500))
        for _ in range(5):
            assert (await chat(client)).status_code == 200

    assert served.asked == ["a", "b"] * 3 + ["b"] * 2


async def test_of_one_account_the_providers_own_limit_passes_byte_for_byte() -> None:
    said = limiting(30)
    async with gateway("a") as (_, served, client):
        served.will("a", said)
        answer = await chat(client)

    assert (answer.status_code, answer.content, answer.headers["x-korproxy-error"]) == (429, said.pieces[0], "KP-RATE-401")
    assert answer.headers["retry-after-ms"] == "30000"


@pytest.mark.code("KP-RATE-405")
async def test_where_all_rest_the_client_is_told_at_once_when_the_first_one_returns() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", limiting(40))
        served.will("b", limiting(20))
        first = await chat(client)
        second = await chat(client)

    for answer in (first, second):
        error = answer.json()["error"]
        assert (answer.status_code, answer.headers["x-korproxy-error"]) == (429, "KP-RATE-405")
        assert (error["type"], error["code"]) == ("rate_limit_error", "KP-RATE-405") or "KP-RATE-405" in error["message"]
        assert "one/a" in error["message"]
        assert "one/b" in error["message"]
        assert answer.headers["x-should-retry"] == "true"
        assert 19 <= int(answer.headers["retry-after"]) <= 21
    assert served.asked == ["a", "b"]
    assert [each.code for each in running.finished] == ["KP-RATE-405"] * 2


@pytest.mark.code("KP-PROV-125")
async def test_where_all_are_switched_off_nobody_is_asked() -> None:
    async with gateway("a") as (running, served, client):
        disabled = Routing(disabled=frozenset({"one/a"}))
        running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=disabled)
        answer = await chat(client)

    assert (answer.status_code, answer.headers["x-korproxy-error"], served.asked) == (503, "KP-PROV-125", [])
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.code("KP-AUTH-007")
@pytest.mark.usefixtures("expected_logs")
async def test_where_all_are_refused_the_client_is_told_whose_key_it_is_and_nobody_is_asked_in_vain() -> None:
    async with gateway("a", "b") as (running, served, client):
        for each in "ab":
            served.will(each, refusing(401))
        answers = [await chat(client) for _ in range(2)]
        running.gate.board.wake("one", "b")
        served.will("b", GOOD)
        woken = await chat(client)

    for answer in answers:
        message = answer.json()["error"]["message"]
        assert (answer.status_code, answer.headers["x-korproxy-error"]) == (502, "KP-AUTH-007")
        assert answer.headers["x-should-retry"] == "false"
        assert "one/a (refused by its provider, KP-AUTH-007), one/b (refused" in message
        assert "korproxy account wake one/a" in message
    assert (woken.status_code, served.asked) == (200, ["a", "b", "b"])


@pytest.mark.usefixtures("expected_logs")
async def test_who_has_no_money_left_is_not_asked_again_by_itself() -> None:
    async with gateway("a") as (_, served, client):
        served.will("a", refusing(402))
        first, second = await chat(client), await chat(client)

    assert (first.status_code, first.headers["x-korproxy-error"]) == (402, "KP-PROV-110")
    assert first.content == b'{"error":{"message":"no"}}'
    assert (second.status_code, second.headers["x-korproxy-error"]) == (402, "KP-PROV-110")
    assert "Pay there, then: korproxy account wake one/a" in second.json()["error"]["message"]
    assert served.asked == ["a"]


@pytest.mark.usefixtures("expected_logs")
async def test_a_wait_and_a_refusal_together_are_a_wait() -> None:
    async with gateway("a", "b") as (_, served, client):
        served.will("a", refusing(401))
        served.will("b", limiting(20))
        answers = [await chat(client) for _ in range(2)]

    assert [(each.status_code, each.headers["x-korproxy-error"]) for each in answers] == [(429, "KP-RATE-405")] * 2


SPENT = {
    "openai": [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "30s")],
    "anthropic": [
        ("anthropic-ratelimit-unified-status", "rejected"),
        ("anthropic-ratelimit-unified-reset", str(int(time.time()) + 3600)),
    ],
}


@pytest.mark.parametrize("headers", SPENT.values(), ids=SPENT)
async def test_an_account_that_says_that_nothing_is_left_is_not_asked_in_vain(headers: list[tuple[str, str]]) -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", Scripted(headers=[("content-type", "application/json"), *headers], pieces=[DOCUMENT]))
        answers = [await chat(client) for _ in range(3)]
        known = running.gate.board.standing("one", "a", "m")

    assert [each.content for each in answers] == [DOCUMENT] * 3
    assert (served.asked, known.spent, known.state) == (["a", "b", "b"], True, "rate_limited")


async def test_what_is_left_of_a_limit_is_no_reason_to_rest() -> None:
    left = [("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-remaining-tokens", "12"), ("x-ratelimit-reset-tokens", "9s")]
    async with gateway("a", "b") as (running, served, client):
        served.will("a", Scripted(headers=[("content-type", "application/json"), *left], pieces=[DOCUMENT]))
        for _ in range(2):
            await chat(client)

        assert running.gate.board.calm

    assert served.asked == ["a", "a"]


FORWARDING = Account(name="own", forwards=True)


async def test_the_refusal_of_a_callers_own_credential_passes_and_is_held_against_nobody() -> None:
    async with gateway("b", given=[FORWARDING]) as (running, served, client):
        running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=Routing(disabled=frozenset({"one/b"})))
        said = refusing(401, body=b'{"error":{"message":"your key"}}')
        served.will("theirs", said)
        keys = {"authorization": "Bearer key-theirs", "x-korproxy-key": CLIENT_KEY}
        answer = await chat(client, **keys)

        assert running.gate.board.calm

    assert (answer.status_code, answer.content) == (401, said.pieces[0])
    assert answer.headers["x-korproxy-error"] == "KP-AUTH-008"
    assert served.asked == ["theirs"]


@pytest.mark.parametrize("trouble", [limiting(30), refusing(402), refusing(503)])
async def test_a_callers_own_limit_is_not_held_against_other_callers(trouble: Scripted) -> None:
    async with gateway(given=[FORWARDING]) as (running, served, client):
        served.will("one", trouble)
        answers = [
            await chat(client, **{"authorization": f"Bearer key-{each}", "x-korproxy-key": CLIENT_KEY})
            for each in ("one", "two")
        ]
        status, first = trouble.status, answers[0]
        await until(lambda: len(running.finished) == 2)

        assert running.gate.board.calm

    assert (first.status_code, first.content, answers[1].status_code) == (status, trouble.pieces[0], 200)
    assert served.asked == ["one", "two"]


async def test_who_has_no_place_free_is_passed_over() -> None:
    async with open_accounts() as first, open_accounts() as second:
        one = provider_at(first.url, id="one", accounts=accounts("a"), limits=Limits(max_concurrency=1))
        two = provider_at(second.url, id="two", accounts=accounts("b"))
        first.will("a", hang)
        async with open_gateway(one, two) as running, running.client() as client, trio.open_nursery() as nursery:
            nursery.start_soon(partial(chat, client))
            await until(lambda: first.asked)
            answer = await chat(client)
            nursery.cancel_scope.cancel()

    assert (answer.status_code, answer.headers["x-korproxy-provider"]) == (200, "two")
    assert (first.asked, second.asked) == (["a"], ["b"])


async def test_a_session_stays_with_its_account_moves_when_it_rests_and_does_not_come_back() -> None:
    async with gateway("a", "b") as (running, served, client):
        session = {"x-claude-code-session-id": "s-1"}
        served.will("a", GOOD, refusing(429), GOOD)
        for _ in range(3):
            await chat(client, **session)
        running.gate.board.wake("one", "a")
        for _ in range(2):
            await chat(client, **session)

    assert served.asked == ["a", "a", "b", "b", "b", "b"]


async def test_why_a_request_went_where_it_went_can_be_told() -> None:
    async with gateway("a", "b") as (running, served, client):
        served.will("a", limiting(30))
        answer = await chat(client)
        later = await chat(client)
        await until(lambda: len(running.finished) == 2)
        stories = [running.gate.stories.find(each.headers["x-korproxy-request"]) for each in (answer, later)]

    (first,), (second,) = stories
    assert [(each.account, each.outcome, each.status, each.code, each.next) for each in first.attempts] == [
        ("a", "limited", 429, "KP-RATE-401", "next candidate"),
        ("b", "answered", 200, "", "done"),
    ]
    assert first.attempts[0].retry_after == 30.0
    assert first.attempts[0].at <= first.attempts[1].at
    assert [each.account for each in first.decision.order] == ["a", "b"]
    assert (first.outcome, first.code) == ("ok", "")
    assert [(each.account, each.why, each.code) for each in second.decision.rejected] == [("a", "rate_limited", "KP-RATE-401")]
    assert [(each.account, each.outcome) for each in second.attempts] == [("b", "answered")]


async def test_safe_mode_is_said_in_the_answer() -> None:
    async with gateway("a") as (running, served, client):
        on = Routing(safe_mode=SafeMode(on=True, model="cheap"))
        plain = await chat(client)
        running.gate.snapshot = attrs.evolve(running.gate.snapshot, routing=on)
        safe = await chat(client)

    assert "x-korproxy-safe-mode" not in plain.headers
    assert (safe.headers["x-korproxy-safe-mode"], safe.headers["x-korproxy-model"]) == ("1", "cheap")
    assert b'"model":"cheap"' in served.bodies[1].replace(b" ", b"")


async def test_an_outage_is_not_amplified_beyond_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TOLERATED", 100)  # nobody rests: then only the budget stands between
    async with gateway("a", "b") as (running, served, client):
        running.gate.budget.reserve, running.gate.budget.per_request = 2.0, 0.0
        for each in "ab":
            served.will(each, refusing(503))
        answers = [(await chat(client)).status_code for _ in range(6)]
        served.will("a", refusing(503))
        served.will("b", GOOD)
        running.gate.board.wake("one", "b")
        recovered = await chat(client)

    assert answers == [503] * 6
    assert len(served.asked) - 2 == 6 + 1 + 2  # the first request finds out that both fail, which costs nothing
    assert recovered.status_code == 200  # nothing is held against it: so it costs nothing, either
