"""What an attempt holds until its answer is over, and what its end says of the account."""

from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import MockClock

from korproxy.errors.exceptions import KorproxyError, ProviderLost, Stopping
from korproxy.gateway.failover import Outcome
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.routing import Candidate
from korproxy.gateway.seats import Seat, report_outcome
from korproxy.gateway.slots import Slots
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Peek
from korproxy.models.providers import Limits
from tests.fakes.gateway import provider_at

ACCOUNT = Account(name="a")
CANDIDATE = Candidate(provider=provider_at("http://x", accounts=[ACCOUNT]), account=ACCOUNT, model="m", dialect="openai-chat")
CUT = ProviderLost("KP-NET-309", "", provider="one")


def ledger(outcome: str = "ok", code: str | None = None) -> Ledger:
    peek = Peek(model="m", stream=False)
    made = Ledger(Call(id="1", correlation_id="1", dialect="openai-chat", path="/", peek=peek, body=b""))
    made.outcome, made.code = outcome, code
    return made


def seat() -> Seat:
    taken = Seat(Slots("one", Limits()), HealthBoard(jitter=lambda: 0.0), CANDIDATE)
    assert taken.slots.take(taken)
    return taken


@pytest.mark.parametrize(
    ("exc", "end", "failures"),
    [
        (None, ledger(), 0),
        (None, ledger("client left"), 1),
        (CUT, ledger("failed", "KP-NET-309"), 2),
        (Stopping("KP-SYS-511", ""), ledger("failed", "KP-SYS-511"), 1),
        (None, ledger("refused", "KP-PROV-102"), 2),
    ],
    ids=["whole", "client left", "cut", "stopped by us", "an error in the stream"],
)
async def test_the_end_of_an_answer_counts_for_its_account(
    autojump_clock: MockClock, exc: KorproxyError | None, end: Ledger, failures: int
) -> None:
    held = seat()
    held.board.failed("one", "a", "m", code="KP-PROV-102")  # some time before
    held.leave(exc, end)

    assert (held.slots.running, held.board.standing("one", "a", "m").failures) == (0, failures)


async def test_what_was_judged_before_is_not_counted_again(autojump_clock: MockClock) -> None:
    held = seat()
    held.judged = True
    held.leave(CUT, ledger("failed", "KP-NET-309"))

    assert (held.slots.running, held.board.calm) == (0, True)


async def test_a_place_is_one_at_an_account() -> None:
    held = seat()

    assert [held.slots.load(each) for each in "ab"] == [(1, 0), (0, 0)]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(kind="limited", held="limited", code="KP-RATE-401", retry_after=7.0), ("rate_limited", 0)),
        (Outcome(kind="failed", held="failed", code="KP-PROV-103"), ("available", 1)),
        (Outcome(kind="rejected", held="refused", code="KP-AUTH-007"), ("refused", 0)),
        (Outcome(kind="unfit"), ("available", 0)),
        (Outcome(kind="refused", held="good"), ("available", 0)),
    ],
)
@pytest.mark.usefixtures("expected_logs")
async def test_the_board_is_told_how_an_attempt_ended(
    autojump_clock: MockClock, outcome: Outcome, state: tuple[str, int]
) -> None:
    board = HealthBoard(jitter=lambda: 0.0)
    report_outcome(board, CANDIDATE, outcome)
    health = board.standing("one", "a", "m")

    assert (health.state, health.failures) == state
    if outcome.retry_after:
        assert health.until == trio.current_time() + 7.0


@pytest.mark.usefixtures("expected_logs")
async def test_a_credential_that_is_refused_is_refused_for_all_models(autojump_clock: MockClock) -> None:
    board = HealthBoard()
    report_outcome(board, CANDIDATE, Outcome(kind="rejected", held="refused", code="KP-AUTH-007"))

    assert board.standing("one", "a", "another").state == "refused"


async def test_the_clients_own_fault_shows_that_the_account_is_there(autojump_clock: MockClock) -> None:
    board = HealthBoard(jitter=lambda: 0.0)
    board.limited("one", "a", "m", code="KP-RATE-401")
    await trio.sleep(2)
    report_outcome(board, CANDIDATE, Outcome(kind="refused", held="good"))

    assert board.standing("one", "a", "m").state == "available"


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("KP-AUTH-007", "Put a valid key where the account one/a points to, then: korproxy reload."),
        ("KP-PROV-110", "Pay there, then: korproxy account wake one/a"),
    ],
)
async def test_that_an_account_is_refused_is_told_once_since_others_may_answer_in_its_place(
    autojump_clock: MockClock, expected_logs: list[logging.LogRecord], code: str, what: str
) -> None:
    board = HealthBoard()
    refusal = Outcome(kind="rejected", held="refused", status=401, code=code)
    for _ in range(3):
        report_outcome(board, CANDIDATE, refusal)
    told = [each.getMessage() for each in expected_logs]
    board.wake("one", "a")
    report_outcome(board, CANDIDATE, refusal)

    assert len(told) == 1
    assert told[0].startswith(f"{code}: one refuses the account a: it gets no more requests. {what}")
    assert len(expected_logs) == 2
