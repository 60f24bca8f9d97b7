"""What is shown, what it may be, and how it is judged. Nothing here measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import attrs

from tests.bench.cases import GAP_MS, HUGE
from tests.bench.gateways import DIRECT, KORPROXY, LITELLM, NGINX, PORTKEY

AT_MOST, UNDER, AT_LEAST = "<=", "<", ">="
HOLDS: dict[str, Callable[[float, float], bool]] = {
    AT_MOST: lambda value, bar: value <= bar,
    UNDER: lambda value, bar: value < bar,
    AT_LEAST: lambda value, bar: value >= bar,
}


class NotMeasured(Exception):
    """A value is not there.

    Attributes:
        gateway: Whose.
    """

    def __init__(self, gateway: str, name: str) -> None:
        super().__init__(f"{gateway} has no {name}")
        self.gateway = gateway


class Round:
    """What came out in one round, by gateway and name."""

    def __init__(self, values: Mapping[str, Mapping[str, float]]) -> None:
        self.values = values

    def __call__(self, gateway: str, name: str) -> float:
        """Return one value.

        Raises:
            NotMeasured: It is not there.
        """
        try:
            return self.values[gateway][name]
        except KeyError:
            raise NotMeasured(gateway, name) from None

    def adding(self, gateway: str, values: Mapping[str, float]) -> Round:
        """Return this round with more *values*."""
        return Round({**self.values, gateway: {**self.values.get(gateway, {}), **values}})


@attrs.frozen(kw_only=True)
class Measure:
    """One thing that is shown of KorProxy.

    Attributes:
        name: Its key in the JSON.
        of: What it is in one round.
        bar: What the median is held against, in *unit*; None: it is only shown.
        sense: How: ``<=``, ``<`` or ``>=``.
        long: It takes a full run.
    """

    name: str
    label: str
    unit: str
    of: Callable[[Round], float]
    bar: float | None = None
    sense: str = AT_MOST
    long: bool = False


def own(name: str) -> Callable[[Round], float]:
    """Return what takes KorProxy's value *name*."""
    return lambda each: each(KORPROXY, name)


def times(more: str, less: str, name: str) -> Callable[[Round], float]:
    """Return what divides two gateways' values."""
    return lambda each: each(more, name) / each(less, name)


def over_direct(name: str) -> Callable[[Round], float]:
    """Return what KorProxy adds to *name*, in milliseconds; the values are in microseconds."""
    return lambda each: (each(KORPROXY, name) - each(DIRECT, name)) / 1e3


