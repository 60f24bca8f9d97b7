"""What an attempt holds until its answer is over: a place at the provider, and a say in what is known of the account."""

from __future__ import annotations

import logging

import msgspec

from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.failover import Held, Outcome, of_end
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.ledger import Ledger
from korproxy.gateway.routing import Candidate
from korproxy.gateway.slots import Slots
from korproxy.gateway.verdicts import remedy

log = logging.getLogger("korproxy.gateway")


class Seat(msgspec.Struct, eq=False):  # it stands for itself in the slots
    """One attempt at *candidate*.

    Attributes:
        judged: What came of it is known already, and its end changes nothing.
    """

    slots: Slots
    board: HealthBoard
    candidate: Candidate
    judged: bool = False

    @property
    def account(self) -> str:
        """Whose place it is."""
        return self.candidate.account.name

    def leave(self, exc: KorproxyError | None, ledger: Ledger) -> None:
        """Give the place back, and let the end of the answer count.

        Args:
            exc: What cut it off.
            ledger: Knows what else there is to know.
        """
        self.slots.leave(self)
        if not self.judged and (exc is not None or ledger.code is not None or not self.board.calm):  # nearly never
            provider, account, model = self.candidate.provider.id, self.candidate.account.name, self.candidate.model
            if exc is None and ledger.code is None and not self.board.knows(provider, account, model):
                return  # it is others who rest
            self.judged = True
            held = of_end(exc, ledger.code, whole=ledger.outcome == "ok")
            report(self.board, self.candidate, held, code=ledger.code or "")


def report(board: HealthBoard, candidate: Candidate, held: Held, *, code: str = "", retry_after: float | None = None) -> None:
    """Tell *board* what is *held* against the account of *candidate*."""
    provider, account, model = candidate.provider.id, candidate.account.name, candidate.model
    if board.current is not None and board.is_past(provider, candidate.provider.base_url, candidate.account):
        return  # such as a 401 to a key that was exchanged while it was under way
    if held == "limited":
        board.limited(provider, account, model, code=code, retry_after=retry_after)
    elif held == "failed":
        board.failed(provider, account, model, code=code, retry_after=retry_after)
    elif held == "refused":
        if board.standing(provider, account, "").state != "refused":  # others may answer, so nobody else would say it
            what = remedy(provider, account, code)
            log.warning("%s: %s refuses the account %s: it gets no more requests. %s", code, provider, account, what)
        board.refused(provider, account, code=code)
    elif held == "good":
        board.succeeded(provider, account, model)


def report_outcome(board: HealthBoard, candidate: Candidate, outcome: Outcome) -> None:
    """Tell *board* how asking *candidate* ended. An answer that began is no good end yet."""
    if outcome.held == "good":
        board.began(candidate.provider.id, candidate.account.name, candidate.model)
    else:
        report(board, candidate, outcome.held, code=outcome.code, retry_after=outcome.retry_after)
