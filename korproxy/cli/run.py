"""``korproxy run``: the daemon in the foreground."""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from korproxy.errors.exceptions import CannotStart, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from korproxy.cli.context import Context
    from korproxy.runtime.daemon import Ready


@click.command()
@click.option("--demo", is_flag=True, help="Answer from a built-in mock provider: no account, no cost.")
@click.option("--host", "hosts", multiple=True, metavar="ADDRESS", help="Listen on this address; repeatable.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any that is free.")
@click.pass_obj
def run(cli: Context, demo: bool, hosts: tuple[str, ...], port: int | None) -> None:
    """Run the daemon until Ctrl-C or `korproxy stop`.

    The first SIGTERM or Ctrl-C lets running answers end ([server] grace); a second one cuts them off.
    Exit codes: 0 stopped, 70 a fault of KorProxy's own, 75 it would not stop by itself, 78 it cannot start as configured.

    \b
    Examples:
      korproxy run                       serve what korproxy.toml configures
      korproxy run --demo                try it without any account
      korproxy run --port 0 --json       any free port; the address as JSON on the first line
    """  # noqa: D301 -- click wants the character itself
    from korproxy.runtime import foundations
    from korproxy.runtime.memory import uncollected

    with uncollected():  # until the daemon has settled
        foundations.lay()
        code = _run(cli, demo=demo, hosts=hosts, port=port)
    sys.exit(code)


def _run(cli: Context, *, demo: bool, hosts: tuple[str, ...], port: int | None) -> int:
    from korproxy.cli.failures import report
    from korproxy.runtime.daemon import Options, run_daemon
    from korproxy.runtime.exit_codes import Exit

    chosen = cli.chosen
    options = Options(
        home=cli.files,
        demo=demo,
        hosts=hosts or None,
        port=port,
        plugin_dirs=chosen.plugin_dirs,
        no_plugins=chosen.no_plugins,
        verbose=chosen.verbose,
    )
    try:
        return run_daemon(options, announce=lambda ready: _say(ready, as_json=chosen.as_json))
    except (ConfigError, CannotStart) as exc:
        report(exc, chosen)
        return Exit.CONFIG
    except Exception as exc:  # noqa: BLE001 -- the last place where it can be put in words
        report(exc, chosen)
        return Exit.INTERNAL


def _say(ready: Ready, *, as_json: bool) -> None:
    text = json.dumps({"ready": ready_data(ready)}) if as_json else "\n".join(ready_lines(ready))
    try:
        click.echo(text)
        sys.stdout.flush()
    except OSError:  # nobody reads it any more, which is no reason not to serve
        with suppress(OSError, ValueError):  # Python flushes once more at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def ready_data(ready: Ready) -> dict[str, object]:
    """Return the same for other programs, in JSON's own types."""
    return {
        "urls": list(ready.urls),
        "home": str(ready.home.path),
        "demo": ready.demo,
        "providers": list(ready.providers),
        "warnings": list(ready.warnings),
    }


def ready_lines(ready: Ready) -> list[str]:
    """Return what the user reads once the daemon answers: where it is, and what to do next."""
    url = ready.urls[0]
    lines = [f"KorProxy is ready at {url}" + (f" (and {', '.join(ready.urls[1:])})" if ready.urls[1:] else "")]
    lines += [f"  warning: {each}" for each in ready.warnings]
    if ready.demo:
        lines.append("  Demo: a mock provider answers, whatever the model. Nothing leaves this machine. Try:")
        lines += ["", *_curls(url, ready.home.client_key), ""]
    elif not ready.providers:
        lines.append("  No provider is configured yet: `korproxy init` writes a korproxy.toml to fill in; it is read at once.")
    else:
        lines.append(f"  Providers: {', '.join(ready.providers)}. Point your tool at {url}/v1 (OpenAI) or {url} (Anthropic).")
    return [*lines, f"  Key: {ready.home.client_key}   Stop: Ctrl-C"]


def _curls(url: str, key: Path) -> list[str]:
    """Return one call in each format, ready to be pasted into a shell."""
    message = '"messages": [{"role": "user", "content": "Hello"}]'
    read_key = f"$(cat {shlex.quote(str(key))})"
    return [
        f'  curl {url}/v1/chat/completions -H "Authorization: Bearer {read_key}" \\',
        f'    -d \'{{"model": "demo", {message}}}\'',
        f'  curl {url}/v1/messages -H "x-api-key: {read_key}" \\',
        f'    -d \'{{"model": "demo", "max_tokens": 100, {message}}}\'',
    ]
