"""``korproxy debug-bundle``: all that helps to find a fault, in one file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from korproxy.api import Cli, CommandFailed
from korproxy.builtin.commands.look.clipboard import by_program, by_terminal
from korproxy.builtin.commands.private_file import write_private

NOT_WRITTEN, NOT_COPIED = "KP-SYS-540", "KP-SYS-541"
SHARED = "It has no prompts and no answers, and what looks like a secret is hidden. Look through it before you share it."


@click.command("debug-bundle")
@click.option("--output", metavar="FILE", help="Write to FILE; - is stdout.")
@click.option("--copy", is_flag=True, help="Put it into the clipboard, too.")
@click.option("--repro", metavar="ID", default="", help="Add the shape of the failed request ID.")
@click.pass_obj
def debug_bundle(cli: Cli, /, *, output: str | None, copy: bool, repro: str) -> None:
    """Put all that helps to find a fault into one file, without secrets.

    It has the version, the system, the masked configuration, plugins, providers, the last 100 log entries, the numbers of
    the last 24 hours, the last failures with their reasons, the running services, and what collector plugins add.
    On a terminal it goes into a new file in the current folder; else to stdout. Where no daemon runs, or it does not answer,
    the bundle is made from what is on the disk.

    --repro adds what the request looked like: its fields, types and lengths; every text in it is replaced by filler.

    \b
    Examples:
      korproxy debug-bundle
      korproxy debug-bundle --output bundle.json
      korproxy debug-bundle --copy
      korproxy debug-bundle --repro 0b6f4a44-3a1c-4f07-9c8e-0d9a4a7a2f11 --output -
    """  # noqa: D301 -- click wants the character itself
    bundle = cli.insight.bundle(repro=repro)
    text = json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
    path = _path(cli, bundle, output, copy=copy)
    if path is None and not copy:
        cli.show(text.rstrip("\n"), bundle)
        return
    lines = []
    if path is not None:
        write_private(path, text, code=NOT_WRITTEN)
        lines.append(f"Wrote {path} ({_size(text)}).")
    if copy:
        lines.append(_copied(bundle, path))
    done = {"output": None if path is None else str(path), "copied": copy, "remarks": bundle.get("remarks")}
    cli.show("\n".join([*lines, *_told(bundle), SHARED]), done)


def _path(cli: Cli, bundle: Mapping[str, Any], output: str | None, *, copy: bool) -> Path | None:
    """Return where the bundle is written to; None: into no file."""
    if output == "-":
        return None
    if output is not None:
        return Path(output)
    if copy or cli.as_json or not sys.stdout.isatty():
        return None
    made = "".join(each for each in str(bundle.get("made_at", ""))[:19] if each.isdigit() or each == "T")
    return Path(f"korproxy-debug-{made}.json")


def _copied(bundle: Mapping[str, Any], path: Path | None) -> str:
    """Put *bundle* into the clipboard, and say how."""
    text = json.dumps(bundle, separators=(",", ":"))  # all of it ASCII: some programs take other letters for something else
    by_name, sent = by_program(text), by_terminal(text)
    if not by_name and not sent:
        advice = f"It was written to {path} all the same." if path else "Write it to a file with --output FILE."
        raise CommandFailed(NOT_COPIED, f"Nothing here takes {_size(text)} into a clipboard. {advice}")
    if not by_name:
        return f"Asked the terminal to put it into the clipboard ({_size(text)}). Not every one does that, and none says so."
    return f"Copied it by {by_name} ({_size(text)})" + (", and asked the terminal to do so." if sent else ".")


def _size(text: str) -> str:
    return f"{len(text.encode()) / 1000:,.0f} kB"


def _told(bundle: Mapping[str, Any]) -> list[str]:
    remarks, cut = bundle.get("remarks") or (), bundle.get("cut") or ()
    return [*(f"Note: {each}" for each in remarks), *([f"Cut, for it would be too large: {len(cut)} places."] if cut else [])]