MEASURES = (
    Measure(name="cpu_us", label="CPU per chat, 64 connections", unit="us", of=own("chat_64.cpu_us"), bar=150),
    Measure(
        name="litellm_times",
        label="times less of it than LiteLLM",
        unit="",
        of=times(LITELLM, KORPROXY, "chat_64.cpu_us"),
        bar=50,
        sense=AT_LEAST,
    ),
    Measure(
        name="portkey_times",
        label="times less of it than Portkey",
        unit="",
        of=times(PORTKEY, KORPROXY, "chat_64.cpu_us"),
        bar=10,
        sense=AT_LEAST,
    ),
    Measure(name="nginx_times", label="times as much as nginx", unit="", of=times(KORPROXY, NGINX, "chat_64.cpu_us"), bar=8),
    Measure(
        name="observing_us",
        label="of it: logs, history and metrics",
        unit="us",
        of=own("observing.cpu_us"),
        bar=25,
        sense=UNDER,
    ),
    Measure(name="cpu_us_1", label="CPU per chat, 1 connection", unit="us", of=own("chat_1.cpu_us")),
    Measure(name="cpu_us_10", label="CPU per chat, 10 connections", unit="us", of=own("chat_10.cpu_us")),
    Measure(name="added_p50_ms", label="added p50, 1 connection", unit="ms", of=over_direct("chat_1.p50"), bar=0.3),
    Measure(name="added_p95_ms", label="added p95, 1 connection", unit="ms", of=over_direct("chat_1.p95"), bar=0.6),
    Measure(
        name="first_byte_ms", label="added to a stream's first byte", unit="ms", of=over_direct("first_byte.first_p50"), bar=0.4
    ),
    Measure(
        name="stream_percent",
        label="events per second at full speed, of nginx's",
        unit="%",
        of=lambda each: 100 * times(KORPROXY, NGINX, "stream.events_per_second")(each),
        bar=80,
        sense=AT_LEAST,
    ),
    Measure(name="stream_event_us", label="CPU per event at full speed", unit="us", of=own("stream.event_cpu_us")),
    Measure(
        name="paced_percent",
        label="200 paced streams: events that came in time",
        unit="%",
        of=own("paced.percent"),
        bar=99,
        sense=AT_LEAST,
    ),
    Measure(name="paced_event_us", label="their CPU per event", unit="us", of=own("paced.event_cpu_us"), bar=40),
    Measure(
        name="streams_mb",
        label="memory with 1,000 open streams",
        unit="MB",
        of=own("open_streams.memory_mb"),
        bar=150,
        sense=UNDER,
    ),
    Measure(name="stream_kb", label="memory per open stream", unit="KB", of=own("open_streams.each_kb")),
    Measure(name="translated_us", label="CPU per translated chat", unit="us", of=own("translated.cpu_us"), bar=400),
    Measure(
        name="translated_event_us",
        label="CPU per event of a translated stream",
        unit="us",
        of=own("translated_stream.event_cpu_us"),
        bar=15,
    ),
    Measure(name="large_us", label="CPU for a body of 124 KB", unit="us", of=own("large.cpu_us"), bar=500),
    Measure(name="huge_us", label="CPU for a body of 8 MB", unit="us", of=own("huge.cpu_us")),
    Measure(
        name="huge_times",
        label="memory for a body of 8 MB, times itself",
        unit="",
        of=lambda each: each(KORPROXY, "huge.memory_mb") * 1e6 / HUGE,
        bar=3,
    ),
    Measure(
        name="cancel_p99_ms",
        label="client gone to upstream closed, p99",
        unit="ms",
        of=own("cancel.p99_ms"),
        bar=20,
        sense=UNDER,
    ),
    Measure(name="version_ms", label="korproxy --version", unit="ms", of=own("version_ms"), bar=120, sense=UNDER),
    Measure(name="help_ms", label="korproxy --help", unit="ms", of=own("help_ms"), bar=120, sense=UNDER),
    Measure(name="ready_s", label="exec to the first answer of /healthz", unit="s", of=own("ready_s"), bar=0.35),
    Measure(name="idle_mb", label="idle memory, after one chat", unit="MB", of=own("idle_mb"), bar=50, sense=UNDER),
    Measure(
        name="loaded_mb", label="idle memory, after the management API", unit="MB", of=own("loaded_mb"), bar=65, sense=UNDER
    ),
    Measure(
        name="grown_mb",
        label="growth over 50,000 chats, after 50,000",
        unit="MB",
        of=own("grown_mb"),
        bar=5,
        sense=UNDER,
        long=True,
    ),
)
FLOOR = (  # what the founding document asks for at least
    Measure(name="floor_start_s", label="floor: start", unit="s", of=own("ready_s"), bar=3, sense=UNDER),
    Measure(
        name="floor_p50_ms",
        label="floor: p50, 64 connections",
        unit="ms",
        of=lambda each: each(KORPROXY, "chat_64.p50") / 1e3,
        bar=50,
        sense=UNDER,
    ),
    Measure(
        name="floor_p95_ms",
        label="floor: p95, 64 connections",
        unit="ms",
        of=lambda each: each(KORPROXY, "chat_64.p95") / 1e3,
        bar=100,
        sense=UNDER,
    ),
    Measure(name="floor_idle_mb", label="floor: idle memory", unit="MB", of=own("loaded_mb"), bar=200, sense=UNDER),
)


@attrs.frozen(kw_only=True)
class Figure:
    """What came out for one measure, round by round.

    Attributes:
        lacks: The gateway whose values are not there; empty: all are.
    """

    measure: Measure
    values: tuple[float, ...]
    lacks: str = ""

    @property
    def median(self) -> float:
        """The figure that counts: one round that was disturbed does not move it."""
        return median(self.values)

    @property
    def missed(self) -> bool:
        """Whether the bar does not hold. What KorProxy could not do at all does not hold either."""
        if self.measure.bar is None:
            return False
        if not self.values:
            return self.lacks == KORPROXY
        return not HOLDS[self.measure.sense](self.median, self.measure.bar)


def measures_for(*, short: bool) -> list[Measure]:
    """Return what a run shows."""
    return [each for each in (*MEASURES, *FLOOR) if not (short and each.long)]


def figures_of(rounds: Sequence[Round], measures: Iterable[Measure]) -> list[Figure]:
    """Return one figure for each measure. What only some rounds have, is of those."""
    return [_figure(rounds, each) for each in measures]


def _figure(rounds: Sequence[Round], measure: Measure) -> Figure:
    values, lacks = [], ""
    for each in rounds:
        try:
            values.append(measure.of(each))
        except NotMeasured as exc:
            lacks = exc.gateway
    return Figure(measure=measure, values=tuple(values), lacks="" if values else lacks)


def ideal_events(connections: int, seconds: float) -> float:
    """Return how many events that many paced streams have in this time."""
    return connections * seconds * 1000 / GAP_MS
