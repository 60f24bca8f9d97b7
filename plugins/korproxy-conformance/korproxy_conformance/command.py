"""``korproxy conformance``. Imported only when it is run."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
import httpx

from korproxy_conformance import processes
from korproxy_conformance.cell import Target
from korproxy_conformance.mock import Mock, is_mock
from korproxy_conformance.names import CASES, CHAT, FORMATS, GEMINI, MESSAGES, RESPONSES
from korproxy_conformance.results import Results
from korproxy_conformance.run import Wanted, run
from korproxy_conformance.table import text
from korproxy_conformance.wire import open_line

# What leads to which provider at a gateway that passes models' names on.
DEFAULT_MODELS: Mapping[str, str] = {
    CHAT: "mock-model",
    RESPONSES: "gpt-6-sol",
    MESSAGES: "claude-haiku-4-5",
    GEMINI: "gemini-3.5-flash",
}
_INTERRUPTED = 128 + signal.SIGINT  # as shells tell it
_TERMINATED = 128 + signal.SIGTERM


@click.command()
@click.option("--target", metavar="URL", help="Test the gateway at URL instead of KorProxy itself.")
@click.option("--key", metavar="KEY", envvar="CONFORMANCE_KEY", show_envvar=True, help="The gateway's key, with --target.")
@click.option("--mock", metavar="URL", help="The mock that the gateway has as its provider.  [default: one is started]")
@click.option("--mock-port", default=0, metavar="PORT", help="Start the mock on this port.  [default: a free one]")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="FORMAT=NAME",
    help="The model that leads to the provider with that format; may be repeated.",
)
@click.option("--only", multiple=True, metavar="WORD", help="Play only this; may be repeated. See below.")
@click.option("--no-lane", is_flag=True, help="Have KorProxy answer by the slow road ([server] lane = false).")
@click.option("--json", "as_json", is_flag=True, help="Print every check as JSON.")
@click.option(
    "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE", help="Write the JSON to FILE."
)
@click.pass_context
def conformance(
    ctx: click.Context,
    *,
    target: str | None,
    key: str | None,
    mock: str | None,
    mock_port: int,
    models: Sequence[str],
    only: Sequence[str],
    no_lane: bool,
    as_json: bool,
    output: Path | None,
) -> None:
    """Check every client format against every provider format, in ten cases each.

    Without --target KorProxy is started, with a mock as its providers, both only for this. The exit code is 0 if all is well,
    1 if not, 2 if it could not be tried.

    \b
    --only takes
      a case                 plain, stream, tools, parallel, image, reasoning, structured, errors, cut, cancel
      client=FORMAT          openai-chat, openai-responses, anthropic-messages, gemini
      provider=FORMAT        the same

    \b
    Examples:
      korproxy conformance
      korproxy conformance --only client=gemini --only tools --only parallel
      korproxy conformance --target http://127.0.0.1:4000 --key sk-1234 --mock http://127.0.0.1:9000
    """  # noqa: D301 -- click wants the backspaces
    wanted = _wanted(only)
    other = None if target is None else Target(url=target, key=key or "", models=_models(models))
    if other is None and (key or mock or models):
        raise click.UsageError("--key, --mock and --model say how to test another gateway: give its --target, too.")
    if other is not None and not key:
        raise click.UsageError("--target needs the gateway's --key.")
    try:
        with (
            _stopped_by_signals(),
            _mock(mock, mock_port, target) as behind,
            _gateway(other, behind, wanted, lane=not no_lane) as gateway,
        ):
            results = _run(gateway, behind, wanted)
    except processes.CannotStart as exc:
        raise click.ClickException(str(exc)) from None
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    data = json.dumps(results.data(), indent=2, ensure_ascii=False)
    if output is not None:
        output.write_text(f"{data}\n", encoding="utf-8")
    as_json = as_json or bool(getattr(ctx.obj, "as_json", False))  # korproxy --json conformance
    click.echo(data if as_json else text(results), color=False if os.environ.get("NO_COLOR") else None)
    raise SystemExit(0 if results.all_good else 1)


@contextmanager
def _mock(url: str | None, port: int, target: str | None) -> Iterator[str]:
    """Return the address of the mock; there is one for the block if *url* names none."""
    if url is not None:
        yield url
        return
    _must_have(processes.MOCK)
    with processes.open_mock(port) as address:
        if target is not None:
            click.echo(f"The mock is at {address}: it has to be the provider of {target}.", err=True)
            if sys.stdin.isatty() and sys.stderr.isatty():
                click.prompt("Press Enter when it is", default="", show_default=False, err=True)
        yield address


@contextmanager
def _gateway(other: Target | None, mock: str, wanted: Wanted, *, lane: bool) -> Iterator[Target]:
    """Return what is tested: *other*, or a KorProxy that runs for the block."""
    if other is not None:
        yield other
        return
    _must_have(processes.KORPROXY)
    with processes.open_korproxy(mock, wanted.providers, lane=lane) as own:
        yield own


def _must_have(package: str) -> None:
    if processes.missing(package):
        raise click.UsageError(f"{package} is not installed here: pip install {package.replace('_', '-')}")


def _run(target: Target, mock: str, wanted: Wanted) -> Results:
    with open_line(target.url) as line, open_line(mock) as behind:
        for each, what in ((behind, "mock"), (line, "gateway")):
            try:
                answered = is_mock(each) or each is line
            except httpx.HTTPError as exc:
                raise click.UsageError(f"No {what} answers at {each.url}: {exc}") from None
            if not answered:
                raise click.UsageError(f"What answers at {each.url} is no korproxy-mock.")
        return run(target, Mock(behind), line, wanted, _teller())


def _teller() -> Callable[[int, int, str], None]:
    """Return what shows the progress: one line on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda *_: None

    def tell(number: int, of: int, name: str) -> None:
        click.echo(f"\r\x1b[K{number}/{of}  {name}" if number <= of else "\r\x1b[K", nl=False, err=True)

    return tell


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM end the block like Ctrl-C does, so that what was started is ended."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _wanted(words: Sequence[str]) -> Wanted:
    chosen: dict[str, list[str]] = {"client": [], "provider": [], "case": []}
    for word in words:
        kind, equals, name = word.partition("=")
        kind, name = (kind, name) if equals else ("case", word)
        known = {"client": FORMATS, "provider": FORMATS, "case": CASES}.get(kind, ())
        if name not in known:
            raise click.BadParameter(
                f"{word!r} is none of: {', '.join(CASES)}; client=FORMAT, provider=FORMAT", param_hint="--only"
            )
        chosen[kind].append(name)
    kept = {
        kind: tuple(each for each in all_of if each in chosen[kind]) or all_of
        for kind, all_of in (("client", FORMATS), ("provider", FORMATS), ("case", CASES))
    }
    return Wanted(clients=kept["client"], providers=kept["provider"], cases=kept["case"])


def _models(words: Sequence[str]) -> Mapping[str, str]:
    named = dict(DEFAULT_MODELS)
    for word in words:
        form, _, name = word.partition("=")
        if form not in FORMATS or not name:
            raise click.BadParameter(f"{word!r} is not FORMAT=NAME, with one of: {', '.join(FORMATS)}", param_hint="--model")
        named[form] = name
    return named
