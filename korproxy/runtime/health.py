"""What ``korproxy status`` and the diagnostics tell of the running daemon."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence

import attrs
import trio

from korproxy.contracts import Collector
from korproxy.gateway.redact import Redactor
from korproxy.plugins.report import PluginState
from korproxy.runtime.supervise import ServiceState, described
from korproxy.server.front import Front
from korproxy.version import VERSION

PATIENCE = 5.0  # seconds a collector gets

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Health:
    """Answers questions about the daemon. Holds no state of its own."""

    about: Mapping[str, object]
    home: str
    front: Front
    services: Callable[[], Sequence[ServiceState]]
    plugins: Callable[[], Sequence[PluginState]]
    collectors: Sequence[Collector]
    redactor: Redactor
    began: float

    async def report(self) -> Mapping[str, object]:
        """Return the whole state in JSON's own types, with a section for each collector."""
        states = [each.state for each in self.plugins()]
        services = self.services()
        broken = any(each.state in ("waiting to restart", "starting") for each in services)
        return {
            "status": "degraded" if broken else "ok",
            "version": VERSION,
            **self.about,
            "uptime_seconds": round(trio.current_time() - self.began, 3),
            "home": self.home,
            "requests": attrs.asdict(self.front.tally),
            "providers": self.providers(),
            "services": [_clean(each.to_dict(), self.redactor) for each in services],  # last_error is anybody's text
            "plugins": {"loaded": states.count("loaded"), "broken": states.count("broken")},
            "sections": await self._sections(),
        }

    def providers(self) -> list[Mapping[str, object]]:
        """Return one entry per provider."""
        gate = self.front.answerer.gate
        return [
            {
                "id": each.id,
                "type": each.type,
                "base_url": self.redactor.redact(each.base_url),  # where a plugin's users may have put a key
                "accounts": [account.name for account in each.accounts],
                "running": gate.windows[each.id].slots.running,
                "waiting": gate.windows[each.id].slots.waiting,
                "connections": gate.windows[each.id].upstream.open_connections,
                "pool": attrs.asdict(gate.windows[each.id].upstream.counters),
            }
            for each in gate.snapshot.providers
        ]

    async def _sections(self) -> Mapping[str, object]:
        found: dict[str, object] = {}
        async with trio.open_nursery() as nursery:
            for each in self.collectors:
                nursery.start_soon(self._collect, each, found)
        return dict(sorted(found.items()))

    async def _collect(self, collector: Collector, found: dict[str, object]) -> None:
        """Ask one collector; a failing or slow one says so in its own section."""
        found[collector.name] = {"error": f"no answer within {PATIENCE:g} s"}
        try:
            with trio.move_on_after(PATIENCE):
                found[collector.name] = _clean(await collector.collect(), self.redactor)
        except (Exception, SystemExit) as exc:  # noqa: BLE001 -- somebody else's code, and only its own section is lost
            log.info("collector %s failed: %s", collector.name, described(exc))
            found[collector.name] = {"error": self.redactor.redact(described(exc))}


def _clean(value: object, redactor: Redactor) -> object:
    """Return *value* in JSON's own types with every text in it redacted. JSON knows no NaN and no infinity."""
    if isinstance(value, Mapping):
        return {redactor.redact(str(key)): _clean(each, redactor) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, redactor) for each in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return redactor.redact(str(value))
