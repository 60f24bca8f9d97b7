"""Takes in all that the canary's KorProxy has written and shown: the sinks, by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import trio

from korproxy.errors.exceptions import CommandFailed
from korproxy.runtime.canary.clients import Request, ask
from korproxy.runtime.canary.house import NOT_PROVEN, House
from korproxy.runtime.canary.places import DATABASE, FILES, LAST_GOOD, REPRO, TERMINAL

AT_ONCE = 2  # commands that run beside each other
ROUTES = (
    "/v1/diagnostics/health",
    "/v1/diagnostics/bundle",
    "/v1/providers",
    "/v1/routing",
    "/v1/requests?limit=1000",
    "/v1/logs?limit=1000",
    "/v1/logs/levels",
    "/v1/metrics",
    "/metrics",
    "/v1/errors",
)
RUNNING = (
    ("status", "--json"),
    ("logs", "--lines", "1000", "--json"),
    ("requests", "--limit", "1000", "--json"),
    ("debug-bundle", "--output", "-"),
    ("account", "list"),
)
FAILING_COMMANDS = ("check", "plugins")  # for there are mistakes, and broken plugins
AT_REST = (
    ("logs", "--lines", "1000"),
    ("requests", "--failed"),
    ("metrics",),
    ("debug-bundle", "--output", "-"),
    ("config", "export"),
    ("check", "--verbose"),
    ("plugins", "--json"),
)


async def routes(port: int, key: str, *, stories_of: Iterable[str], shapes_of: Iterable[str]) -> dict[str, bytes]:
    """Return what the management API says to every question.

    Args:
        stories_of: Ids of requests; it is asked why each of them went where it went.
        shapes_of: Ids of failed requests, for debug bundles that hold their shapes.

    Raises:
        CommandFailed: KP-SYS-542: one of them is not answered.
    """
    found: dict[str, bytes] = {}
    for path in ROUTES:
        found[f"GET {path.partition('?')[0]}"] = await asked(port, path, key)
    stories = [await asked(port, f"/v1/requests/{each}/why", key) for each in stories_of]
    shapes = [await asked(port, f"/v1/diagnostics/bundle?repro={each}", key) for each in shapes_of]
    return {**found, "GET /v1/requests/ID/why": b"\n".join(stories), REPRO: b"\n".join(shapes)}


async def asked(port: int, path: str, key: str) -> bytes:
    """Return the whole answer to one question of the management API; errors as of ``routes``."""
    question = Request(method="GET", path=path, managing=True)
    answer = await ask(port, question, key)
    if answer.split(b" ", 2)[1:2] != [b"200"]:
        line = answer.partition(b"\r\n")[0].decode("ascii", "backslashreplace") or "nothing"
        raise CommandFailed(NOT_PROVEN, f"The KorProxy of the self-test answers GET {path} with {line!r}.")
    return answer


async def commands(house: House, lines: Sequence[Sequence[str]], when: str) -> dict[str, bytes]:
    """Return what each of these commands says."""
    found: dict[str, bytes] = {}
    places = trio.CapacityLimiter(AT_ONCE)

    async def run(args: Sequence[str]) -> None:
        async with places:
            found[f"korproxy {' '.join(args)}, {when}"] = await house.run(*args, fine=int(args[0] in FAILING_COMMANDS))

    async with trio.open_nursery() as nursery:
        for each in lines:
            nursery.start_soon(partial(run, each))
    return found


def files(house: House) -> dict[str, bytes]:
    """Return what is in all files that KorProxy itself writes into the home, but for keys; files of a kind are one sink."""
    home = house.home
    theirs = {home.toml, home.secrets}
    paths = sorted(each for each in home.path.rglob("*") if each.is_file() and not theirs & {each, *each.parents})
    logs = [each for each in paths if home.logs in each.parents]
    database = [each for each in paths if each.name.startswith(home.database.name)]
    good = [each for each in paths if home.last_good in each.parents]
    others = [each for each in paths if each not in {*logs, *database, *good}]
    said = [house.path / name for name in ("stdout", "stderr")]
    return {
        TERMINAL: _all(said),
        FILES: _all(logs),
        DATABASE: _all(database),
        LAST_GOOD: _all(good),
        "other files": _all(others),
    }


def _all(paths: Iterable[Path]) -> bytes:
    return b"\n".join(each.read_bytes() for each in paths)


def ids(answers: Iterable[bytes]) -> list[str]:
    """Return the ids that KorProxy gave the requests with these answers."""
    mark = b"\r\nx-korproxy-request: "
    heads = (each.partition(b"\r\n\r\n")[0].replace(b"X-KorProxy-Request", b"x-korproxy-request") for each in answers)
    return [head.partition(mark)[2].partition(b"\r\n")[0].decode() for head in heads if mark in head]


def body(answer: bytes) -> bytes:
    """Return the body of an *answer*."""
    return answer.partition(b"\r\n\r\n")[2]
