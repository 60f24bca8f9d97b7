"""What ``korproxy status`` and the diagnostics tell of the running daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import trio

from korproxy.contracts import Collector
from korproxy.gateway.clean import clean
from korproxy.gateway.redact import Redactor
from korproxy.runtime.health_check import HealthCheck
from korproxy.runtime.reload import Reloader
from korproxy.runtime.supervise import ServiceState, described
from korproxy.version import VERSION

PATIENCE = 5.0  # seconds a collector gets
LARGE = 50_000  # characters, or so: a millisecond for the rules that hide secrets

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Health:
    """Answers questions about the daemon. Holds no state of its own.

    Attributes:
        books: How they are kept; see ``bookkeeping``.
    """

    about: Mapping[str, object]
    reloader: Reloader
    checks: HealthCheck
    services: Callable[[], Sequence[ServiceState]]
    redactor: Redactor
    began: float
    books: Callable[[], Mapping[str, Any]] = dict

    async def report(self) -> Mapping[str, object]:
        """Return the whole state in JSON's own types, with a section for each collector."""
        parts, front = self.reloader.parts, self.reloader.entrance.front
        states = [each.state for each in parts.host.states]
        services, books = self.services(), self.books()
        broken = any(each.state in ("waiting to restart", "starting") for each in services) or books.get("down") is not None
        return {
            "status": "degraded" if broken else "ok",
            "version": VERSION,
            **self.about,
            "uptime_seconds": round(trio.current_time() - self.began, 3),
            "home": self.redactor.redact(str(parts.home.path)),
            "generation": parts.generation,
            "reload": self._last_reload(),
            "notices": [clean(str(each), self.redactor) for each in parts.loaded.notices],
            "safe_start": parts.careful,
            "left_out": list(parts.left_out),
            "safe_mode": parts.settings.features.safe_mode and parts.loaded.routing.safe_mode.on,
            "requests": {"running": front.tally.running, "total": front.tally.total},
            "providers": self.providers(),
            "services": [clean(each.to_dict(), self.redactor) for each in services],  # last_error is anybody's text
            "store": clean(books, self.redactor),
            "plugins": {"loaded": states.count("loaded"), "broken": states.count("broken")},
            "sections": await sections((each.item for each in parts.offered_collectors), self.redactor),
        }

    def providers(self) -> list[Mapping[str, object]]:
        """Return one entry per provider."""
        gate = self.reloader.entrance.front.answerer.gate
        known = gate.lasting.board.to_dict()
        disabled = gate.snapshot.routing.disabled
        return [
            {
                "id": each.id,
                "type": each.type,
                "base_url": self.redactor.redact(each.base_url),  # where a plugin's users may have put a key
                "accounts": [account.name for account in each.accounts],
                "no_key": [account.name for account in each.accounts if account.missing is not None],
                "disabled": [account.name for account in each.accounts if f"{each.id}/{account.name}" in disabled],
                "health": [_of_account(entry) for entry in known if entry["provider"] == each.id],
                "checks": self._checks(each.id),
                "running": gate.windows[each.id].slots.running,
                "waiting": gate.windows[each.id].slots.waiting,
                "retries_left": gate.budget.left(each.id),
                "connections": gate.windows[each.id].upstream.open_connections,
                "pool": attrs.asdict(gate.windows[each.id].upstream.counters),
            }
            for each in gate.snapshot.providers
        ]

    def _checks(self, provider: str) -> list[dict[str, object]]:
        found = sorted(self.checks.found.items())
        return [{"account": account, **attrs.asdict(each)} for (name, account), each in found if name == provider]

    def _last_reload(self) -> object:
        last = self.reloader.last
        return None if last is None else clean(last.to_dict(), self.redactor)


async def sections(collectors: Iterable[Collector], redactor: Redactor) -> Mapping[str, object]:
    """Return what each of *collectors* tells, by its name, redacted; all are asked at once."""
    found: dict[str, object] = {}
    async with trio.open_nursery() as nursery:
        for each in collectors:
            nursery.start_soon(_collect, each, redactor, found)
    return dict(sorted(found.items()))


async def _collect(collector: Collector, redactor: Redactor, found: dict[str, object]) -> None:
    """Ask one collector; a failing or slow one says so in its own section."""
    found[collector.name] = {"error": f"no answer within {PATIENCE:g} s"}
    try:
        with trio.move_on_after(PATIENCE):
            told = await collector.collect()
            if is_large(told):
                found[collector.name] = await trio.to_thread.run_sync(clean, told, redactor, abandon_on_cancel=True)
            else:
                found[collector.name] = clean(told, redactor)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 -- somebody else's code, and only its own section is lost
        log.info("collector %s failed: %s", collector.name, described(exc))
        found[collector.name] = {"error": redactor.redact(described(exc))}


def _of_account(entry: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in entry.items() if name != "provider"}


def is_large(value: object, most: int = LARGE) -> bool:
    """Whether to redact all of *value* takes so long that it has to be done beside the loop."""
    waiting = [value]
    while waiting and most > 0:
        each = waiting.pop()
        most -= len(each) if isinstance(each, str | bytes) else 10
        if isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each
    return most <= 0
