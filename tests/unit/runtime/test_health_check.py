from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.contracts import Provider
from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.gate import Gate
from korproxy.gateway.routing import Snapshot
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Account, Secret
from korproxy.models.calls import UpstreamRequest
from korproxy.models.providers import Deadlines
from korproxy.models.routing import Routing
from korproxy.runtime import health_check as module
from korproxy.runtime.health_check import EVERY, Found, HealthCheck
from tests.fakes.gateway import provider_at
from tests.fakes.raw_upstream import answering, raw_upstream, read_request
from tests.fakes.reloading import open_reloader
from tests.fakes.waiting import until

NOWHERE = "http://127.0.0.1:1"
ANSWER = b"HTTP/1.1 %b\r\ncontent-length: 2\r\n\r\n{}"


@asynccontextmanager
async def checking(home: Path, *providers: Provider, routing: Routing | None = None) -> AsyncIterator[HealthCheck]:
    """Have *providers* in force, and return who checks them."""
    with trio.fail_after(20):
        async with open_reloader(home) as reloader:
            windows = reloader.shared.windows.swap(providers)
            front, snapshot = reloader.entrance.front, Snapshot(providers=tuple(providers), routing=routing or Routing())
            gate = Gate(snapshot, windows, reloader.shared.lasting)
            reloader.entrance.front = attrs.evolve(front, answerer=attrs.evolve(front.answerer, gate=gate))
            yield HealthCheck(reloader)


async def checked(home: Path, provider: Provider) -> Found:
    """Return what a check of the only account of *provider* finds."""
    async with checking(home, provider) as checks:
        await checks.check()
        [found] = checks.found.values()
    return found


def others(found: Found) -> tuple[bool, int | None, str]:
    return found.reached, found.status, found.code


async def test_models_are_asked_for_with_the_accounts_own_credential(home: Path) -> None:
    async with open_mock() as mock:
        found = await checked(home, provider_at(mock.url))
        [request] = mock.requests

    assert others(found) == (True, 200, "")
    assert (request.method, request.path) == ("GET", "/v1/models")
    assert dict(request.headers)["authorization"].startswith("Bearer sk-upstream-")


@pytest.mark.parametrize("status", [b"401 No", b"403 No", b"404 No", b"429 No", b"500 No"])
async def test_whatever_is_answered_shows_that_somebody_is_there_and_is_held_against_nobody(home: Path, status: bytes) -> None:
    async with raw_upstream(answering(ANSWER % status)) as port, checking(home, provider_at(f"http://127.0.0.1:{port}")) as it:
        for _ in range(4):
            await it.check()
        [found] = it.found.values()

        assert others(found) == (True, int(status[:3]), "")
        assert it.reloader.shared.lasting.board.calm


@pytest.mark.code("KP-NET-302")
async def test_a_provider_that_cannot_be_reached_three_times_rests_until_it_can(home: Path) -> None:
    async with checking(home, provider_at(NOWHERE)) as it:
        board = it.reloader.shared.lasting.board
        states = []
        for _ in range(3):
            await it.check()
            states.append(board.standing("one", "work", "m").state)
        [found] = it.found.values()
        health = board.standing("one", "work", "")

        assert others(found) == (False, None, "KP-NET-302")
        assert (states, health.code) == (["available", "available", "erroring"], "KP-NET-302")


async def test_one_that_can_be_reached_again_after_its_rest_is_well(home: Path) -> None:
    async with open_mock() as mock, checking(home, provider_at(mock.url)) as it:
        board = it.reloader.shared.lasting.board
        now = trio.current_time()
        board.clock = lambda: now
        for _ in range(3):
            board.failed("one", "work", "", code="KP-NET-302")
        before = board.standing("one", "work", "m")
        board.clock = lambda: before.until + 1
        await it.check()

        assert (before.state, board.calm) == ("erroring", True)


async def test_an_answer_that_does_not_come_is_told_and_held_against_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.receive_some()

    monkeypatch.setattr(module, "PATIENCE", 0.1)
    async with raw_upstream(silent) as port, checking(home, provider_at(f"http://127.0.0.1:{port}")) as it:
        for _ in range(3):
            await it.check()
        [found] = it.found.values()

        assert (found.reached, found.status, found.code[:7]) == (False, None, "KP-NET-")
        assert it.reloader.shared.lasting.board.calm


