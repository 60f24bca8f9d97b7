"""A week of KorProxy in virtual time: the real gate, board, router, budget, and answering; the world around them is made up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, cast

import attrs
import pytest
import trio
from trio.testing import MockClock

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.gateway.gate import Gate
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.slots import Slots
from korproxy.gateway.windows import Window
from korproxy.kit.http_provider import OPENAI_CHAT, HttpProvider
from korproxy.models.accounts import Account, Secret
from korproxy.models.providers import Limits
from korproxy.models.routing import Group, Member, Profile, Routing
from korproxy.server.answering import Answerer
from korproxy.server.faults import FaultWriter
from tests.fakes import offered
from tests.simulation.books import Books
from tests.simulation.clients import People
from tests.simulation.referee import Referee
from tests.simulation.upstream import FakeUpstream, Sky, virtual_wall
from tests.simulation.weather import DAY, Place, Weather, drawn

if TYPE_CHECKING:
    from korproxy.gateway.upstream import Upstream

MODELS = ("big", "small")
ACCOUNTS: Mapping[str, Sequence[str]] = {"ash": ("one", "two"), "birch": ("one", "two", "three"), "cedar": ("one",)}
PLACES: Sequence[Place] = tuple((provider, account) for provider, names in ACCOUNTS.items() for account in names)
QUOTAS: Mapping[Place, int] = {("ash", "two"): 4, ("birch", "one"): 8}
SMALL = Limits(max_concurrency=3, max_queue=2)
NARROW = {"ash": Limits(max_concurrency=6, max_queue=20), "birch": Limits(max_concurrency=6, max_queue=20), "cedar": SMALL}
STRATEGIES = ("round-robin", "priority", "least-busy", "weighted", "random")


@attrs.frozen(kw_only=True)
class Plan:
    """What is simulated.

    Attributes:
        trouble: How much more goes wrong than in a usual week.
        crowd: Sessions that begin at once, now and then.
        room: How many requests providers take at once, where it is not what KorProxy assumes.
    """

    seed: int
    days: float = 7.0
    strategy: str = "round-robin"
    trouble: float = 1.0
    sessions_a_day: float = 300.0
    crowd: int = 12
    max_wait: float = 5.0
    room: Mapping[str, Limits] = attrs.field(factory=lambda: {"cedar": SMALL})


@attrs.frozen(kw_only=True)
class Week:
    """What came of it. ``seconds`` are those that it took to simulate it."""

    plan: Plan
    seconds: float
    weather: Weather
    sky: Sky
    referee: Referee
    books: Books
    people: People


def simulate(plan: Plan) -> Week:
    """Run *plan* to its end: the same plan, the same week."""
    began = time.perf_counter()
    with virtual_wall(), same_order(plan.seed):
        week: Week = trio.run(_week, plan, clock=MockClock(autojump_threshold=0))
    return attrs.evolve(week, seconds=time.perf_counter() - began)


@contextmanager
def same_order(seed: int) -> Iterator[None]:
    """Let Trio run tasks that are ready at the same time in an order that *seed* says, for the block."""
    from trio._core import _run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)
        patch.setattr(_run, "_r", Random(seed))
        yield


async def _week(plan: Plan) -> Week:
    chance = Random(plan.seed)
    weather = drawn(chance, PLACES, MODELS, plan.days * DAY, plan.trouble)
    board = HealthBoard(jitter=Random(f"jitter {plan.seed}").random)
    windows: dict[str, Window] = {}
    referee = Referee(board=board, full=lambda: frozenset(name for name, each in windows.items() if not each.slots.has_room))
    sky = Sky(weather=weather, referee=referee, chance=Random(f"sky {plan.seed}"), quotas=QUOTAS)
    books = Books(referee=referee, weather=weather, places=PLACES)
    lasting = Lasting(board=board)
    lasting.stories.add = books.add
    lasting.router.chance = lambda: chance.getrandbits(64)
    lasting.router.load = lambda provider, account: windows[provider].slots.load(account)
    snapshot = _snapshot(plan)
    for each in snapshot.providers:
        fake = FakeUpstream(provider=each.id, deadlines=each.deadlines, sky=sky)
        windows[each.id] = Window(cast("Upstream", fake), Slots(each.id, each.limits))
    answerer = Answerer(
        gate=Gate(snapshot, windows, lasting, max_wait=plan.max_wait),
        faults=FaultWriter(codes=Registry.of(BUILTIN_CODES)),
        emit=lambda _: None,
    )
    people = People(answerer=answerer, dialect=OpenAIChat(), chance=Random(f"people {plan.seed}"), models=MODELS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_heal, weather, referee)
        await people.come(nursery, plan.days * DAY, plan.sessions_a_day, plan.crowd)
    for window in windows.values():
        if window.slots.running or window.slots.waiting:
            referee.blame("every place is given back", f"{window.slots}")
    for what in people.outputs:
        referee.blame("each request gets one answer", what)
    return Week(plan=plan, seconds=0.0, weather=weather, sky=sky, referee=referee, books=books, people=people)


async def _heal(weather: Weather, referee: Referee) -> None:
    """Be the user who puts a good key in place, and says so: ``korproxy account wake``."""
    bad = [(spell.end, place) for place, spells in weather.spells.items() for spell in spells if spell.kind == "wrong key"]
    for end, place in sorted(bad):
        await trio.sleep_until(end)
        referee.board.wake(*place)
        referee.heals(place)


def _snapshot(plan: Plan) -> Snapshot:
    providers = tuple(
        HttpProvider(
            id=name,
            base_url=f"https://{name}.test/v1",
            speaks={"openai-chat": OPENAI_CHAT},
            accounts=tuple(Account(name=each, secret=Secret(f"key-{each}")) for each in accounts),
            patterns=MODELS,
            limits=plan.room.get(name, Limits()),
        )
        for name, accounts in ACCOUNTS.items()
    )
    members = tuple(
        Member(provider=provider, account=account, weight=1 + n % 3) for n, (provider, account) in enumerate(PLACES)
    )
    group = Group(name="all", members=members, strategy=plan.strategy)
    return Snapshot(
        providers=providers,
        dialects={"openai-chat": OpenAIChat()},
        routing=Routing(groups={"all": group}, profiles={"default": Profile(name="default", default="all")}),
        strategies=offered.strategies(),
    )
