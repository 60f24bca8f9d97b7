"""``korproxy metrics``: how many requests there were, how they ended, what they cost and how long they took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli
from korproxy.builtin.commands.look.times import local, now, since_of
from korproxy.builtin.commands.steer.told import listed, table

LONGEST = 48  # characters of a name
FROM_FILES = "No daemon runs with this home: this is what the last one has written down."
HEAD = ("", "requests", "bad", "p50", "p90", "p99", "1st byte p50", "p90", "p99", "tokens in", "out")
TABLES = {  # title -> which part of the answer, and what its rows are called
    "provider": ("by_provider", lambda row: _name(row.get("provider"))),
    "model": ("by_model", lambda row: f"{_name(row.get('provider'))}/{_name(row.get('model'))}"),
    "profile": ("by_profile", lambda row: _name(row.get("profile"))),
    "type": ("by_type", lambda row: _name(row.get("type"))),
}


@click.command()
@click.option("--since", metavar="TIME", default="24h", show_default=True, callback=since_of, help="From when on: 10m, 7d.")
@click.pass_obj
def metrics(cli: Cli, /, *, since: float) -> None:
    """Say how many requests there were, how they ended, what they cost and how long they took.

    The running daemon answers; if none is running, the figures come from the disk, and the output says so. They are those of
    `/v1/metrics`, `/metrics` and the debug bundle. They are kept for seven days ([store] days), by the minute for the last day,
    by the hour before. Percentiles are right within 1 %.

    \b
    Examples:
      korproxy metrics
      korproxy metrics --since 10m
      korproxy metrics --since 7d --json
    """  # noqa: D301 -- click wants the character itself
    found: Mapping[str, Any] = cli.insight.metrics(since=now() - since)
    meanings = {
        code: each.message for code in (found.get("total") or {}).get("errors") or {} if (each := cli.codes().get(code))
    }
    cli.show("\n".join(lines(found, meanings)), found)


def lines(found: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield the answer in lines.

    Args:
        meanings: What the codes of errors mean, as far as that is known.
    """
    total = found.get("total") or {}
    yield from [FROM_FILES] if found.get("asked") == "files" else []
    yield from map(str, found.get("notes") or ())
    yield from (
        f"Lost: {each.get('count')} ({each.get('sink')}: {each.get('reason')})" for each in listed(found.get("dropped"))
    )
    yield f"since        {local(found.get('since'))}"
    yield from _total(total)
    if not total.get("requests"):
        return
    for title, (part, named) in TABLES.items():
        yield from _table(title, listed(found.get(part)), named)
    yield from _errors(total.get("errors") or {}, meanings)


def _total(total: Mapping[str, Any]) -> Iterator[str]:
    tokens, size = total.get("tokens") or {}, total.get("bytes") or {}
    count = total.get("requests") or 0
    ends = [(name.replace("_", " "), total.get(name) or 0) for name in ("ok", "refused", "failed", "client_left")]
    told = ", ".join(f"{name} {each} ({each / count:.1%})" for name, each in ends if each)
    yield f"requests     {count}{f': {told}' if told else ''}"
    if not count:
        return
    cached = (tokens.get("cache_read") or 0) + (tokens.get("cache_write") or 0)
    yield f"attempts     {total.get('attempts') or 0}"
    yield f"tokens       in {amount(tokens.get('in'))}, from or to a cache {amount(cached)}, out {amount(tokens.get('out'))}"
    yield f"bytes        in {amount(size.get('in'))}, out {amount(size.get('out'))}"
    yield f"took         {_spread(total.get('seconds'))}"
    yield f"first byte   {_spread(total.get('first_byte'))}"


def _spread(spread: Any) -> str:
    known = spread if isinstance(spread, Mapping) else {}
    return ", ".join(f"{name} {took(known.get(name))}" for name in ("p50", "p90", "p99", "mean"))


def _table(title: str, rows: Sequence[Mapping[str, Any]], named: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
    cells = [(title, *HEAD[1:]), *((named(row), *_figures(row)) for row in rows)]
    width = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for row in cells:
        numbers = [f"{cell:>{size}}" for cell, size in zip(row[1:], width[1:], strict=True)]
        yield "  ".join([f"{row[0]:{width[0]}}", *numbers])


def _figures(row: Mapping[str, Any]) -> Iterator[str]:
    yield str(row.get("requests") or 0)
    yield f"{row.get('error_rate') or 0:.1%}"
    for part in ("seconds", "first_byte"):
        yield from (took((row.get(part) or {}).get(name)) for name in ("p50", "p90", "p99"))
    tokens = row.get("tokens") or {}
    yield amount(sum(tokens.get(name) or 0 for name in ("in", "cache_read", "cache_write")))
    yield amount(tokens.get("out"))


def _errors(errors: Mapping[str, int], meanings: Mapping[str, str]) -> Iterator[str]:
    rows = [(code, str(count), meanings.get(code, "")) for code, count in errors.items()]
    if rows:
        yield from ("", *table([("error", "requests", ""), *rows]))


def _name(name: object) -> str:
    """Return a *name* so that it neither fills the terminal nor does anything to it: clients may make up any."""
    text = "".join(each if each.isprintable() else "?" for each in str(name or "-"))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def took(seconds: object) -> str:
    """Write a duration in three digits or so."""
    if not isinstance(seconds, int | float):
        return "-"
    for size, unit in ((60, "min"), (1, "s"), (0.001, "ms")):
        if seconds >= size * 0.9995 or unit == "ms":
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:.0f} {unit}"
    return "-"


def amount(count: object) -> str:
    """Write a number of tokens or bytes in three digits or so."""
    if not isinstance(count, int | float):
        return "0"
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.0f}"
