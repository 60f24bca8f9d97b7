"""What the daemon's own parts can be read off: services, what is under way, what was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from korproxy.runtime.bus import Bus
from korproxy.runtime.reload import Reloader
from korproxy.runtime.supervise import ServiceState
from korproxy.store.recorder import Recorder

QUEUE_FULL = "queue full"
REASONS = ("store down", "not writable")  # why the store may lose something


@attrs.frozen(kw_only=True)
class Moment:
    """What is so right now, and what was counted since the start.

    Attributes:
        started: Seconds since the epoch.
        running: Requests under way.
        turned_away: What never became a request, by its code.
        services: With the sinks.
        store_up: Whether the store could be written to at the last try.
        events_waiting: Requests that are not written down yet.
        events_dropped: Requests that are missing in the books of a sink, by its name and why.
        lines_dropped: Lines of the log that are missing, by where.
    """

    started: float
    running: int
    turned_away: Mapping[str, int] = attrs.field(factory=dict)
    services: Sequence[ServiceState] = ()
    store_up: bool = True
    events_waiting: int = 0
    events_dropped: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    lines_dropped: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Instruments:
    """Reads them when it is asked; holds no state of its own.

    Attributes:
        states: Services and sinks.
        lines_dropped: Lines of the log that are missing, by where.
        started: Seconds since the epoch.
    """

    bus: Bus
    recorder: Recorder
    reloader: Reloader
    states: Sequence[ServiceState]
    started: float
    lines_dropped: Callable[[], Mapping[str, int]] = dict

    def read(self) -> Moment:
        """Return what they say now."""
        tally = self.reloader.entrance.front.tally
        return Moment(
            started=self.started,
            running=tally.running,
            turned_away=dict(tally.turned_away),
            services=tuple(self.states),
            store_up=self.recorder.down is None,
            events_waiting=self.recorder.waiting,
            events_dropped=self._dropped(),
            lines_dropped=self.lines_dropped(),
        )

    def _dropped(self) -> Mapping[tuple[str, str], int]:
        """Return what each sink lost, by its name and why; of the store it is told also where that is nothing."""
        store, bus = self.recorder, self.bus
        lost = {(store.name, why): store.lost[why] for why in (*REASONS, *store.lost)}
        return {**lost, (store.name, QUEUE_FULL): 0, **{(name, QUEUE_FULL): count for name, count in bus.dropped.items()}}
