"""What was counted, as people and programs are told it: the same answer everywhere. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from korproxy.models.histogram import Histogram
from korproxy.models.measures import SeriesKey, Totals, bounded

PERCENTILES = (50, 90, 99)
OFF = "[KP-SYS-534] Metrics are switched off ([store] metrics = false), so requests are not counted at present."
OUTCOMES = ("ok", "refused", "failed", "client left")


def answer(
    counted: Iterable[tuple[SeriesKey, Totals]],
    redacted: Callable[[str], str],
    *,
    since: float,
    until: float,
    dropped: Mapping[tuple[str, str], int] | None = None,
    turned_away: Mapping[str, int] | None = None,
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the answer to ``GET /v1/metrics``: the summary, what is missing in it, and notes.

    Args:
        redacted: Makes a name safe to be shown.
        dropped: Requests that a sink lost since the daemon started, by its name and why.
        turned_away: What never became a request since then, by its code.
        notes: What whoever reads the figures should know.
    """
    lost = [{"sink": sink, "reason": why, "count": count} for (sink, why), count in (dropped or {}).items() if count]
    told = summary(bounded(counted, redacted).items(), since=since, until=round(until, 3))
    return {**told, "turned_away": dict(turned_away or {}), "dropped": lost, "notes": list(notes)}


def summary(counted: Iterable[tuple[SeriesKey, Totals]], *, since: float, until: float) -> dict[str, Any]:
    """Return what happened between two times, in JSON's own types; durations in seconds.

    Args:
        counted: The same key may come more than once.
        since, until: Seconds since the epoch: what *counted* really covers.
    """
    rows = list(counted)
    return {
        "since": since,
        "until": until,
        "total": _told(rows),
        "by_provider": _by(rows, lambda key: {"provider": key.provider}),
        "by_model": _by(rows, lambda key: {"provider": key.provider, "model": key.model}),
        "by_profile": _by(rows, lambda key: {"profile": key.profile}),
        "by_type": _by(rows, lambda key: {"type": key.type}),
    }


def _by(rows: Sequence[tuple[SeriesKey, Totals]], named: Callable[[SeriesKey], dict[str, str]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[tuple[SeriesKey, Totals]]] = {}
    for key, totals in rows:
        groups.setdefault(tuple(named(key).values()), []).append((key, totals))
    told = [{**named(group[0][0]), **_told(group)} for group in groups.values()]
    return sorted(told, key=lambda each: (-each["requests"], str(each)))


def _told(rows: Sequence[tuple[SeriesKey, Totals]]) -> dict[str, Any]:
    whole = Totals()
    outcomes = dict.fromkeys(OUTCOMES, 0)
    errors: dict[str, int] = {}
    for key, totals in rows:
        whole.merge(totals)
        outcomes[key.outcome] = outcomes.get(key.outcome, 0) + totals.requests
        if key.code:
            errors[key.code] = errors.get(key.code, 0) + totals.requests
    bad = outcomes["refused"] + outcomes["failed"]
    return {
        "requests": whole.requests,
        **{name.replace(" ", "_"): count for name, count in outcomes.items()},
        "error_rate": round(bad / whole.requests, 6) if whole.requests else 0.0,
        "errors": dict(sorted(errors.items(), key=lambda each: (-each[1], each[0]))),
        "attempts": whole.attempts,
        "tokens": {
            "in": whole.tokens_in,
            "cache_read": whole.cache_read,
            "cache_write": whole.cache_write,
            "out": whole.tokens_out,
            "reasoning": whole.reasoning,
        },
        "bytes": {"in": whole.bytes_in, "out": whole.bytes_out},
        "seconds": _spread(whole.seconds),
        "first_byte": _spread(whole.first_byte),
    }


def _spread(histogram: Histogram) -> Mapping[str, float | int | None]:
    count = histogram.count
    found = {"mean": histogram.sum / count if count else None}
    found |= {f"p{percent}": histogram.percentile(percent) for percent in PERCENTILES}
    return {"count": count, **{name: None if each is None else round(each, 6) for name, each in found.items()}}
