"""Entries of the log as lines of JSON, as the log file has them. Pure.

What comes in here is redacted already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from korproxy.models.clock import timestamp
from korproxy.models.searching import LEVELS, Level, LogLine

ROOT = "korproxy"
LONGEST = 32_768  # characters of a text in the file; of a longer one the middle is left out
_CODE = re.compile(r"\bKP-[A-Z]{2,8}-\d{3}\b")
_OTHER_NAMES: dict[str, Level] = {"warn": "warning", "fatal": "critical"}
_encode = msgspec.json.Encoder().encode


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What is known of a line when somebody says it. ``level`` and ``logger`` are names as in ``logging``.

    Attributes:
        created: Seconds since the epoch.
        others: All in the text that KorProxy has not made itself, with what stands around it; None: that may be all of it.
    """

    created: float
    level: str
    logger: str
    correlation: str
    text: str
    others: str | None = None


def log_line(entry: Entry) -> LogLine:
    """Return *entry* as it is written down and told."""
    found = _CODE.search(entry.text)
    return LogLine(
        time=time_of(entry.created),
        level=_level(entry.level),
        component=component(entry.logger),
        message=_writable(entry.text),
        correlation_id=_writable(entry.correlation),
        code=found[0] if found else "",
    )


def json_line(entry: Entry) -> str:
    """Return *entry* as one line of JSON, its end included."""
    return _encode(log_line(entry)).decode() + "\n"


def plain_json_lines(entries: Sequence[Entry], together: str) -> list[str]:
    """Return the lines of *entries* for less.

    Args:
        together: All of their ids and texts that KorProxy has not made itself; each character is printable ASCII.
    """
    if '"' in together or "\\" in together or "KP-" in together:
        return [json_line(each) for each in entries]
    return [
        f'{_begin(each.created, each.level, each.logger)}"{each.text}","correlation_id":"{each.correlation}"}}\n'
        if each.correlation != "-"
        else json_line(each)
        for each in entries
    ]


def shortened(text: str) -> str:
    """Return *text*, or its begin and its end where it is very long; only for what is redacted: half a secret is one, too."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} ... {len(text) - 2 * half} characters are left out here ... {text[-half:]}"


def component(logger: str) -> str:
    """Return the part of KorProxy that a logger is for; somebody else's has its own name."""
    return "main" if logger == ROOT else logger.removeprefix(f"{ROOT}.")


def time_of(seconds: float) -> str:
    """Return the same as ``timestamp`` for less."""
    whole = int(seconds)
    millis = round((seconds - whole) * 1e6) // 1000
    return f"{_second(whole)}{millis:03}Z" if 0 <= millis < 1000 else timestamp(seconds)


@lru_cache(maxsize=8)
def _second(whole: int) -> str:
    return timestamp(whole)[: -len("000Z")]


@lru_cache(maxsize=8)  # lines of one batch have one time
def _begin(created: float, level: str, logger: str) -> str:
    """Return a line up to its message."""
    head = LogLine(time=time_of(created), level=_level(level), component=_writable(component(logger)), message="")
    return _encode(head).decode()[: -len('""}')]


def _level(name: str) -> Level:
    """Return one of our levels; other libraries make up some, and of theirs only what is a warning or worse gets here."""
    name = name.lower()
    return next((each for each in LEVELS if each == name), _OTHER_NAMES.get(name, "warning"))


def _writable(text: str) -> str:
    """Return *text* without halves of surrogate pairs, which JSON in UTF-8 cannot have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text
