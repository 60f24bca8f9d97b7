"""Where the health of all accounts is kept. It outlives reloads; nothing of it is written down."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from typing import Any, TypeAlias

import attrs
import trio

from korproxy.gateway import health as rules
from korproxy.gateway.health import WELL, Health
from korproxy.models.accounts import Account

Key: TypeAlias = tuple[str, str, str]

ENTRIES = 2000  # model names come from clients: somebody could make up any number of them
LOOK = 1.0  # seconds after which to look again what became of a probe


@attrs.frozen
class Turn:
    """Leave to ask an account. ``probe``: nobody else has it until this is given back with ``HealthBoard.release``."""

    keys: tuple[Key, ...] = ()
    number: int = 0

    @property
    def probe(self) -> bool:
        """Whether it is the one request that finds out whether the account is well again."""
        return bool(self.keys)


FREE = Turn()


@attrs.define(kw_only=True)
class HealthBoard:
    """The health of each account for each model, and for all of its models under the name ``""``; the worse one counts.

    Who is well has no entry. Forgets beyond ``most`` who was not heard of for the longest time, refused ones last.

    Attributes:
        clock: Trio's time.
        jitter: Gives 0 to 1 by chance.
        current: The address and the account that each provider and name means since the last reload; None: there was none.
        calm: Whether nothing is held against anybody: then there is nothing to ask here. Each request looks at it, so it is no
            property.
    """

    most: int = ENTRIES
    clock: Callable[[], float] = trio.current_time
    jitter: Callable[[], float] = random.random
    current: Mapping[tuple[str, str], tuple[str, Account]] | None = attrs.field(default=None, init=False, repr=False)
    calm: bool = attrs.field(default=True, init=False)
    _entries: dict[Key, Health] = attrs.field(factory=dict, init=False)  # the first one was changed the longest time ago
    _probes: int = attrs.field(default=0, init=False)
    _changed: trio.Event | None = attrs.field(default=None, init=False)

    def knows(self, provider: str, account: str, model: str) -> bool:
        """Whether anything is held against *account* for *model*; mostly nothing is, whoever else rests."""
        entries = self._entries
        return (provider, account, model) in entries or (provider, account, "") in entries

    def standing(self, provider: str, account: str, model: str) -> Health:
        """Return what counts for *account* and *model* now; ``health.may`` says what follows."""
        if not self._entries:
            return WELL
        now = self.clock()
        wide, narrow = (self._look((provider, account, name), now) for name in ("", model))
        return narrow if wide is WELL else wide if narrow is WELL else rules.worse(wide, narrow)

    def admit(self, provider: str, account: str, model: str) -> Turn | None:
        """Return leave to ask *account*, or None. Whoever gets it calls ``release`` in the end, however that ends."""
        if not self._entries:
            return FREE
        now = self.clock()
        keys = _keys(provider, account, model)
        asked = {key: rules.may(self._look(key, now), now) for key in keys}
        if "no" in asked.values():
            return None
        probed = tuple(key for key, answer in asked.items() if answer == "probe")
        if not probed:
            return FREE
        self._probes += 1
        for key in probed:
            self._entries[key] = attrs.evolve(self._entries[key], probing=self._probes)
        return Turn(probed, self._probes)

    def release(self, turn: Turn) -> None:
        """Give *turn* back: if nothing was learnt by it, the next one may try. Twice does no harm."""
        for key in turn.keys:
            known = self._entries.get(key, WELL)
            if known.probing == turn.number:
                self._entries[key] = attrs.evolve(known, probing=0)
                self._tell()

    def limited(self, provider: str, account: str, model: str, *, code: str, retry_after: float | None = None) -> Health:
        """It answered 429; return what counts now."""
        key = (provider, account, model)
        return self._put(key, rules.limited(self._known(key), self.clock(), retry_after, self.jitter(), code))

    def failed(self, provider: str, account: str, model: str, *, code: str, retry_after: float | None = None) -> Health:
        """It answered 5xx, or not at all, or broke off; return what counts now."""
        key = (provider, account, model)
        return self._put(key, rules.failed(self._known(key), self.clock(), retry_after, self.jitter(), code))

    def refused(self, provider: str, account: str, model: str = "", *, code: str) -> Health:
        """It does not take our credential: that is so for all models, unless *model* says for which one."""
        key = (provider, account, model)
        return self._put(key, rules.refused(self._known(key), self.clock(), code))

    def spent(self, provider: str, account: str, model: str, *, until: float, code: str) -> Health:
        """It said that nothing of its rate limit is left *until* then."""
        key = (provider, account, model)
        return self._put(key, rules.spent(self._known(key), self.clock(), until, code))

    def began(self, provider: str, account: str, model: str) -> None:
        """An answer began, which is no error."""
        self._well(rules.began, provider, account, model)

    def succeeded(self, provider: str, account: str, model: str) -> None:
        """An answer came whole."""
        self._well(rules.succeeded, provider, account, model)

    def wake(self, provider: str, account: str, model: str = "") -> bool:
        """End any wait of *account*, for *model* or for all of them; return whether there was one, or anything else."""
        ended = [key for key in self._entries if key[:2] == (provider, account) and (not model or key[2] in {"", model})]
        return self._drop(ended)

    def keep(self, accounts: Collection[tuple[str, str]]) -> None:
        """Forget all accounts but these; they are not configured any more."""
        self._drop([key for key in self._entries if key[:2] not in accounts])

    def is_past(self, provider: str, address: str, account: Account) -> bool:
        """Whether *account* is gone, or has another key or *address* by now: how it does tells nothing of who has its name."""
        if self.current is None:
            return False
        there, now = self.current.get((provider, account.name), ("", account))
        return there != address or (now is not account and credential(now) != credential(account))

    def returns_at(self, provider: str, account: str, model: str) -> float | None:
        """Return when *account* may be asked again, which is now or earlier if it may be; None: not by itself.

        While somebody probes it, nobody knows: then it is when to look again.
        """
        health = self.standing(provider, account, model)
        if health.state == "refused":
            return None
        now = self.clock()
        if health.state == "available":
            return now
        return max(health.until, now + LOOK) if health.probing else health.until

    async def changed(self, until: float = inf) -> None:
        """Wait until anything here is another than it was, or until Trio's time *until*."""
        if self._changed is None:
            self._changed = trio.Event()
        with trio.move_on_at(until):
            await self._changed.wait()

    def to_dict(self) -> list[dict[str, Any]]:
        """Return all that is held against anybody, in JSON's own types, for people and programs."""
        now = self.clock()
        return [_shown(key, health, now) for key in sorted(self._entries) if (health := self._look(key, now)) is not WELL]

    def _known(self, key: Key) -> Health:
        return self._entries.get(key, WELL)

    def _look(self, key: Key, now: float) -> Health:
        """Return the entry as it is now; one that time has healed is taken out on the way."""
        known = self._entries.get(key)
        if known is None:
            return WELL
        seen = rules.settled(known, now)
        if seen is not known:
            self._put(key, seen)
        return self._entries.get(key, WELL)

    def _well(self, rule: Callable[[Health, float], Health], provider: str, account: str, model: str) -> None:
        if not self._entries:
            return
        now = self.clock()
        for key in _keys(provider, account, model):
            if key in self._entries:
                self._put(key, rule(self._entries[key], now))

    def _put(self, key: Key, health: Health) -> Health:
        before = self._entries.pop(key, WELL)
        if not _says_nothing(health):
            self._entries[key] = health
            if len(self._entries) > self.most:
                del self._entries[_oldest(self._entries.items())]
        self.calm = not self._entries
        if health != before:
            self._tell()
        return health

    def _drop(self, keys: Iterable[Key]) -> bool:
        dropped = [self._entries.pop(key) for key in keys]
        self.calm = not self._entries
        if dropped:
            self._tell()
        return bool(dropped)

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None


def credential(account: Account) -> tuple[bool, str]:
    """Return what tells the credential of *account* from another one."""
    return account.forwards, account.secret.reveal() if account.secret else ""


def _keys(provider: str, account: str, model: str) -> tuple[Key, ...]:
    wide = (provider, account, "")
    return (wide, (provider, account, model)) if model else (wide,)


def _says_nothing(health: Health) -> bool:
    return health.state == "available" and not health.attempt and not health.failures


def _oldest(entries: Iterable[tuple[Key, Health]]) -> Key:
    """Return whose entry goes: a refused account would be asked again and again without it, so it stays if any other can go."""
    oldest = list(entries)
    return next((key for key, health in oldest if health.state != "refused"), oldest[0][0])


def _shown(key: Key, health: Health, now: float) -> dict[str, Any]:
    provider, account, model = key
    waits = health.state in {"rate_limited", "erroring"}
    return {
        "provider": provider,
        "account": account,
        "model": model,
        "state": health.state,
        "code": health.code,
        "failures": health.failures,
        "returns_in": round(max(0.0, health.until - now), 3) if waits else None,
        "probing": bool(health.probing),
        "spent": health.spent,
        "for": None if health.state == "available" else round(max(0.0, now - health.since), 3),
    }
