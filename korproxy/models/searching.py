"""What somebody looks for among past requests and log lines, and what is found. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs
import msgspec

Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error", "critical")
MOST = 1000  # entries of one answer


@attrs.frozen(kw_only=True)
class WantedRequests:
    """Which rows of the history; what is not said does not matter.

    Attributes:
        failed: Only what was refused or failed.
        since: Seconds since the epoch, of its end; 0: all there are.
        id: Its own id or its correlation id.
        user: Whose, where KorProxy serves a team.
        most: The newest so many.
    """

    failed: bool = False
    provider: str = ""
    since: float = 0.0
    id: str = ""
    user: str = ""
    most: int = 50


@attrs.frozen(kw_only=True)
class WantedLines:
    """Which lines of the log.

    Attributes:
        level: From this one upwards.
        component: A part of KorProxy, as ``gateway``, with all that belongs to it.
        id: A correlation id, or a request's own id where the line names it.
        since: Seconds since the epoch.
        most: The newest so many.
    """

    level: Level = "debug"
    component: str = ""
    id: str = ""
    since: float = 0.0
    most: int = 100


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the log file, which is one line of JSON with these fields. All texts are redacted.

    Attributes:
        time: RFC 3339 in UTC with milliseconds.
        component: ``main``, ``gateway``, ``requests``; a library's logger has its own name.
        message: With a traceback, where there was one.
        correlation_id: Of the request it is about; ``-``: of none.
        code: The KP code in it, where there is one.
    """

    time: str
    level: Level
    component: str
    message: str
    correlation_id: str = "-"
    code: str = ""
