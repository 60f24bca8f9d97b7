"""Another configuration while the daemon runs: made ready beside the loop, then put in place in one step, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio

from korproxy.config.home import Home
from korproxy.config.keys import read_keys
from korproxy.config.reading import read_all
from korproxy.errors.exceptions import ConfigError, KorproxyError, Problem
from korproxy.gateway.hiding import Hiding
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.rule_set import RuleSet
from korproxy.models.clock import timestamp, wall_time
from korproxy.runtime.compose import Composition, recompose
from korproxy.runtime.generation import Shared, key_ring, load_across, make_front, rules_for, settle_accounts
from korproxy.runtime.restarts import needs_restart
from korproxy.runtime.watched import Seen, files_of, seen_now
from korproxy.server.entrance import Entrance
from korproxy.server.keys import KeyRing

KEPT = "KP-CONF-240"  # the running configuration stays, for the new one cannot be used
RESTART = "KP-CONF-241"

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Reloaded:
    """What came of a reload.

    Attributes:
        ok: The configuration of the files is in force. If not, all is as it was before.
        generation: Of the configuration that is in force.
        reason: What made it happen.
        at: When, as an ISO time.
        seconds: How long it took.
        problems: Why not.
        warnings: What the user should know all the same.
        restart: Places of settings that were changed, and that only a restart changes.
    """

    ok: bool
    generation: int
    reason: str
    at: str
    seconds: float
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    restart: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class _Next:
    """What was read and composed."""

    parts: Composition
    keys: KeyRing
    snapshot: Snapshot
    rules: RuleSet


@attrs.define(kw_only=True)
class Reloader:
    """Reads the configuration again, one reload at a time.

    Attributes:
        parts: What is in force.
        keys: What opens.
        started: What was in force at the start.
        hiding: What hides secrets, those of this configuration among them.
        applied: Called with what is in force from now on; it must not fail, and not wait.
        last: What came of the last reload; None: there was none.
        seen: The files as they were when they were read last.
    """

    parts: Composition
    keys: KeyRing
    shared: Shared
    entrance: Entrance
    hiding: Hiding = attrs.field(factory=lambda: Hiding(()), repr=False)
    applied: Callable[[Composition], None] = lambda parts: None  # noqa: ARG005
    started: Composition = attrs.field(init=False)
    last: Reloaded | None = attrs.field(default=None, init=False)
    seen: Seen = attrs.field(factory=dict, init=False, repr=False)
    _turn: trio.Lock = attrs.field(factory=trio.Lock, init=False, repr=False)

    @started.default
    def _as_it_started(self) -> Composition:
        return self.parts

    @property
    def home(self) -> Home:
        """Whose files are read."""
        return self.parts.home

    async def reload(self, reason: str) -> Reloaded:
        """Put the configuration of the files in force, or say why not: then everything stays as it is. Never raises for that.

        Requests that have begun go on with what they began with. Nothing blocks the loop meanwhile.
        """
        async with self._turn:
            began, before = trio.current_time(), self.parts
            try:
                found = await trio.to_thread.run_sync(self._compose)
                self._put_in_force(found)
            except KorproxyError as exc:
                problems = exc.problems if isinstance(exc, ConfigError) and exc.problems else [_problem(exc)]
                self.last = self._refused(reason, began, problems)
            except Exception as exc:
                log.exception("a fault of KorProxy's own while the configuration was read")
                self.last = self._refused(reason, began, [_problem(exc)])
            else:
                self.last = self._done(reason, began, before, found.parts)
            return self.last

    def _compose(self) -> _Next:
        """Read, compose and load all that the new configuration needs. In a thread.

        Raises:
            KorproxyError: It cannot be used.
        """
        self.seen = seen_now(files_of(self.home, self.parts.loaded.root))  # before: what changes from now on is seen
        loaded = read_all(self.home, fall_back=False)
        self.seen = seen_now(files_of(self.home, loaded.root)) | self.seen
        parts = recompose(self.parts, loaded)
        if parts.problems:
            raise ConfigError.of(parts.problems)
        keys = read_keys(self.home)
        self.shared.windows.prepare(parts.providers)
        snapshot = parts.snapshot()
        load_across(snapshot.translators)
        rules = rules_for(parts, self.hiding)
        return _Next(parts=parts, keys=self.keys if keys is None else key_ring(keys), snapshot=snapshot, rules=rules)

    def _put_in_force(self, found: _Next) -> None:
        """Exchange everything. No other task runs before this is over."""
        before, self.parts, self.keys = self.parts, found.parts, found.keys
        self.shared.windows.swap(found.parts.providers)
        settle_accounts(self.shared, before.providers, found.parts.providers)
        if before.settings.providers != found.parts.settings.providers:
            self.shared.lasting.learnt.forget()  # such as a format that whoever has that name now does not speak
        self.hiding.redactor.in_force = found.rules
        self.entrance.front = make_front(found.parts, found.keys, self.shared, found.snapshot)
        self.applied(found.parts)

    def _done(self, reason: str, began: float, before: Composition, parts: Composition) -> Reloaded:
        restart = needs_restart(self.started.loaded.root, parts.loaded.root, parts.tables, self.started.host.states)
        known = {str(each) for each in (*before.loaded.notices, *before.warnings)}
        for each in (*parts.loaded.notices, *parts.warnings):
            log.log(logging.INFO if str(each) in known else logging.WARNING, "%s", each)
        if restart:
            log.warning("%s: a restart is needed before these take effect: %s", RESTART, ", ".join(restart))
        result = self._result(reason, began, warnings=(*parts.loaded.notices, *parts.warnings), restart=restart)
        log.info("the configuration was read again (%s) in %.0f ms: number %d", reason, result.seconds * 1e3, parts.generation)
        return result

    def _refused(self, reason: str, began: float, problems: Sequence[Problem]) -> Reloaded:
        words = "; ".join(map(str, problems))
        log.error("%s: the configuration stays as it was (%s), since the new one cannot be used: %s", KEPT, reason, words)
        return self._result(reason, began, ok=False, problems=tuple(problems))

    def _result(self, reason: str, began: float, *, ok: bool = True, **more: Any) -> Reloaded:
        seconds = round(trio.current_time() - began, 6)
        at = timestamp(wall_time())
        return Reloaded(ok=ok, generation=self.parts.generation, reason=reason, at=at, seconds=seconds, **more)


def _problem(exc: Exception) -> Problem:
    if isinstance(exc, KorproxyError):
        return Problem(code=exc.code, path="", message=exc.detail)
    return Problem(code="KP-SYS-501", path="", message=f"KorProxy failed: {type(exc).__name__}.")
