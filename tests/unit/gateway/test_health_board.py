"""Where health is kept: for accounts and their models, with one probe at a time, bounded, and waking who waits."""

from __future__ import annotations

from math import inf, nan

import attrs
import pytest
import trio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from trio.testing import MockClock, wait_all_tasks_blocked

from korproxy.gateway.health_board import HealthBoard, Turn
from tests.fakes.health_watch import ACCOUNTS, BAD, GOOD, MODELS, Op, Watch

ACCOUNT = ("claude", "work", "opus")
WIDE = ("claude", "work", "")
SIBLING = ("claude", "work", "haiku")
ACCOUNT_NAMES = st.sampled_from(ACCOUNTS)
MODEL_NAMES = st.sampled_from(["", *MODELS])
AMOUNTS = st.none() | st.sampled_from([0.0, 1.0, 20.0, 1800.0, -5.0, 1e9, inf, nan])


@attrs.define
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> HealthBoard:
    return HealthBoard(clock=clock, jitter=lambda: 0.5)


def admitted(board: HealthBoard, who: tuple[str, str, str] = ACCOUNT) -> Turn:
    turn = board.admit(*who)
    assert turn is not None
    return turn


def test_at_first_nothing_is_held_against_anybody(board: HealthBoard) -> None:
    assert board.calm
    assert board.standing(*ACCOUNT).state == "available"
    assert not admitted(board).probe
    assert board.to_dict() == []


def test_a_limit_holds_for_its_model_only(board: HealthBoard) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")

    assert not board.calm
    assert board.admit(*ACCOUNT) is None
    assert not admitted(board, SIBLING).probe


def test_what_is_known_of_the_account_holds_for_all_its_models(board: HealthBoard) -> None:
    board.refused(*WIDE, code="KP-AUTH-007")

    assert {board.standing(*who).state for who in (ACCOUNT, SIBLING, WIDE)} == {"refused"}
    assert board.admit(*SIBLING) is None
    assert board.standing("claude", "home", "opus").state == "available"


