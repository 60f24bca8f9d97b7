"""The log and its levels, as commands ask for them. Lines come from the files, whether a daemon runs or not."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from korproxy.cli.insight.rules import rules
from korproxy.errors.exceptions import CommandFailed
from korproxy.gateway.redact import Redactor
from korproxy.models.searching import MOST, LogLine, WantedLines
from korproxy.runtime.log_following import Follower
from korproxy.runtime.log_names import all_files
from korproxy.runtime.log_reading import correlation_in, read_lines, wants

if TYPE_CHECKING:
    from korproxy.cli.context import Context

LEVELS = "/v1/logs/levels"
NO_LOG = "KP-SYS-536"
POLL = 0.2  # seconds between two looks for new lines


def logs(cli: Context, wanted: WantedLines) -> Mapping[str, object]:
    """Return the newest lines that are *wanted*.

    Raises:
        CommandFailed: KP-SYS-536: there is no log, or it cannot be read.
    """
    known, folder = rules(cli), cli.files.logs
    there = _has_files(folder)
    if (not known.settings.log.file or not there) and cli.running() is not None:
        return {"asked": "daemon", **cli.ask(f"/v1/logs?{query_of(wanted)}")}
    if not there:
        raise CommandFailed(NO_LOG, f"There are no log files in {folder}.")
    found = read_lines(folder, wanted)
    shown = [_shown(each, known.redactor) for each in found.lines]
    return {"asked": "files", "lines": shown, "unreadable": found.unreadable, "files": found.files}


def follow(cli: Context, wanted: WantedLines) -> Iterator[Mapping[str, object]]:
    """Yield the newest lines that are *wanted*, and each further one once it is written, for ever.

    Raises:
        CommandFailed: KP-SYS-536: there is no log file that could be followed.
    """
    known, folder = rules(cli), cli.files.logs
    if not known.settings.log.file and (cli.running() is not None or not _has_files(folder)):
        raise CommandFailed(NO_LOG, "There is nothing to follow: `[log] file` is false.")
    pause = threading.Event()  # never set
    with closing(Follower(folder, lambda: pause.wait(POLL))) as follower:
        past = follower.past(wanted)
        for each in past.lines:
            yield _shown(each, known.redactor)
        also = past.also
        for each in follower.lines():
            also = also or correlation_in([each], wanted)
            if wants(wanted, each, also):
                yield _shown(each, known.redactor)


def log_levels(cli: Context, level: str | None = None, levels: Mapping[str, str] | None = None) -> Mapping[str, object]:
    """Have other levels hold in the running daemon; return those that do. Where none runs, the files say what would."""
    if level is None and not levels:
        if cli.running() is not None:
            return {"asked": "daemon", **cli.ask(LEVELS)}
        known = rules(cli)
        log, redact = known.settings.log, known.redactor.redact
        return {"asked": "files", "level": log.level, "levels": {redact(part): each for part, each in log.levels.items()}}
    wanted: dict[str, object] = {} if level is None else {"level": level}
    return {"asked": "daemon", **cli.post(LEVELS, wanted | ({"levels": dict(levels)} if levels else {}))}


def query_of(wanted: WantedLines) -> str:
    """Return *wanted* as ``GET /v1/logs`` takes it."""
    said: dict[str, object] = {"limit": max(1, min(wanted.most, MOST)), "level": wanted.level}
    if wanted.since:
        said["since"] = f"{wanted.since:.3f}"
    said |= {name: each for name in ("component", "id") if (each := getattr(wanted, name))}
    return urlencode(said, errors="replace")


def _has_files(folder: Path) -> bool:
    """Whether there are log files in *folder*; ``CommandFailed`` where one of them cannot be read."""
    found = False
    for path in all_files(folder):
        try:
            with path.open("rb"):
                found = True
        except FileNotFoundError:
            continue
        except OSError as exc:
            raise CommandFailed(NO_LOG, f"{path} cannot be read: {exc.strerror}.") from None
    return found


def _shown(line: LogLine, redactor: Redactor) -> dict[str, Any]:
    return {name: redactor.redact(each) for name, each in msgspec.structs.asdict(line).items()}
