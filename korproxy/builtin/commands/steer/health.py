"""How an account does, in words: of what the daemon says of its health."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

WELL = "available"
LONGEST = 80  # characters of the name of a model
MOST = 3  # findings that are told; an account may be limited for any number of models


def account_state(health: Sequence[Mapping[str, Any]]) -> str:
    """Return the state of one account; *health* is what the daemon holds against it, an entry for each model or for all."""
    held = [each for each in health if each.get("state") != WELL]
    if not held:
        return WELL
    more = [f"and for {len(held) - MOST} more models"] if len(held) > MOST else []
    return "; ".join([*map(finding, held[:MOST]), *more])


def finding(entry: Mapping[str, Any]) -> str:
    """Return one entry in words: ``rate limited for gpt-5.5 [KP-RATE-401], asked again in 12 s``."""
    state = "rate limit used up" if entry.get("spent") else str(entry.get("state") or "not known").replace("_", " ")
    model = f" for {short(entry['model'])}" if entry.get("model") else ""
    code = f" [{entry['code']}]" if entry.get("code") else ""
    return f"{state}{model}{code}{until(entry)}"


def short(name: object) -> str:
    """Return the *name* of a model so that it does not fill the terminal: clients may make up long ones."""
    text = str(name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def until(entry: Mapping[str, Any]) -> str:
    """Return how long what *entry* holds against an account will last: ``, asked again in 12 s``; empty: nobody knows."""
    if entry.get("probing"):
        return ", a request is testing it right now"
    if entry.get("state") == "refused":
        return ", not asked until its key changes or it is woken"
    return again(entry.get("returns_in"))


def again(wait: object) -> str:
    """Return when something is asked again that waits for *wait* seconds; empty: nobody knows."""
    if not isinstance(wait, int | float) or not math.isfinite(wait):
        return ""
    return f", asked again in {duration(math.ceil(wait))}"


def duration(seconds: float) -> str:
    """Write *seconds* as people say it: the two largest units, e.g. ``2 h 5 min``."""
    rest = int(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
