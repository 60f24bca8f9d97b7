"""``korproxy metrics``: how many requests there were, how they ended, what they cost and how long they took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli
from korproxy.builtin.commands.look.figures import amount, number, part, took
from korproxy.builtin.commands.look.row import from_files, short
from korproxy.builtin.commands.look.times import local, now, since_of
from korproxy.builtin.commands.steer.told import listed, table

MOST = 20  # rows of a table
HEAD = ("requests", "errors", "p50", "p90", "p99", "1st byte p50", "p90", "p99", "tokens in", "out")
SPREAD = ("p50", "p90", "p99")
ENDS = ("ok", "refused", "failed", "client_left")
CACHED = ("in", "cache_read", "cache_write")


@click.command()
@click.option("--since", metavar="TIME", default="24h", show_default=True, callback=since_of, help="From when on: 10m, 7d.")
@click.pass_obj
def metrics(cli: Cli, /, *, since: float) -> None:
    """Say how many requests there were, how they ended, what they cost and how long they took.

    The running daemon answers; if none is running, the figures come from the disk, and the output says so. They are the same as
    those of `/v1/metrics`, `/metrics` and the debug bundle. They are kept for seven days ([store] days): by the minute for the
    last day, by the hour before. Errors are requests that were refused or failed. Percentiles are right within 1 %.

    \b
    Examples:
      korproxy metrics
      korproxy metrics --since 10m
      korproxy metrics --since 7d --json
    """  # noqa: D301 -- click wants the character itself
    found = cli.insight.metrics(since=now() - since)
    errors = [*part(part(found, "total"), "errors"), *part(found, "turned_away")]
    codes = cli.codes() if errors and not cli.as_json else None
    meanings = {} if codes is None else {code: known.message for code in errors if (known := codes.get(code))}
    above = [from_files(cli.home)] if found.get("asked") == "files" else []
    cli.show("\n".join([*above, *lines(found, meanings)]), found)


def lines(found: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield the answer in lines.

    Args:
        meanings: What the codes of errors mean, as far as that is known.
    """
    yield from _remarks(found)
    total = part(found, "total")
    yield f"since        {local(found.get('since'))}"
    yield from _total(total)
    if number(total.get("requests")):
        yield from _tables(found)
    yield from _errors("errors", part(total, "errors"), meanings)
    yield from _errors("turned away since the start, before it was a request", part(found, "turned_away"), meanings)


def _tables(found: Mapping[str, Any]) -> Iterator[str]:
    yield from _table("provider", listed(found.get("by_provider")), lambda row: short(row.get("provider")))
    yield from _table("model", listed(found.get("by_model")), _model)
    for name in ("profile", "type"):
        rows = listed(found.get(f"by_{name}"))
        if len(rows) > 1:
            yield from _table(name, rows, lambda row, name=name: short(row.get(name)))  # type: ignore[misc]


def _errors(title: str, errors: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield how often there was which error, the most frequent first."""
    counted = sorted(errors.items(), key=lambda each: (-number(each[1]), each[0]))
    rows = [(f"  {short(code)}", f"{number(count)}", meanings.get(code, "")) for code, count in counted]
    if rows:
        yield from ("", title, *table(rows))


def _remarks(found: Mapping[str, Any]) -> Iterator[str]:
    notes = found.get("notes")
    for note in notes if isinstance(notes, list) else ():
        yield "".join(each if each.isprintable() else "?" for each in str(note))
    for lost in listed(found.get("dropped")):
        what = f"{number(lost.get('count'))} requests since the start"
        yield f"Missing: {what}, lost on the way to the {short(lost.get('sink'))} ({short(lost.get('reason'))})"


def _total(total: Mapping[str, Any]) -> Iterator[str]:
    count = number(total.get("requests"))
    if not count:
        yield "requests     0"
        return
    ends = [f"{name.replace('_', ' ')} {each} ({each / count:.1%})" for name in ENDS if (each := number(total.get(name)))]
    tokens, size = part(total, "tokens"), part(total, "bytes")
    cache = f"read from a cache {amount(tokens.get('cache_read'))}, written to it {amount(tokens.get('cache_write'))}"
    yield f"requests     {count}: {', '.join(ends)}"
    yield f"attempts     {number(total.get('attempts'))}"
    yield f"tokens       in {amount(tokens.get('in'))}, {cache}, out {amount(tokens.get('out'))}"
    yield f"bytes        in {amount(size.get('in'))}, out {amount(size.get('out'))}"
    for name, key in (("took", "seconds"), ("first byte", "first_byte")):
        spread = part(total, key)
        if number(spread.get("count")):
            yield f"{name:12} {', '.join(f'{each} {took(spread.get(each))}' for each in (*SPREAD, 'mean'))}"


def _table(title: str, rows: Sequence[Mapping[str, Any]], named: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
    cells = [(title, *HEAD), *((named(row), *_figures(row)) for row in rows[:MOST])]
    first, *widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for name, *figures in cells:
        yield "  ".join([f"{name:{first}}", *(f"{each:>{width}}" for each, width in zip(figures, widths, strict=True))])
    if len(rows) > MOST:
        yield f"and {len(rows) - MOST} more; `korproxy metrics --json` has all"


def _figures(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"{number(row.get('requests'))}"
    yield f"{number(row.get('error_rate')):.1%}"
    for key in ("seconds", "first_byte"):
        yield from (took(part(row, key).get(each)) for each in SPREAD)
    tokens = part(row, "tokens")
    yield amount(sum(number(tokens.get(each)) for each in CACHED))
    yield amount(tokens.get("out"))


def _model(row: Mapping[str, Any]) -> str:
    return short("/".join(filter(None, [str(row.get("provider") or ""), str(row.get("model") or "")])))
