"""One row of the history in words. Of what the daemon says, which may be older or newer than this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from korproxy.builtin.commands.steer.told import table

LONGEST = 40  # characters of a name
HALF = 30  # of one of two that stand side by side
WHOLE = 200  # of one that has a line of its own
UNROUTED = "It ended before it was routed, so nobody was asked."
ONLY_ITS_ROW = "Only its row in the history is left: why it went where it went is not on the disk."


def facts(row: Mapping[str, Any]) -> list[str]:
    """Return all that is worth reading in *row*, a line each."""
    first = f", the first byte after {ms(row['first_byte'])} ms" if row.get("first_byte") is not None else ""
    how = ", ".join(filter(None, [short(row["dialect"]) if row.get("dialect") else "", "stream" if row.get("stream") else ""]))
    used = row.get("upstream_model")
    found = {
        "model": f"{short(row.get('model'), WHOLE)}{f' ({how})' if how else ''}",
        "type": short(row.get("type")) if row.get("type") else "",
        "profile": short(row.get("profile")) if row.get("profile") else "",
        "key": short(row.get("key_name")) if row.get("key_name") else "",
        "went to": f"{pair(row.get('provider'), '/', row.get('account'))}{f' with {short(used, WHOLE)}' if used else ''}",
        "attempts": short(row.get("attempts")),
        "status": short(row.get("status")),
        "took": f"{ms(row.get('seconds'))} ms{first}",
        "tokens": tokens(row.get("tokens")),
    }
    return table([(name, text) for name, text in found.items() if text and text != "-"])


def rest(row: Mapping[str, Any]) -> str:
    """Return why there is no more than the *row*."""
    if row.get("type") or row.get("provider"):
        return ONLY_ITS_ROW
    return f"{UNROUTED} `korproxy logs --id {short(row.get('correlation_id'), WHOLE)}` has what was said of it."


def from_files(home: Path) -> str:
    """Return the line above what comes from the disk. It names the *home*: it may be another one than somebody thinks."""
    return f"No daemon runs with the home {home}: this is what the last one has written down."


def outcome(row: Mapping[str, Any]) -> str:
    """Return how it ended: ``failed 502 KP-PROV-101``."""
    return " ".join(short(each) for each in (row.get("outcome"), row.get("status"), row.get("code")) if each) or "-"


def model(row: Mapping[str, Any]) -> str:
    """Return which model was asked for, and which was used where that is another one."""
    asked, used = row.get("model"), row.get("upstream_model")
    if not used or asked in (used, f"{row.get('provider')}/{used}"):
        return short(asked)
    return f"{short(asked, HALF)} -> {short(used, HALF)}"


def remarks(notes: object) -> list[str]:
    """Return the *notes* of an answer, a line each."""
    return [_plain(each) for each in notes] if isinstance(notes, list) else []


def pair(one: object, between: str, other: object) -> str:
    """Return both names, or the only one that there is."""
    return f"{short(one)}{between}{short(other)}" if other else short(one)


def short(name: object, longest: int = LONGEST) -> str:
    """Return a *name* so that it does not fill the terminal, nor do anything to it: clients may make up any."""
    text = _plain(name or "-")
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def ms(seconds: object) -> str:
    """Return *seconds* in milliseconds."""
    return f"{seconds * 1000:.0f}" if isinstance(seconds, int | float) else "-"


def tokens(found: object) -> str:
    """Return all that went in, how much of it came from a cache, and what came out: ``1000 (900 cached) + 42``."""
    if not isinstance(found, Mapping):
        return "-"
    count = {name: each for name, each in found.items() if isinstance(each, int)}
    if not count:
        return "-"
    cached = count.get("cache_read", 0)
    written = sum(count.get(each, 0) for each in ("in", "cache_read", "cache_write"))
    return f"{written}{f' ({cached} cached)' if cached else ''} + {count.get('out', 0)}"


def _plain(text: object) -> str:
    return "".join(each if each.isprintable() else "?" for each in str(text))
