"""What became of each request, held against what the world knows: was it lost in vain, did its session move for nothing?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
import trio

from korproxy.gateway.health import may
from korproxy.gateway.why import Story, told
from korproxy.models.decisions import Attempt, Decision
from korproxy.models.outcome import Finished
from tests.simulation.referee import Referee, Visit
from tests.simulation.weather import Place, Weather


@attrs.define(kw_only=True)
class Books:
    """Hears of every request that ends, in the place of the stories that ``why`` tells.

    Attributes:
        places: All accounts.
        waited: Seconds from the request to the first byte, of those that were answered.
        placed: How often each account was the first choice for a session that had none.
        longest_passed_by: How often, in a row, an account that could be asked was not that choice.
    """

    referee: Referee
    weather: Weather
    places: Sequence[Place]
    outcomes: Counter[str] = attrs.field(factory=Counter)
    codes: Counter[str] = attrs.field(factory=Counter)
    attempts: Counter[int] = attrs.field(factory=Counter)
    waited: list[float] = attrs.field(factory=list)
    moves: int = 0
    placed: Counter[Place] = attrs.field(factory=Counter)
    longest_passed_by: int = 0
    _passed_by: Counter[Place] = attrs.field(factory=Counter)
    _homes: dict[tuple[str, str], Place] = attrs.field(factory=dict)

    def add(self, story: Story) -> None:
        """Put a request down; see ``Stories``."""
        finished, decision, _ = story
        attempts = told(story).attempts
        self._same_story(finished, attempts)
        self.referee.looks()
        if finished.outcome == "client left":
            self.outcomes["left"] += 1
        elif finished.status != 200:
            self._lost(finished)
        elif finished.outcome == "ok":
            self.outcomes["answered"] += 1
            self.attempts[len(self.referee.visits[finished.id])] += 1
            self.waited.append(finished.first_byte or 0.0)
        else:
            self.outcomes["broken"] += 1
        failed = {(each.provider, each.account) for each in attempts if each.outcome != "answered"}
        for visit in self.referee.visits.pop(finished.id, ()):
            if visit.state == "answers":
                self._settled(finished, decision, visit, failed)

    def _same_story(self, finished: Finished, attempts: Sequence[Attempt]) -> None:
        """What ``korproxy why`` tells has to be what has happened; nobody has seen who waited for a place and left."""
        seen = [each.place for each in self.referee.visits.get(finished.id, ())]
        said = [(each.provider, each.account) for each in attempts if each.outcome not in {"busy", "overtaken"}]
        queued = attempts and attempts[-1].outcome == "left" and said[:-1] == seen
        if seen != said and not queued:
            self.referee.blame("what is told is what happened", f"{finished.id}: {seen}, but {attempts}")

    def _lost(self, finished: Finished) -> None:
        """A request was lost: then each account is down, or rests because it was, or has failed this very request."""
        self.outcomes["lost"] += 1
        self.codes[finished.code or ""] += 1
        now, failed = trio.current_time(), self.referee.failed_at(finished.id)
        for place in self.places:
            standing = self.referee.board.standing(*place, finished.model)
            asleep = may(standing, now) == "no" or place in failed or place[0] in self.referee.full()
            if not asleep and self.weather.is_well(place, finished.model, now):
                self.referee.blame("nothing is lost that somebody could have answered", f"{finished} {place} {standing}")

    def _settled(self, finished: Finished, decision: Decision, visit: Visit, failed: set[Place]) -> None:
        """An answer began: look at where its session lives, and whose turn it was."""
        key = (decision.session, finished.model)
        home = self._homes.get(key)
        if decision.session:
            self._homes[key] = visit.place
        if home is None:
            self._placed(decision)
        elif home != visit.place:
            self.moves += 1
            resting = {(each.provider, each.account) for each in decision.rejected}
            if home not in resting | failed and home[0] not in visit.full:
                self.referee.blame("a session moves only when its account cannot answer", f"{finished} was at {home}")

    def _placed(self, decision: Decision) -> None:
        """Somebody new was placed by the strategy."""
        able = [(each.provider, each.account) for each in decision.order]
        if not able:
            return
        self.placed[able[0]] += 1
        for place in able:
            self._passed_by[place] = 0 if place == able[0] else self._passed_by[place] + 1
        for place in set(self.places) - set(able):
            self._passed_by[place] = 0
        self.longest_passed_by = max(self.longest_passed_by, *self._passed_by.values())
