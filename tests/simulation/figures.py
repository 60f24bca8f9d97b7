"""The figures of a simulated week, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.simulation.week import PLACES, Week

Row = tuple[str, str]


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that so large a *part* of all *values* does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else 0.0


def rows(week: Week) -> Iterator[Row]:
    """Yield what there is to tell of *week*."""
    plan, books, referee, people = week.plan, week.books, week.referee, week.people
    requests, visits = books.outcomes.total(), referee.by_place.total()
    yield "seed, days, strategy", f"{plan.seed}, {plan.days:g}, {plan.strategy}"
    yield "seconds it took", f"{week.seconds:.1f}"
    yield "spells of trouble", str(week.weather.count())
    yield "requests that met them", ", ".join(f"{count} {kind}" for kind, count in sorted(week.sky.met.items()))
    yield "requests of clients", str(requests)
    yield "- answered", str(books.outcomes["answered"])
    yield "  - by the second account or a later one", str(sum(count for tries, count in books.attempts.items() if tries > 1))
    yield "- client left", str(books.outcomes["left"])
    yield "- broken off by the provider in the middle", str(books.outcomes["broken"])
    yield "- lost, as nobody could answer", f"{books.outcomes['lost']} ({_counted(books.codes)})"
    yield "turns given up after three tries", str(people.turns.get("refused", 0))
    waits = [quantile(books.waited, part) for part in (0.5, 0.99, 1.0)]
    yield "first byte: p50, p99, most", ", ".join(f"{each:.1f} s" for each in waits)
    yield "requests to providers for each of a client", f"{visits / max(1, requests):.3f}"
    yield "probes, most in an hour at one account and model", f"{referee.probes}, {referee.most_probes}"
    yield "longest wait of an account", f"{referee.longest_wait:.0f} s"
    yield "sessions that moved", str(books.moves)
    yield "new sessions placed at", ", ".join(f"{'/'.join(place)} {books.placed[place]}" for place in PLACES)
    yield "most in a row that passed by an account that could", str(books.longest_passed_by)
    yield "laws broken", _counted(referee.broken_laws) or "none"


def table(week: Week) -> str:
    """Return the figures as lines, with what should not have happened behind them."""
    told = list(rows(week))
    width = max(len(name) for name, _ in told)
    return "\n".join([*(f"{name:{width}}  {value}" for name, value in told), *week.referee.breaches])


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
