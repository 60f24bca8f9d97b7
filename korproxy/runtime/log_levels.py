"""The levels of log lines, as they can be looked at and changed while the daemon runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from korproxy.config.checks import Mistake
from korproxy.config.texts import LOG_LEVELS, log_level, log_name
from korproxy.errors.exceptions import BadRequest
from korproxy.kit.shortening import shortened
from korproxy.runtime import logs

WRONG = "KP-SYS-537"
MOST = 100  # parts with a level of their own
SHOWN = 40  # characters of what was posted
UNTIL = "the configuration is read again, or KorProxy starts again"

log = logging.getLogger("korproxy.runtime")


def levels_now() -> dict[str, Any]:
    """Return the levels that hold, for all and for parts, and which parts there are."""
    level, of_parts = logs.levels()
    return {"level": level, "levels": of_parts, "parts": logs.parts()}


def set_levels(posted: Mapping[str, Any]) -> dict[str, Any]:
    """Have the levels hold that were *posted*; what is not mentioned stays. Return what ``levels_now`` does, and until when.

    Raises:
        BadRequest: KP-SYS-537: there is no such level, or that cannot be a part's name.
    """
    level, of_parts = logs.levels()
    wanted, more = _read(posted)
    before = set(logs.parts())
    of_parts |= more
    if len(of_parts) > MOST:
        raise BadRequest(WRONG, f"No more than {MOST} parts can have a level of their own.")
    logs.set_levels(wanted or level, of_parts)
    log.info("log levels were changed: %s", ", ".join(_said(wanted, more)) or "to what they were")
    unknown = sorted(name for name in more if name not in before and not any(each.startswith(f"{name}.") for each in before))
    return {**levels_now(), "parts": sorted(before), "unknown": unknown, "until": UNTIL}


def _said(level: str, of_parts: Mapping[str, str]) -> list[str]:
    return [*([f"level {level}"] if level else []), *(f"{part} {each}" for part, each in of_parts.items())]


def _read(posted: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the level for all, empty where there is none, and those for parts."""
    if other := [shortened(str(each), SHOWN) for each in posted if each not in {"level", "levels"}]:
        raise BadRequest(WRONG, f'There may be "level" and "levels", not {", ".join(map(repr, other[:5]))}.')
    level, of_parts = posted.get("level"), posted.get("levels") or {}
    if level is None and not of_parts:
        raise BadRequest(WRONG, 'Say which: {"level": "debug"}, or {"levels": {"gateway": "debug"}}.')
    if not isinstance(of_parts, Mapping):
        raise BadRequest(WRONG, '"levels" is an object of parts and their levels, such as {"gateway": "debug"}.')
    found = {_part(name): _level(each, f"levels.{shortened(name, SHOWN)}") for name, each in of_parts.items()}
    return ("" if level is None else _level(level, "level")), found


def _part(name: str) -> str:
    short = name.removeprefix("korproxy.")
    try:
        log_name(short)
    except Mistake as exc:
        raise BadRequest(WRONG, f"levels: {shortened(name, SHOWN)!r} {exc}.") from None
    if len(short) > MOST:
        raise BadRequest(WRONG, f"levels: no part has such a long name as {shortened(name, SHOWN)!r}.")
    return short


def _level(value: object, at: str) -> str:
    text = value.lower() if isinstance(value, str) else ""
    try:
        log_level(text)
    except Mistake:
        raise BadRequest(
            WRONG, f"{at}: {shortened(str(value), SHOWN)!r} is no level. Levels are {', '.join(LOG_LEVELS)}."
        ) from None
    return text
