"""From candidate to candidate: what happens beside the road that the flows take."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing

from korproxy.errors.exceptions import Busy, ConfigError, ProviderLost, RuleRefused
from korproxy.gateway import backoff, health, router
from korproxy.gateway.content import Content
from korproxy.gateway.gate import Gate
from korproxy.gateway.journey import Came
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.relay import Relay
from korproxy.gateway.routing import Candidate
from korproxy.models.accounts import Account
from korproxy.models.providers import Deadlines, Limits
from korproxy.models.routing import Routing, Rule, When
from tests.fakes.accounts import GOOD, Accounts, accounts, hang, limiting, open_accounts, refusing
from tests.fakes.gate import a_call, ask, failure, open_gate, said
from tests.fakes.gateway import provider_at
from tests.fakes.waiting import until

BODY = b'{"model":"m","messages":[]}'


@asynccontextmanager
async def gate_to(
    *names: str, max_wait: float = 0.0, limits: Limits | None = None, deadlines: Deadlines | None = None
) -> AsyncIterator[tuple[Gate, Accounts]]:
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=accounts(*names), limits=limits, deadlines=deadlines)
        async with open_gate(one, max_wait=max_wait) as gate:
            gate.board.jitter = lambda: 0.0
            yield gate, served


async def test_nothing_is_written_down_of_a_request_that_is_answered_at_once() -> None:
    async with gate_to("a", "b") as (gate, _):
        told = await ask(gate, a_call(BODY))

    assert (told.relay.ledger.tried, told.finished.attempts) == (None, 1)
    assert told.relay.ledger.decision is not None
    assert [each.account for each in told.relay.ledger.decision.order] == ["a", "b"]


@pytest.mark.usefixtures("expected_logs")
async def test_each_attempt_is_written_down_with_what_came_of_it() -> None:
    async with gate_to("a", "b", "c") as (gate, served):
        served.will("a", refusing(503))
        served.will("b", refusing(401))
        served.will("c", refusing(422))
        told = await ask(gate, a_call(BODY))
        tried = told.relay.ledger.tried

    assert tried is not None
    assert [(each.account, each.outcome, each.status, each.code, each.next) for each in tried] == [
        ("a", "failed", 503, "KP-PROV-103", "next candidate"),
        ("b", "rejected", 401, "KP-AUTH-007", "next candidate"),
        ("c", "refused", 422, "KP-PROV-101", "done"),
    ]
    assert all(each.at >= 0 and each.seconds >= 0 for each in tried)
    assert (told.relay.status, told.finished.attempts, told.finished.outcome) == (422, 3, "refused")


async def test_where_the_first_one_failed_and_the_last_is_only_limited_the_failure_is_told() -> None:
    async with gate_to("a", "b") as (gate, served):
        served.will("a", refusing(503))
        served.will("b", limiting(30))
        error, ledger = await failure(gate, a_call(BODY))

    assert (error.code, ledger.attempts) == ("KP-PROV-103", 2)  # the first one may be asked again at once
    assert ledger.tried is not None
    assert [each.next for each in ledger.tried] == ["next candidate", "given up"]


async def test_of_failures_without_words_of_a_provider_the_last_one_is_told() -> None:
    async with open_gate(
        provider_at("http://127.0.0.1:1", id="one", accounts=accounts("a")),
        provider_at("http://127.0.0.1:1", id="two", accounts=accounts("b")),
    ) as gate:
        error, _ = await failure(gate, a_call(BODY))

    assert isinstance(error, ProviderLost)
    assert error.provider == "two"


async def test_an_account_without_a_key_is_told_of_only_where_nothing_else_is() -> None:
    keyless = Account(name="k", missing=ConfigError("KP-CONF-206", "no such variable"))
    async with open_accounts() as served:
        one = provider_at(served.url, accounts=[keyless, *accounts("a")])
        async with open_gate(one) as gate:
            told = await ask(gate, a_call(BODY))
        alone = provider_at(served.url, accounts=[keyless])
        async with open_gate(alone) as gate:
            error, ledger = await failure(gate, a_call(BODY))

            assert gate.board.calm

    assert (told.finished.account, served.asked) == ("a", ["a"])
    assert (error.code, ledger.attempts) == ("KP-CONF-206", 1)


async def test_a_client_that_leaves_during_the_second_attempt_is_written_down() -> None:
    async with gate_to("a", "b") as (gate, served):
        served.will("a", refusing(503))
        served.will("b", hang)
        ledger = Ledger(a_call(BODY))
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(gate.open, ledger.call, ledger, said)
                await until(lambda: served.asked == ["a", "b"])
                scope.cancel()
        slots = gate.windows["one"].slots

    assert ledger.tried is not None
    assert [(each.account, each.outcome) for each in ledger.tried] == [("a", "failed"), ("b", "left")]
    assert (ledger.outcome, ledger.code, ledger.status, slots.running) == ("client left", None, None, 0)


async def test_a_probe_that_does_not_come_about_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "BASE", 0.05)
    async with gate_to("a", "b") as (gate, served):
        gate.board.limited("one", "b", "m", code="KP-RATE-401")
        await trio.sleep(0.1)  # so that whoever comes next probes it
        served.will("a", refusing(503))

        async def breaks(relay: Relay) -> None:
            relay.seat.slots.leave(relay.seat)
            raise OSError("closing")

        monkeypatch.setattr(Relay, "aclose", breaks)
        with pytest.raises(OSError, match="closing"):
            await ask(gate, a_call(BODY))
        turn = gate.board.admit("one", "b", "m")

    assert turn is not None
    assert turn.probe


async def test_who_waited_for_a_place_while_the_account_began_to_rest_goes_elsewhere() -> None:
    async with gate_to("a", "b", limits=Limits(max_concurrency=1)) as (gate, served):
        served.will("a", hang)
        async with trio.open_nursery() as nursery:
            ledger = Ledger(a_call(BODY))
            nursery.start_soon(gate.open, ledger.call, ledger, said)
            await until(lambda: served.asked)
            told = []

            async def second() -> None:
                told.append(await ask(gate, a_call(BODY)))

            nursery.start_soon(second)
            await until(lambda: gate.windows["one"].slots.waiting)
            gate.board.limited("one", "a", "m", code="KP-RATE-401", retry_after=30.0)
            served.will("b", GOOD)
            holder = next(iter(gate.windows["one"].slots._holders))
            gate.windows["one"].slots.leave(holder)
            await until(lambda: told)
            gate.windows["one"].slots.take(holder)
            nursery.cancel_scope.cancel()

    tried = told[0].relay.ledger.tried
    assert tried is not None
    assert [(each.account, each.outcome) for each in tried] == [("a", "overtaken"), ("b", "answered")]
    assert served.asked == ["a", "b"]


async def test_the_retries_of_many_come_out_of_one_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TOLERATED", 1000)
    async with gate_to("a", "b") as (gate, served):
        for each in "ab":
            served.will(each, refusing(500))
        await ask(gate, a_call(BODY))
        gate.budget._left["one"] = 0.5
        told = await ask(gate, a_call(BODY))
        left = gate.budget.left("one")

    assert (told.relay.status, told.finished.attempts) == (500, 1)
    assert left == 0.5


async def test_a_rule_that_holds_only_after_an_attempt_leaves_nothing_open() -> None:
    noon = time.mktime((2026, 6, 1, 12, 0, 0, 0, 0, -1))
    closed = Rule(name="closed", refuse="KP-PROV-124", when=When(hours="12:00-13:00"))
    async with gate_to("a") as (gate, served):
        gate.snapshot = attrs.evolve(gate.snapshot, routing=Routing(rules=(closed,)))
        gate.router.wall = lambda: noon if served.asked else noon - 1
        served.will("a", refusing(503))
        ledger = Ledger(a_call(BODY))
        with pytest.raises(RuleRefused):
            await gate.open(ledger.call, ledger, said)
        running = gate.windows["one"].slots.running

    assert running == 0
    assert [(each.outcome, each.next) for each in ledger.tried or ()] == [("failed", "given up")]


@pytest.mark.usefixtures("expected_logs")
async def test_what_session_it_is_is_found_out_once_for_each_wait_and_not_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def spied(_: object, content: Content) -> str:
        asked.append(content.body)
        return "s-1"

    monkeypatch.setattr(router, "session_of", spied)
    async with gate_to("a", "b", max_wait=5.0) as (gate, served):
        for name in "ab":
            gate.board.limited("one", name, "m", code="KP-RATE-401", retry_after=3.0)
        told: list[int] = []

        async def waits() -> None:
            told.append((await ask(gate, a_call(BODY))).relay.status)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits)
            await until(lambda: gate.board._changed is not None)
            for number in range(50):  # others hear of other things meanwhile
                gate.board.limited("two", "x", str(number), code="KP-RATE-401")
                await trio.testing.wait_all_tasks_blocked()
            looked = len(asked)
            gate.board.wake("one", "b")

    assert (told, served.asked) == ([200], ["b"])
    assert (looked, len(asked)) == (1, 2)


def test_nothing_is_a_fault_of_ours() -> None:
    account = Account(name="a")
    candidate = Candidate(provider=provider_at("http://x"), account=account, model="m", dialect="openai-chat")

    assert Came(candidate=candidate, began=0.0).outcome.code == "KP-SYS-501"


@pytest.mark.parametrize(("queue", "code"), [(1, "KP-RATE-404"), (0, "KP-RATE-402")])
async def test_the_accounts_of_a_full_provider_are_not_waited_for_one_after_the_other(queue: int, code: str) -> None:
    limits, deadlines = Limits(max_concurrency=1, max_queue=queue), Deadlines(first_byte=0.3)
    async with gate_to("a", "b", limits=limits, deadlines=deadlines) as (gate, served):
        holder = object()
        assert gate.windows["one"].slots.take(holder)
        ledger, began = Ledger(a_call(BODY)), trio.current_time()
        with pytest.raises(Busy) as caught:
            await gate.open(ledger.call, ledger, said)
        took = trio.current_time() - began
        gate.windows["one"].slots.leave(holder)

    assert (caught.value.code, ledger.attempts, served.asked) == (code, 1, [])
    assert took < 0.6


async def test_where_one_provider_is_full_the_next_one_is_asked_at_once() -> None:
    async with open_accounts() as first, open_accounts() as second:
        one = provider_at(first.url, id="one", accounts=accounts("a"), limits=Limits(max_concurrency=1))
        two = provider_at(second.url, id="two", accounts=accounts("b"))
        async with open_gate(one, two) as gate:
            holder = object()
            assert gate.windows["one"].slots.take(holder)
            with trio.fail_after(2):
                told = await ask(gate, a_call(BODY))
            gate.windows["one"].slots.leave(holder)

    assert (told.finished.provider, told.finished.attempts) == ("two", 1)