@attrs.frozen(kw_only=True)
class Odd(HttpProvider):
    """Its check answers *says*, or raises it."""

    says: object = None

    def check(self, account: Account) -> UpstreamRequest | None:
        del account
        if isinstance(self.says, Exception):
            raise self.says
        return self.says  # type: ignore[return-value]


def odd(url: str, says: object = None) -> Odd:
    return Odd(**attrs.asdict(provider_at(url), recurse=False, filter=lambda field, _: field.init), says=says)


async def test_where_nothing_can_be_asked_a_connection_is_enough_and_is_kept(home: Path) -> None:
    async with raw_upstream(answering(b"", then_wait=True)) as port:
        async with checking(home, odd(f"http://127.0.0.1:{port}")) as it:
            await it.check()
            [found] = it.found.values()
            pool = it.reloader.shared.windows.now["one"].upstream.counters

    assert (others(found), pool.idle, pool.opened) == ((True, None, ""), 1, 1)
    assert others(await checked(home, odd(NOWHERE))) == (False, None, "KP-NET-302")


@pytest.mark.code("KP-CONF-209")
@pytest.mark.code("KP-PROV-106")
@pytest.mark.parametrize(
    ("says", "code"),
    [
        (NoProvider("KP-PROV-106", "It ended."), "KP-PROV-106"),
        (LookupError("x"), "KP-CONF-209"),
        ("no request", "KP-CONF-209"),
    ],
)
async def test_a_plugin_that_cannot_say_what_to_ask_is_told_and_nothing_else(home: Path, says: object, code: str) -> None:
    async with checking(home, odd(NOWHERE, says)) as it:
        for _ in range(3):
            await it.check()

        assert [others(each) for each in it.found.values()] == [(False, None, code)]
        assert it.reloader.shared.lasting.board.calm


async def test_a_provider_without_a_check_is_connected_to(home: Path) -> None:
    class Plain:
        def __init__(self) -> None:
            self.id, self.base_url, self.accounts = "one", NOWHERE, (Account(name="work"),)
            self.deadlines, self.limits = Deadlines(), provider_at(NOWHERE).limits

    found = await checked(home, Plain())  # type: ignore[arg-type]
    assert others(found) == (False, None, "KP-NET-302")


async def test_who_is_switched_off_has_no_key_or_waits_is_left_alone(home: Path) -> None:
    async with open_mock() as mock:
        accounts = [Account(name=name, secret=Secret("sk-x")) for name in ("well", "off", "limited", "refused")]
        accounts.append(Account(name="keyless", missing=NoProvider("KP-CONF-205", "not set")))
        one = provider_at(mock.url, accounts=accounts)
        async with checking(home, one, routing=Routing(disabled=frozenset({"one/off"}))) as it:
            board = it.reloader.shared.lasting.board
            board.limited("one", "limited", "", code="KP-RATE-401", retry_after=60)
            board.refused("one", "refused", code="KP-AUTH-007")
            await it.check()

            assert list(it.found) == [("one", "well")]
            assert len(mock.requests) == 1
            board.limited("one", "well", "", code="KP-RATE-401", retry_after=60)
            before = dict(it.found)
            await it.check()
            assert (it.found, len(mock.requests)) == (before, 1)


async def test_what_is_not_configured_any_more_is_not_shown(home: Path) -> None:
    async with checking(home, provider_at(NOWHERE)) as it:
        it.found["gone", "work"] = Found(at="", reached=True, seconds=0.0)
        await it.check()
        assert list(it.found) == [("one", "work")]


async def test_all_are_asked_at_once_every_minute(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert EVERY == 60
    monkeypatch.setattr(module, "EVERY", 0.02)
    arrived = 0
    both = trio.Event()

    async def meet(stream: trio.abc.Stream) -> None:
        nonlocal arrived
        await read_request(stream)
        arrived += 1
        if arrived == 2:
            both.set()
        await both.wait()  # nobody is answered before both are here
        await stream.send_all(ANSWER % b"200 OK")

    async with raw_upstream(meet) as port:
        url = f"http://127.0.0.1:{port}"
        async with checking(home, provider_at(url), provider_at(url, id="two")) as it, trio.open_nursery() as nursery:
            await nursery.start(it.run)
            await until(lambda: arrived >= 6)
            nursery.cancel_scope.cancel()

    assert {each.status for each in it.found.values()} == {200}
