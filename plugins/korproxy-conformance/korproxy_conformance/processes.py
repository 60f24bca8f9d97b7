"""The mock and KorProxy itself, each in a process of its own, for as long as a block lasts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from korproxy_conformance.cell import Target
from korproxy_conformance.names import CHAT, FORMATS, GEMINI, MESSAGES, RESPONSES

MOCK = "korproxy_mock"
KORPROXY = "korproxy"
_READY = 30.0  # seconds to start
_GRACE = 5.0  # seconds to end by itself
_PAUSE = 0.02

# By provider format: the name in the settings, the type and what else stands there, the path in front, the model.
_PROVIDERS: Mapping[str, tuple[str, str, str, str]] = {
    CHAT: ("chat", 'type = "compatible"', "chat/v1", "mock-model"),
    RESPONSES: ("responses", 'type = "compatible"\nspeaks = ["openai-responses"]', "responses/v1", "gpt-6-sol"),
    MESSAGES: ("claude", 'type = "claude"', "claude", "claude-haiku-4-5"),
    GEMINI: ("gemini", 'type = "gemini"', "gemini/v1beta", "gemini-3.5-flash"),
}
_USES = ("limited-whole", "limited-streamed")


class CannotStart(Exception):
    """A process did not start; the text says which and why."""


def missing(*names: str) -> list[str]:
    """Return those of the Python packages *names* that are not here."""
    return [each for each in names if find_spec(each) is None]


@contextmanager
def open_mock(port: int = 0) -> Iterator[str]:
    """Run a mock; the value is its address."""
    command = [sys.executable, "-m", MOCK, "serve", "--port", str(port)]
    with _process(command, os.environ) as process:
        line = process.stdout.readline().decode().strip() if process.stdout else ""
        if not line:
            raise CannotStart("the mock did not start; it says why above")
        yield line


@contextmanager
def open_korproxy(mock: str, providers: Sequence[str] = FORMATS, *, lane: bool = True) -> Iterator[Target]:
    """Run KorProxy in front of the mock at the address *mock*, in a home of its own that is gone afterwards.

    Args:
        mock: Where it is.
        providers: The formats that providers are wanted for.
        lane: Whether it answers by its lane.
    """
    with tempfile.TemporaryDirectory(prefix="korproxy-conformance-") as folder:
        home = Path(folder)
        (home / "korproxy.toml").write_text(settings(mock, providers, lane=lane))
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"KORPROXY_HOME": folder, "GOOD_KEY": "sk-good", "BAD_KEY": "bad-key", "NO_COLOR": "1"}
        log = home / "log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", KORPROXY, "run", "--port", "0"]
            with _process(command, environment, output) as process:
                url = _ready(home, process, log)
                client, manager = ((home / "secrets" / f"{each}.key").read_text().strip() for each in ("client", "management"))
                yield own_target(url, client, manager)


def settings(mock: str, providers: Sequence[str], *, lane: bool = True) -> str:
    """Return a korproxy.toml with a provider of each format at the address *mock*, and more of them that are used once."""
    tables = ["version = 1", "[server]", "grace = 0.5", f"lane = {str(lane).lower()}"]
    tables += ["[retry]", "max_wait = 0.0"]  # a limit is to be told, and not waited for
    for form in providers:
        name, kind, path, _ = _PROVIDERS[form]
        for each, key in [(name, "GOOD_KEY"), (f"locked-{name}", "BAD_KEY"), *((spare, "GOOD_KEY") for spare in _spares(name))]:
            account = f'accounts = [{{ name = "work", key = "env:{key}" }}]'
            tables.append(f'[providers.{each}]\n{kind}\nbase_url = "{mock}/{path}"\n{account}')
    return "\n".join([*tables, ""])


def own_target(url: str, key: str, manager: str) -> Target:
    """Return KorProxy with those settings as a target; *key* is the clients' own, *manager* that of the management API."""
    names = {form: (name, model) for form, (name, _, _, model) in _PROVIDERS.items()}
    return Target(
        url=url,
        key=key,
        models={form: f"{name}/{model}" for form, (name, model) in names.items()},
        locked={form: f"locked-{name}/{model}" for form, (name, model) in names.items()},
        spares={
            (client, form, use): f"{_spare(name, client, use)}/{model}"
            for form, (name, model) in names.items()
            for client in FORMATS
            for use in _USES
        },
        wake=partial(_wake, url, manager),
    )


def _wake(url: str, manager: str, form: str) -> None:
    """End any rest of the account at the provider that speaks *form*: nothing is held against it when a step begins."""
    where = urlsplit(url)
    said = json.dumps({"provider": _PROVIDERS[form][0], "account": "work"})
    headers = {"x-management-key": manager, "content-type": "application/json"}
    with closing(HTTPConnection(where.hostname or "", where.port, timeout=_READY)) as connection:
        connection.request("POST", "/v1/accounts/wake", said, headers)
        status = connection.getresponse().status
    if status != 200:
        raise CannotStart(f"KorProxy did not wake the account for {form}: status {status}")


def _spares(name: str) -> list[str]:
    return [_spare(name, client, use) for client in FORMATS for use in _USES]


def _spare(name: str, client: str, use: str) -> str:
    return f"{name}-{use}-{FORMATS.index(client)}"  # an id has at most 32 characters


def _ready(home: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the daemon says where it listens, and does; return its first address."""
    until = time.monotonic() + _READY
    while process.poll() is None and time.monotonic() < until:
        try:
            url = str(json.loads((home / "daemon.json").read_text())["urls"][0]).rstrip("/")
            with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=_READY):
                return url
        except (OSError, ValueError):
            time.sleep(_PAUSE)  # noqa: TID251 -- a plain program without Trio
    raise CannotStart(f"KorProxy did not start:\n{log.read_text().strip()}")


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command*, all of whose output goes to *log*; without one its stdout is for us. It ends with the block.

    It has a session of its own, so that Ctrl-C reaches only us, and we end it in good order.
    """
    stdout = subprocess.PIPE if log is None else log
    process = subprocess.Popen(command, env=dict(environment), stdout=stdout, stderr=log, start_new_session=True)  # noqa: S603
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except BaseException:  # a second Ctrl-C, too: nothing is left running
        process.kill()
        process.wait(_GRACE)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
