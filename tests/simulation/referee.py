"""What must hold whatever happens, looked at whenever something does. It believes the world, not what KorProxy says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from math import inf

import attrs
import trio

from korproxy.gateway.backoff import CAP, MOST
from korproxy.gateway.health_board import HealthBoard
from tests.simulation.weather import HOUR, Place
from tests.simulation.wishes import WHOLE_SECONDS

MOST_PROBES = 70  # in an hour: 6 while the wait doubles up to a minute, then one a minute
SHOWN = 5  # breaches of each law that are kept; of all others there is a number


@attrs.define(kw_only=True, eq=False)
class Visit:
    """One request of KorProxy's to an account.

    Attributes:
        call: The id of the client's request behind it.
        probe: The account was resting when it came.
        full: The providers that had no room then.
        state: ``asked`` until it is known how the answer begins, then ``answers`` or ``failed``.
    """

    place: Place
    model: str
    call: str
    at: float
    full: frozenset[str] = frozenset()
    probe: bool = False
    state: str = "asked"
    closed: bool = False


@attrs.define(kw_only=True)
class Referee:
    """Counts, and writes down what should not have happened.

    Attributes:
        board: Whose obedience is tested; its arithmetic is checked against what the world has said.
        full: Which providers have no room now.
        visits: Of each client request, those that it caused.
        longest_wait: Seconds that an account was left to rest at once.
    """

    board: HealthBoard
    full: Callable[[], frozenset[str]]
    breaches: list[str] = attrs.field(factory=list)
    broken_laws: Counter[str] = attrs.field(factory=Counter)
    visits: dict[str, list[Visit]] = attrs.field(factory=lambda: defaultdict(list))
    by_place: Counter[Place] = attrs.field(factory=Counter)
    probes: int = 0
    longest_wait: float = 0.0
    _probing: dict[tuple[Place, str], set[Visit]] = attrs.field(factory=lambda: defaultdict(set))  # probes that are open
    _well: dict[tuple[Place, str], float] = attrs.field(factory=dict)  # when an answer began last
    _hours: Counter[tuple[Place, str, int]] = attrs.field(factory=Counter)
    _refused: set[Place] = attrs.field(factory=set)  # which do not take our key
    _told: dict[tuple[Place, str], float] = attrs.field(factory=dict)  # until when the provider wants to be left alone
    _may_rest: dict[tuple[Place, str], float] = attrs.field(factory=dict)  # until when it may be left alone, at most

    def blame(self, law: str, what: str) -> None:
        """Write down a breach of *law*."""
        self.broken_laws[law] += 1
        if self.broken_laws[law] <= SHOWN:
            self.breaches.append(f"{trio.current_time():.3f}: {law}: {what}")

    @property
    def most_probes(self) -> int:
        """How many there were in an hour, at one account for one model."""
        return max(self._hours.values(), default=0)

    def arrives(self, place: Place, model: str, call: str) -> Visit:
        """Look at a request that has just come to *place*."""
        now, spot = trio.current_time(), f"{'/'.join(place)} {model} {call}"
        visit = Visit(place=place, model=model, call=call, at=now, full=self.full())
        health = self.board.standing(*place, model)
        if place in self._refused:
            self.blame("an account is left alone whose key is wrong", spot)
        if health.state in {"rate_limited", "erroring"}:
            visit.probe = True
            self._probe(visit, health.until, spot)
        if now < self._told.get((place, model), 0.0) - WHOLE_SECONDS:
            self.blame("nobody is asked before the time that it has named", spot)
        for other in self.visits[call]:
            if not other.closed:
                self.blame("one request is at one account at a time", spot)
            if other.state == "answers":
                self.blame("behind the first byte nobody else is asked", spot)
        self.visits[call].append(visit)
        self.by_place[place] += 1
        return visit

    def _probe(self, visit: Visit, until: float, spot: str) -> None:
        self.probes += 1
        if visit.at < until:
            self.blame("a resting account is left alone", f"{spot} {until - visit.at:.3f} s too early")
        key = (visit.place, visit.model)
        since = self._well.get(key, 0.0)  # an answer to somebody else says all that a probe could have found out
        if any(each.state == "asked" and each.at >= since for each in self._probing[key]):
            self.blame("one probe at a time", spot)
        self._probing[key].add(visit)
        hour = (*key, int(visit.at // HOUR))
        self._hours[hour] += 1
        if self._hours[hour] == MOST_PROBES + 1:
            self.blame("probes per hour are bounded", spot)

    def refuses(self, visit: Visit, told: float | None = None) -> None:
        """Take note that an account did not answer, and how long it wants to be left alone."""
        now, key = trio.current_time(), (visit.place, visit.model)
        self.rests(visit, told)
        self._may_rest[key] = max(self._may_rest.get(key, 0.0), now + max(MOST, min(told or 0.0, CAP)))
        self._decided(visit, "failed")

    def rests(self, visit: Visit, told: float | None) -> None:
        """Take note that an account has said that it wants to be left alone for so long."""
        if told is not None:
            until, key = trio.current_time() + min(told, CAP), (visit.place, visit.model)
            self._told[key] = max(self._told.get(key, 0.0), until)
            self._may_rest[key] = max(self._may_rest.get(key, 0.0), until)

    def refuses_key(self, visit: Visit) -> None:
        """Take note that an account did not take our key: there is no time after which it would."""
        self._refused.add(visit.place)
        self._may_rest[visit.place, ""] = inf
        self._decided(visit, "failed")

    def heals(self, place: Place) -> None:
        """Take note that the user has put a good key in place, and has ended all that the account waits for."""
        self._refused.discard(place)
        self._told = {key: until for key, until in self._told.items() if key[0] != place}
        self._may_rest.pop((place, ""), None)

    def answers(self, visit: Visit) -> None:
        """Take note that its answer begins, and is one."""
        self._decided(visit, "answers")
        if trio.current_time() >= self.board.standing(*visit.place, visit.model).until:
            self._well[visit.place, visit.model] = trio.current_time()

    def breaks(self, visit: Visit) -> None:
        """Take note that an answer which had begun breaks off."""
        key = (visit.place, visit.model)
        self._may_rest[key] = max(self._may_rest.get(key, 0.0), trio.current_time() + MOST)

    def closes(self, visit: Visit) -> None:
        """Take note that the request is over, however."""
        self._decided(visit, "left")
        self._probing[visit.place, visit.model].discard(visit)
        visit.closed = True

    def _decided(self, visit: Visit, state: str) -> None:
        if visit.state == "asked":
            visit.state = state

    def looks(self, cap: float = CAP) -> None:
        """Look at all who rest: none for longer than it may, and none is held for a probe that is over."""
        now = trio.current_time()
        for each in self.board.to_dict():
            place, wait = (each["provider"], each["account"]), each["returns_in"]
            if each["probing"] and not self._probing[place, each["model"]] and place[0] not in self.full():
                self.blame("a probe that is over gives its turn back", f"{place} {each}")
            if not wait:  # it rests no more, but nobody has been there since
                continue
            self.longest_wait = max(self.longest_wait, wait)
            allowed = self._may_rest.get((place, each["model"]), 0.0) - now
            if wait > cap + 0.001:
                self.blame("no wait is beyond its cap", f"{place} {each}")
            if wait > allowed + 0.001:
                self.blame("nobody rests for longer than it has asked for, or a minute", f"{place} {each} {allowed:.3f}")

    def failed_at(self, call: str) -> set[Place]:
        """Return the accounts that have failed the client's request *call*."""
        return {each.place for each in self.visits.get(call, ()) if each.state != "answers"}
