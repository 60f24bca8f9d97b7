"""Watches over a ``HealthBoard`` while anything happens to it in any order: its laws, written down a second time."""

from __future__ import annotations

from itertools import product

import attrs

from korproxy.gateway.backoff import CAP, MOST
from korproxy.gateway.health import TOLERATED, Health, may
from korproxy.gateway.health_board import HealthBoard, Key, Turn

PROVIDER = "p"
ACCOUNTS = ("work", "home")
MODELS = ("opus", "haiku")
BAD = ("limited", "failed", "refused", "spent")
GOOD = ("began", "succeeded")


@attrs.frozen
class Op:
    """Something that happens. Times are quarters of a second, so that sums of them are exact.

    Attributes:
        kind: ``pass`` (time), ``ask``, ``release``, ``wake``, or a report, by the name of the board's method.
        model: Empty: it is about the whole account.
        amount: Of seconds: that pass; that the provider asks for (None: it does not); until more is there.
    """

    kind: str
    account: str = "work"
    model: str = ""
    amount: float | None = None


@attrs.define
class _Known:
    """What the watch itself has noted of one entry since it was well."""

    refused: bool = False
    blamed: float | None = None  # when somebody last said something bad
    failures: int = 0
    waits: int = 0
    probe: Turn | None = None


@attrs.define
class Watch:
    """A board, and who looks at it after each step. Any ``AssertionError`` is the board's fault."""

    now: float = 1000.0
    jitter: float = 0.0
    board: HealthBoard = attrs.field(init=False)
    _known: dict[Key, _Known] = attrs.field(factory=dict, init=False)
    _turns: list[Turn] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.board = HealthBoard(clock=lambda: self.now, jitter=lambda: self.jitter)

    def step(self, op: Op) -> None:
        """Let *op* happen, and look."""
        before = self._standings()
        if op.kind == "pass":
            self.now += op.amount or 0.0
        elif op.kind == "ask":
            self._ask(op)
        elif op.kind == "release":
            self._release(self._turns.pop(0) if self._turns else Turn())
        elif op.kind == "wake":
            self._wake(op)
        elif op.kind in BAD:
            self._blame(op)
        elif op.kind in GOOD:
            self._praise(op)
        self._look(before, woken=op.kind == "wake")

    def finish(self) -> None:
        """Give everybody time: all come back but the refused, and who is then answered well has nothing held against it."""
        while self._turns:
            self._release(self._turns.pop())
        self.now += CAP
        for account, model in product(ACCOUNTS, MODELS):
            if any(self._of(key).refused for key in _cover(account, model)):
                continue
            turn = self.board.admit(PROVIDER, account, model)
            assert turn is not None, "an account is made to wait beyond the cap"
            self.board.succeeded(PROVIDER, account, model)
            self.board.release(turn)
            assert self.board.standing(PROVIDER, account, model) == Health()
        assert self.board.calm or any(each.refused for each in self._known.values())

    def _ask(self, op: Op) -> None:
        expected = may(self.board.standing(PROVIDER, op.account, op.model), self.now)
        turn = self.board.admit(PROVIDER, op.account, op.model)
        assert expected == ("no" if turn is None else "probe" if turn.probe else "yes")
        if turn is None:
            return
        for key in turn.keys:
            assert self._of(key).probe is None, "a second one probes at once"
            self._of(key).probe = turn
        if turn.probe:
            self._turns.append(turn)
            assert self.board.admit(PROVIDER, op.account, op.model) is None, "a second one may go while one probes"

    def _release(self, turn: Turn) -> None:
        for key in turn.keys:
            if self._of(key).probe == turn:
                self._of(key).probe = None
        self.board.release(turn)

    def _wake(self, op: Op) -> None:
        self.board.wake(PROVIDER, op.account, op.model)
        for model in [op.model] if op.model else MODELS:
            for key in _cover(op.account, model):
                self._known.pop(key, None)
            turn = self.board.admit(PROVIDER, op.account, model)
            assert turn is not None, "who is woken is made to wait"
            assert not turn.probe

    def _blame(self, op: Op) -> None:
        key = (PROVIDER, op.account, op.model)
        known, rested = self._of(key), self._rests(key)
        known.blamed = self.now
        known.failures += op.kind == "failed"
        if op.kind == "refused":
            known.refused = True
            self.board.refused(*key, code="KP-AUTH-007")
        elif op.kind == "spent":
            self.board.spent(*key, until=self.now + (op.amount or 0.0), code="KP-RATE-401")
        elif op.kind == "limited":
            self.board.limited(*key, code="KP-RATE-401", retry_after=op.amount)
        else:
            self.board.failed(*key, code="KP-PROV-102", retry_after=op.amount)
        if known.refused or op.kind not in {"limited", "failed"}:
            return
        if op.kind == "limited" or known.failures >= TOLERATED:
            assert self.board.admit(*key) is None, f"{op.kind}, and yet it does not rest"
        if not rested and self._rests(key):
            longer = min(2.0**known.waits, MOST)
            assert self.board.standing(*key).until >= self.now + longer, "a wait in vain is followed by one that is too short"
            known.waits += 1

    def _praise(self, op: Op) -> None:
        getattr(self.board, op.kind)(PROVIDER, op.account, op.model)
        shown = self._shown()
        for key in _cover(op.account, op.model):
            known = self._of(key)
            if shown.get(key, ("available", False))[0] == "available":
                known.probe = None
            if op.kind == "succeeded" and (key not in shown or shown[key][1]):
                known.failures = known.waits = 0
                if key not in shown:
                    known.blamed = None
            overdue = known.blamed is not None and self.now >= known.blamed + CAP
            assert known.refused or not overdue or op.kind == "began" or key not in shown, "a good end is not seen"

    def _look(self, before: dict[Key, Health], *, woken: bool) -> None:
        for key, health in self._standings().items():
            _, account, model = key
            known = [self._of(each) for each in _cover(account, model)]
            blamed = max((each.blamed for each in known if each.blamed is not None), default=None)
            allowed, back = may(health, self.now), self.board.returns_at(*key)
            assert (health.state == "refused") == any(each.refused for each in known), "refused, or not, for no reason"
            if health.state == "refused":
                assert (allowed, back) == ("no", None)
                continue
            assert back is not None
            assert (back > self.now) == (allowed == "no"), "what it says of its return is not so"
            if blamed is None:
                assert (allowed, health.state) == ("yes", "available"), "a healthy account is made to wait"
            elif health.state != "available":
                assert health.until <= blamed + CAP, "it waits beyond the cap"
            was = before[key]
            if not woken and was.state != "available" and self.now < was.until:
                assert health.until >= was.until, "something else than waking ends a wait"
        assert self.board.calm == (self.board.to_dict() == [])

    def _standings(self) -> dict[Key, Health]:
        keys = [(PROVIDER, account, model) for account, model in product(ACCOUNTS, ("", *MODELS))]
        return {key: self.board.standing(*key) for key in keys}

    def _rests(self, key: Key) -> bool:
        """Whether the entry of *key* itself rests because it was refused: not as spent, not because its account does."""
        for each in self.board.to_dict():
            if (each["provider"], each["account"], each["model"]) == key:
                return bool(each["returns_in"]) and not each["spent"]
        return False

    def _shown(self) -> dict[Key, tuple[str, bool]]:
        return {
            (each["provider"], each["account"], each["model"]): (each["state"], each["spent"]) for each in self.board.to_dict()
        }

    def _of(self, key: Key) -> _Known:
        return self._known.setdefault(key, _Known())


def _cover(account: str, model: str) -> tuple[Key, ...]:
    """Return the entries that count for *model*."""
    return tuple((PROVIDER, account, each) for each in dict.fromkeys(("", model)))
