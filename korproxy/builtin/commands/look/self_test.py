"""``korproxy self-test``: proof that KorProxy does what it promises, with the plugins that are installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from korproxy.api import Cli

MOST = 20  # findings that are told one by one


@click.command("self-test")
@click.option("--canary", is_flag=True, help="Plant made-up secrets everywhere, and look for them in all that is written.")
@click.option("--no-redaction", is_flag=True, help="Without the rules that hide secrets: then the canary must be found.")
@click.pass_obj
def self_test(cli: Cli, *, canary: bool, no_redaction: bool) -> None:
    """Prove that KorProxy does what it promises.

    A KorProxy of its own is started in a temporary home, with a provider on this machine behind it. Nothing leaves the
    machine, and the daemon that you use is left alone. The proof takes some seconds.

    With --canary, made-up secrets of many shapes are planted in requests, answers, errors, plugins and configuration, plain and
    encoded. Then all that KorProxy wrote and showed is searched for every piece of them. Beside each secret stands a harmless
    marker, which has to be found, so that it is known that the right places were searched.

    Exit code 0 if nothing got out, else 1.

    \b
    Examples:
      korproxy self-test --canary
      korproxy self-test --canary --json
      korproxy self-test --canary --no-redaction     see what would get out
    """  # noqa: D301 -- click wants the character itself
    if not canary:
        raise click.UsageError("Say what is to be proven: --canary.")
    if not cli.as_json:
        click.echo("Planting made-up secrets in a KorProxy of its own, and looking for them...", err=True)
    proof: Mapping[str, Any] = cli.insight.canary(redaction=not no_redaction)
    cli.show("\n".join(lines(proof)), proof)
    if not proof["ok"]:
        raise SystemExit(1)


def lines(proof: Mapping[str, Any]) -> Iterator[str]:
    """Put what came of it into words, with the verdict at the end."""
    yield from _table(proof["places"])
    yield ""
    for title, name in (("got out", "findings"), ("not found where it must be", "missing"), ("content", "content")):
        yield from _told(title, proof[name])
    size = sum(proof["sinks"].values()) / 1e6
    yield (
        f"{proof['secrets']} secrets of {len(proof['shapes'])} shapes, {len(proof['sinks'])} places searched"
        f" ({size:.1f} MB), {proof['seconds']} s"
    )
    yield verdict(proof)


def verdict(proof: Mapping[str, Any]) -> str:
    """Say in one sentence what was proven."""
    if proof["ok"]:
        return "ok: no secret and no content got out, and every marker was where it had to be."
    counts = f"{len(proof['findings'])} secrets got out, {len(proof['content'])} pieces of content did,"
    return f"NOT PROVEN [KP-SYS-542]: {counts} {len(proof['missing'])} markers are not where they had to be."


def _table(places: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max((len(each["place"]) for each in places), default=0)
    yield f"{'planted in':{width}}  secrets  markers found  got out"
    for each in places:
        found = f"{each['expected'] - each['missing']} of {each['expected']}"
        yield f"{each['place']:{width}}  {each['planted']:7}  {found:>13}  {each['findings'] + each['content']:7}"


def _told(title: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in found[:MOST]:
        where = f"{each['shape']} ({each['encoding']}), planted in {each['place']}: {each['sink']}"
        around = f" as {each['written']}: {each['around']!r}" if each.get("around") else ""
        yield f"{title}: {each['marker']} {where}{around}"
    if len(found) > MOST:
        yield f"{title}: and {len(found) - MOST} more; --json has all"
