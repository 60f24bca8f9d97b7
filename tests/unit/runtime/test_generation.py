from __future__ import annotations

from pathlib import Path

import trio

from korproxy.config.home import Home, prepare
from korproxy.config.keys import ensure_keys
from korproxy.gateway.routing import Candidate
from korproxy.gateway.seats import report
from korproxy.gateway.windows import Windows
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Account, Secret
from korproxy.runtime.generation import Shared, key_ring, make_front, settle_accounts
from korproxy.server.keys import CLIENT, MANAGE, READ, KeyRing
from tests.fakes.gateway import provider_at
from tests.fakes.reloading import started

SETTINGS = """
[server]
max_body = 11
read_deadline = 12.0
max_running = 13
keep_alive = 14.0
allowed_hosts = ["korproxy.example"]
allowed_origins = ["https://tools.example"]
public_reads = false
[features]
correlation_ids = false
new_error_codes = false
"""


async def test_the_front_is_as_the_settings_want_it(home: Path) -> None:
    shared = Shared(windows=Windows(), emit=print)
    front = make_front(started(home, SETTINGS), KeyRing(()), shared)

    assert (front.bounds.max_body, front.bounds.read_deadline, front.bounds.max_running) == (11, 12.0, 13)
    assert (front.correlation_ids, front.faults.show_codes, front.answerer.keep_alive) == (False, False, 14.0)
    assert (front.guard.origins, front.guard.open_reads) == (frozenset({"https://tools.example"}), False)
    assert "korproxy.example" in front.guard.hosts
    assert front.answerer.emit == print
    assert (front.tally, front.answerer.grace) == (shared.tally, shared.grace)
    assert (front.answerer.gate.lasting, front.answerer.gate.windows) == (shared.lasting, shared.windows.now)
    assert shared.lasting.router.load == shared.windows.load


def test_each_key_of_a_home_opens_what_it_is_for(home: Path) -> None:
    files = Home(path=home)
    prepare(files)
    keys = ensure_keys(files)
    ring = key_ring(keys)
    found = [ring.find(each.reveal()) for each in (keys.client, keys.management)]

    assert [each and (each.name, each.scopes) for each in found] == [
        ("client", frozenset({CLIENT})),
        ("management", frozenset({READ, MANAGE})),
    ]


async def test_only_what_was_held_against_an_account_that_is_the_same_is_kept() -> None:
    shared = Shared(windows=Windows(), emit=print)
    board = shared.lasting.board

    def one(id: str, key: str, url: str = "http://127.0.0.1:1") -> object:  # noqa: A002
        return provider_at(url, id=id, accounts=[Account(name="work", secret=Secret(key))])

    before = [one("same", "a"), one("key", "a"), one("address", "a"), one("gone", "a")]
    after = [one("same", "a"), one("key", "b"), one("address", "a", "http://127.0.0.1:2"), one("new", "a")]
    for name in ("same", "key", "address", "gone"):
        board.refused(name, "work", code="KP-AUTH-007")
        board.limited(name, "work", "m", code="KP-RATE-401", retry_after=60)
    settle_accounts(shared, before, after)  # type: ignore[arg-type]

    assert [(each["provider"], each["model"]) for each in board.to_dict()] == [("same", ""), ("same", "m")]
    await trio.lowlevel.checkpoint()


async def test_what_an_account_hears_to_a_key_that_was_exchanged_meanwhile_does_not_count_against_the_new_one() -> None:
    shared = Shared(windows=Windows(), emit=print)
    board = shared.lasting.board

    def one(id: str, key: str, url: str = "http://127.0.0.1:1") -> HttpProvider:  # noqa: A002
        return provider_at(url, id=id, accounts=[Account(name="work", secret=Secret(key))])

    before = [one("same", "a"), one("key", "a"), one("address", "a"), one("gone", "a")]
    after = [one("same", "a"), one("key", "b"), one("address", "a", "http://127.0.0.1:2"), one("new", "a")]
    settle_accounts(shared, before, after)
    for each in before:  # requests that began before the reload
        report(board, Candidate(provider=each, account=each.accounts[0], model="m", dialect="openai-chat"), "limited")

    assert [each["provider"] for each in board.to_dict()] == ["same"]
    await trio.lowlevel.checkpoint()
