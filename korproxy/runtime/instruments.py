"""What the daemon's own parts can be read off: services, what is under way, what was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from korproxy.runtime.bus import Bus
from korproxy.runtime.reload import Reloader
from korproxy.runtime.supervise import ServiceState
from korproxy.store.recorder import Recorder


@attrs.frozen(kw_only=True)
class Moment:
    """What is so right now, and what was counted since the start.

    Attributes:
        started: Seconds since the epoch.
        running: Requests under way.
        services: With the sinks.
        events_dropped: Requests that are missing in the books of a sink, by its name and why.
        lines_dropped: Lines that are missing in the log.
    """

    started: float
    running: int
    services: Sequence[ServiceState] = ()
    events_dropped: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    lines_dropped: int = 0


@attrs.frozen(kw_only=True)
class Instruments:
    """Reads them when it is asked; holds no state of its own.

    Attributes:
        states: Services and sinks.
        lines_dropped: Lines that are missing in the log.
        started: Seconds since the epoch.
    """

    bus: Bus
    recorder: Recorder
    reloader: Reloader
    states: Sequence[ServiceState]
    started: float
    lines_dropped: Callable[[], int] = lambda: 0

    def read(self) -> Moment:
        """Return what they say now."""
        return Moment(
            started=self.started,
            running=self.reloader.entrance.front.tally.running,
            services=tuple(self.states),
            events_dropped=self._dropped(),
            lines_dropped=self.lines_dropped(),
        )

    def _dropped(self) -> Mapping[tuple[str, str], int]:
        """Return what each sink lost, by its name and why; what the store lost is always told, so that it can be watched."""
        dropped = {(name, "queue full"): count for name, count in self.bus.dropped.items()}
        return {(self.recorder.name, "not written"): self.recorder.dropped, **dropped}
