"""All counts as Prometheus reads them: its text format, version 0.0.4. Pure.

Counters go on where they were after a restart, for they come from the store. The number of series is bounded, whatever the
store holds: names beyond are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from korproxy.models.histogram import BOUNDS, Histogram
from korproxy.models.measures import SeriesKey, Totals, bounded
from korproxy.runtime.instruments import Moment
from korproxy.version import VERSION

Sample: TypeAlias = tuple[str, str, float]  # the end of its name, its labels as they are written, its value

MOST_DETAILED = 100  # series of which more is told than how many requests there were: each comes to 60 lines

_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def prometheus(
    counted: Iterable[tuple[SeriesKey, Totals]],
    now: Moment,
    redacted: Callable[[str], str],
    providers: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return *counted* and *now* as Prometheus text.

    Args:
        counted: Since the store is there. The same key may come more than once; the first keep their names.
        redacted: Makes a name safe to be shown.
        providers: As in ``GET /v1/providers``.
    """
    requests = bounded(counted, redacted)
    work = _without_outcome(requests)
    families = [*_of_the_daemon(now, redacted), *_of_providers(providers, redacted), *_of_requests(requests), *_of_work(work)]
    return "".join(line for family in families for line in family).encode(errors="replace")


def _of_the_daemon(now: Moment, redacted: Callable[[str], str]) -> Iterator[Iterator[str]]:
    named = [(_labels(service=redacted(each.name)), each) for each in now.services]
    dropped = [("", _labels(sink=redacted(sink), reason=why), count) for (sink, why), count in now.events_dropped.items()]
    yield _family("build_info", "gauge", "The version that runs.", [("", _labels(version=VERSION), 1)])
    yield _family("start_time_seconds", "gauge", "When the daemon started, since the epoch.", [("", "", now.started)])
    yield _family("requests_running", "gauge", "Requests under way.", [("", "", now.running)])
    away = [("", _labels(code=code), count) for code, count in now.turned_away.items()]
    yield _family("turned_away_total", "counter", "Calls that never became a request, by why, since the start.", away)
    yield _family("store_up", "gauge", "Whether what happens can be written down.", [("", "", int(now.store_up))])
    yield _family("events_waiting", "gauge", "Requests that are not written down yet.", [("", "", now.events_waiting)])
    running = [("", labels, int(each.state == "running")) for labels, each in named]
    yield _family("service_running", "gauge", "Whether a service or sink runs.", running)
    restarts = [("", labels, each.restarts) for labels, each in named]
    yield _family("service_restarts_total", "counter", "How often a service or sink was started again.", restarts)
    yield _family("events_dropped_total", "counter", "Requests that a sink did not take note of, since the start.", dropped)
    lines = [("", _labels(where=where), count) for where, count in now.lines_dropped.items()]
    yield _family("log_lines_dropped_total", "counter", "Lines of the log that are missing, since the start.", lines)


def _of_providers(providers: Sequence[Mapping[str, Any]], redacted: Callable[[str], str]) -> Iterator[Iterator[str]]:
    named = [(redacted(each["id"]), each) for each in providers]
    running = [("", _labels(provider=name), each["running"]) for name, each in named]
    yield _family("provider_requests_running", "gauge", "Requests that a provider works on.", running)
    waiting = [("", _labels(provider=name), each["waiting"]) for name, each in named]
    yield _family("provider_requests_waiting", "gauge", "Requests that wait for a free place at a provider.", waiting)
    accounts = []
    for name, each in named:
        unusable = {*each["no_key"], *each["disabled"], *_held(each["health"])}
        accounts += [("", _labels(provider=name, account=redacted(at)), int(at not in unusable)) for at in each["accounts"]]
    yield _family("account_available", "gauge", "Whether an account gets requests.", accounts)


def _held(health: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the accounts that get nothing, whatever the model."""
    return (each["account"] for each in health if each["state"] != "available" and not each["model"])


def _of_requests(counted: Mapping[SeriesKey, Totals]) -> Iterator[Iterator[str]]:
    samples = [("", _labels(**key._asdict()), totals.requests) for key, totals in counted.items()]
    yield _family("requests_total", "counter", "Requests that have ended, by how they did.", samples)


def _of_work(work: Mapping[str, Totals]) -> Iterator[Iterator[str]]:
    attempts = [("", labels, each.attempts) for labels, each in work.items()]
    yield _family("attempts_total", "counter", "Requests to providers, with those that were made again.", attempts)
    yield _family("tokens_total", "counter", "Tokens, as far as providers said.", _tokens(work))
    yield _family("bytes_total", "counter", "Bytes of requests (in) and answers (out).", _bytes(work))
    took = [sample for labels, each in work.items() for sample in _histogram(labels, each.seconds)]
    yield _family("request_seconds", "histogram", "From the head of a request to the last byte of its answer.", took)
    first = [sample for labels, each in work.items() for sample in _histogram(labels, each.first_byte)]
    yield _family("first_byte_seconds", "histogram", "From the head of a request to the first byte of its answer.", first)


def _without_outcome(counted: Mapping[SeriesKey, Totals]) -> Mapping[str, Totals]:
    """Return what was counted by the labels of all but ``requests_total``: how a request ended is no label of a duration."""
    alike = [(key._replace(outcome="", code=""), totals) for key, totals in counted.items()]
    found = bounded(alike, str, MOST_DETAILED)
    return {
        _labels(provider=key.provider, model=key.model, profile=key.profile, type=key.type): totals
        for key, totals in found.items()
    }


def _tokens(work: Mapping[str, Totals]) -> Iterator[Sample]:
    for labels, each in work.items():
        kinds = {
            "in": each.tokens_in,
            "cache_read": each.cache_read,
            "cache_write": each.cache_write,
            "out": each.tokens_out,
            "reasoning": each.reasoning,
        }
        yield from (("", f'{labels},kind="{kind}"', count) for kind, count in kinds.items())


def _bytes(work: Mapping[str, Totals]) -> Iterator[Sample]:
    for labels, each in work.items():
        yield "", f'{labels},direction="in"', each.bytes_in
        yield "", f'{labels},direction="out"', each.bytes_out


def _histogram(labels: str, histogram: Histogram) -> Iterator[Sample]:
    count = histogram.count
    within = histogram.within()
    yield from (("_bucket", f'{labels},le="{bound}"', within[bound]) for bound in BOUNDS)
    yield "_bucket", f'{labels},le="+Inf"', count
    yield "_sum", labels, histogram.sum
    yield "_count", labels, count


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the lines of one metric; also where there is nothing to count yet, for then its name is known already."""
    yield f"# HELP korproxy_{name} {text}\n# TYPE korproxy_{name} {kind}\n"
    for ending, labels, value in samples:
        yield f"korproxy_{name}{ending}{{{labels}}} {value}\n" if labels else f"korproxy_{name}{ending} {value}\n"


def _labels(**values: str) -> str:
    return ",".join([f'{name}="{value.translate(_ESCAPED)}"' for name, value in values.items()])
