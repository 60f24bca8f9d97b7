"""The strategies of groups over real sockets, with the configuration as the daemon has it: who is asked, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import attrs
import pytest
import trio

from korproxy.gateway.gate import Gate
from tests.fakes.accounts import Accounts, open_accounts
from tests.fakes.gate import a_call, ask
from tests.fakes.reloading import open_reloader, written

NUMBERS = count(1)
NAMES = ("a", "b", "c")


PLUGIN = """
import attrs
from korproxy.api import hookimpl

@attrs.frozen
class Tides:
    name: str = "tides"

    def rank(self, call, able, *, turn, seed):
        return RETURNED

@hookimpl
def korproxy_routing():
    yield Tides()
"""


@asynccontextmanager
async def grouped(
    home: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, weights: str = "111", plugins: Sequence[Path] = ()
) -> AsyncIterator[tuple[Gate, Accounts]]:
    """Return a gate to three accounts in a group with *strategy*, and who answers there."""
    async with open_accounts() as served:
        settings = f'[providers.one]\ntype = "compatible"\nbase_url = "{served.url}/v1"\nmodels = ["m"]\n'
        members = []
        for name, weight in zip(NAMES, weights, strict=True):
            monkeypatch.setenv(f"KEY_{name}", f"key-{name}")
            settings += f'[[providers.one.accounts]]\nname = "{name}"\nkey = "env:KEY_{name}"\n'
            members.append(f'{{ provider = "one", account = "{name}", weight = {weight} }}')
        routing = f'[groups.g]\nstrategy = "{strategy}"\nmembers = [{", ".join(members)}]\n[profiles.default]\nchat = "g"\n'
        written(home, settings, routing)
        async with open_reloader(home, settings, plugin_dirs=plugins) as reloader:
            yield reloader.entrance.front.answerer.gate, served


async def turn(gate: Gate) -> None:
    """Ask in a session that nobody has heard of."""
    await ask(gate, a_call(b'{"model":"m","messages":[{"role":"user","content":"hi %d"}]}' % next(NUMBERS)))


@pytest.mark.parametrize(
    ("strategy", "weights", "expected"),
    [
        ("priority", "111", {"a": 12}),
        ("round-robin", "111", {"a": 4, "b": 4, "c": 4}),
        ("weighted", "321", {"a": 6, "b": 4, "c": 2}),
        ("least-busy", "111", {"a": 4, "b": 4, "c": 4}),
    ],
)
async def test_requests_are_shared_out_as_the_strategy_says(
    home: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, weights: str, expected: dict[str, int]
) -> None:
    async with grouped(home, monkeypatch, strategy, weights) as (gate, served):
        for _ in range(12):
            await turn(gate)

    assert Counter(served.asked) == expected


async def test_the_least_busy_one_is_asked_while_others_are_at_work(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with grouped(home, monkeypatch, "least-busy") as (gate, served):
        held = Held()
        served.will("a", held.serve)
        served.will("b", held.serve)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    await held.next_one(nursery, gate)
                for _ in range(5):
                    await turn(gate)
                asked = list(served.asked)
                nursery.cancel_scope.cancel()

    assert sorted(asked[:2]) == ["a", "b"]
    assert asked[2:] == ["c"] * 5


@pytest.mark.parametrize(
    ("returned", "asked", "said"),
    [
        ("able[::-1]", ["c", "c"], "tides"),
        ("able[1:]", ["a", "a"], "tides (it did not return each of them once)"),
        ("1 / 0", ["a", "a"], "tides (ZeroDivisionError)"),
        ("None", ["a", "a"], "tides (TypeError)"),
    ],
)
async def test_a_plugin_can_bring_a_strategy_and_a_broken_one_costs_no_request(
    home: Path, monkeypatch: pytest.MonkeyPatch, returned: str, asked: list[str], said: str
) -> None:
    folder = home.parent / "plugins"
    folder.mkdir()
    (folder / "tides.py").write_text(PLUGIN.replace("RETURNED", returned))
    async with grouped(home, monkeypatch, "tides", plugins=[folder]) as (gate, served):
        for _ in range(2):
            await turn(gate)
        route = gate.route(a_call(b'{"model":"m"}'))

    assert (served.asked, route.decision.strategy) == (asked, said)


@attrs.define
class Held:
    """Answers nothing, and says when it was asked."""

    until: trio.Event = attrs.field(factory=trio.Event)
    came: trio.Event = attrs.field(factory=trio.Event)

    async def serve(self, stream: trio.SocketStream) -> None:
        del stream
        self.came.set()
        await self.until.wait()

    async def next_one(self, nursery: trio.Nursery, gate: Gate) -> None:
        """Send a request that is held, and wait until it has arrived."""
        self.came = trio.Event()
        nursery.start_soon(turn, gate)
        await self.came.wait()