def test_after_the_wait_one_probes_and_all_others_wait_for_it(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    clock.now += 1.5

    assert admitted(board).probe
    assert [board.admit(*ACCOUNT) for _ in range(3)] == [None, None, None]

    board.began(*ACCOUNT)

    assert not admitted(board).probe
    assert not board.calm  # until a good end

    board.succeeded(*ACCOUNT)

    assert board.calm


def test_a_probe_that_was_cancelled_gives_its_turn_back(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    clock.now += 1.5
    turn = admitted(board)
    board.release(turn)

    assert admitted(board).probe


def test_a_turn_that_is_given_back_late_or_twice_does_not_take_the_turn_of_another(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    clock.now += 1.5
    first = admitted(board)
    board.release(first)
    second = admitted(board)
    board.release(first)

    assert second.probe
    assert board.admit(*ACCOUNT) is None


def test_a_probe_that_fails_makes_the_next_wait_and_the_next_probe(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    clock.now += 1.5
    turn = admitted(board)
    until = board.failed(*ACCOUNT, code="KP-PROV-102").until
    board.release(turn)

    assert until == clock.now + 2.5
    assert board.admit(*ACCOUNT) is None
    clock.now = until
    assert admitted(board).probe


def test_a_probe_is_one_for_the_account_and_the_model_where_both_waited(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    board.limited(*WIDE, code="KP-RATE-401")
    clock.now += 1.5

    assert len(admitted(board).keys) == 2
    assert board.admit(*SIBLING) is None

    board.succeeded(*ACCOUNT)

    assert board.calm


@pytest.mark.parametrize("model", ["", "opus"])
def test_waking_ends_any_wait(board: HealthBoard, model: str) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    board.refused(*WIDE, code="KP-AUTH-007")

    assert board.wake("claude", "work", model)
    assert board.calm
    assert not board.wake("claude", "work", model)


def test_waking_for_one_model_leaves_the_others_alone(board: HealthBoard) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    board.limited(*SIBLING, code="KP-RATE-401")
    board.wake(*ACCOUNT)

    assert (board.admit(*SIBLING), admitted(board).probe) == (None, False)


def test_a_spent_limit_comes_back_by_itself_and_leaves_nothing(board: HealthBoard, clock: Clock) -> None:
    board.spent(*ACCOUNT, until=clock.now + 6, code="KP-RATE-401")

    assert board.admit(*ACCOUNT) is None
    assert board.returns_at(*ACCOUNT) == 106
    clock.now += 6
    assert not admitted(board).probe
    assert board.calm


def test_it_says_when_somebody_returns(board: HealthBoard, clock: Clock) -> None:
    assert board.returns_at(*ACCOUNT) == 100
    board.limited(*ACCOUNT, code="KP-RATE-401", retry_after=20)
    assert board.returns_at(*ACCOUNT) == 120
    clock.now = 130
    assert board.returns_at(*ACCOUNT) == 120
    admitted(board)
    assert board.returns_at(*ACCOUNT) == 131
    board.refused(*WIDE, code="KP-AUTH-007")
    assert board.returns_at(*ACCOUNT) is None


def test_it_is_bounded_and_forgets_the_oldest_but_refused_ones_last(clock: Clock) -> None:
    board = HealthBoard(clock=clock, most=3)
    board.refused("p", "refused", code="KP-AUTH-007")
    for account in ("a", "b", "a", "c", "d"):
        board.limited("p", account, "m", code="KP-RATE-401")

    assert [each["account"] for each in board.to_dict()] == ["c", "d", "refused"]

    for account in ("e", "f", "g"):
        board.refused("p", account, code="KP-AUTH-007")

    assert [each["account"] for each in board.to_dict()] == ["e", "f", "g"]


def test_accounts_that_are_not_configured_any_more_are_forgotten(board: HealthBoard) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401")
    board.limited("gone", "work", "x", code="KP-RATE-401")
    board.keep({("claude", "work")})

    assert [each["provider"] for each in board.to_dict()] == ["claude"]


def test_it_can_be_shown(board: HealthBoard, clock: Clock) -> None:
    board.limited(*ACCOUNT, code="KP-RATE-401", retry_after=20)
    board.refused(*WIDE, code="KP-AUTH-007")
    clock.now += 5
    common = {"provider": "claude", "account": "work", "failures": 0, "probing": False, "spent": False, "for": 5.0}

    assert board.to_dict() == [
        {**common, "model": "", "state": "refused", "code": "KP-AUTH-007", "returns_in": None},
        {**common, "model": "opus", "state": "rate_limited", "code": "KP-RATE-401", "returns_in": 15.0},
    ]

    board.wake("claude", "work")
    board.failed(*ACCOUNT, code="KP-PROV-102")

    assert [(each["state"], each["failures"], each["for"]) for each in board.to_dict()] == [("available", 1, None)]


async def test_who_waits_for_a_change_hears_of_it_or_goes_on_in_time(autojump_clock: MockClock) -> None:
    board = HealthBoard()
    start = trio.current_time()
    heard: list[float] = []

    async def listen(until: float) -> None:
        await board.changed(start + until)
        heard.append(trio.current_time() - start)

    async with trio.open_nursery() as nursery:
        for until in (-1.0, 2.0, 60.0, 60.0):
            nursery.start_soon(listen, until)
        await trio.sleep(5)
        board.began(*ACCOUNT)  # which is nothing new
        await wait_all_tasks_blocked()
        assert heard == [0, 2]
        board.limited(*ACCOUNT, code="KP-RATE-401")

    assert heard == [0, 2, 5, 5]


async def test_a_released_probe_is_a_change(autojump_clock: MockClock) -> None:
    board = HealthBoard()
    board.limited(*ACCOUNT, code="KP-RATE-401")
    await trio.sleep(2)
    turn = admitted(board)
    heard: list[float] = []

    async def listen() -> None:
        await board.changed(trio.current_time() + 60)
        heard.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await wait_all_tasks_blocked()
        released = trio.current_time()
        board.release(turn)

    assert heard == [released]


class AnythingInAnyOrder(RuleBasedStateMachine):
    """The laws of health hold after every step; ``Watch`` states them."""

    def __init__(self) -> None:
        super().__init__()
        self.watch = Watch()

    @rule(jitter=st.sampled_from([0.0, 0.25, 1.0]))
    def chance(self, jitter: float) -> None:
        self.watch.jitter = jitter

    @rule(seconds=st.sampled_from([0.25, 1.0, 2.0, 20.0, 60.0, 1799.75, 1800.0]))
    def time_passes(self, seconds: float) -> None:
        self.watch.step(Op("pass", amount=seconds))

    @rule(kind=st.sampled_from(BAD), account=ACCOUNT_NAMES, model=MODEL_NAMES, amount=AMOUNTS)
    def something_bad_is_reported(self, kind: str, account: str, model: str, amount: float | None) -> None:
        self.watch.step(Op(kind, account, model, amount))

    @rule(account=ACCOUNT_NAMES, model=MODEL_NAMES, times=st.integers(1, 4))
    def it_fails(self, account: str, model: str, times: int) -> None:
        for _ in range(times):
            self.watch.step(Op("failed", account, model))

    @rule(kind=st.sampled_from(GOOD), account=ACCOUNT_NAMES, model=MODEL_NAMES)
    def something_good_is_reported(self, kind: str, account: str, model: str) -> None:
        self.watch.step(Op(kind, account, model))

    @rule(account=ACCOUNT_NAMES, model=MODEL_NAMES)
    def somebody_asks(self, account: str, model: str) -> None:
        self.watch.step(Op("ask", account, model))

    @rule()
    def a_probe_is_given_back(self) -> None:
        self.watch.step(Op("release"))

    @rule(account=ACCOUNT_NAMES, model=MODEL_NAMES)
    def the_user_wakes_it(self, account: str, model: str) -> None:
        self.watch.step(Op("wake", account, model))

    def teardown(self) -> None:
        self.watch.finish()


TestAnythingInAnyOrder = AnythingInAnyOrder.TestCase


async def test_of_whom_nothing_is_known_nothing_is_looked_up(autojump_clock: MockClock) -> None:
    board = HealthBoard()
    board.failed("one", "a", "m", code="KP-PROV-102")
    board.refused("one", "b", code="KP-AUTH-007")

    known = [board.knows("one", account, model) for account in "abc" for model in "mn"]
    assert known == [True, False, True, True, False, False]
