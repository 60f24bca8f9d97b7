"""A past request as everybody is shown it: the API, the command line, the debug bundle. No content. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from korproxy.models.clock import timestamp

TOKENS = {
    "tokens_in": "in",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "tokens_out": "out",
    "reasoning": "reasoning",
}
OFF = "[KP-SYS-545] The history is switched off ([store] history = false), so no requests are added to it at present."
AWAY = "{} without a right key or at a wrong address, turned away since the start: not in here. `korproxy logs` says which."
BYTES = {"bytes_in": "in", "bytes_out": "out"}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a *row* of the table of requests in JSON's own types; what nobody knows is None."""
    apart = {"id", "request_id", *TOKENS, *BYTES}
    return {
        "id": row["request_id"],
        "time": timestamp(row["at"]),
        **{name: value for name, value in row.items() if name not in apart},
        "tokens": {name: row[column] for column, name in TOKENS.items()},
        "bytes": {name: row[column] for column, name in BYTES.items()},
    }


def turned_away(counted: Mapping[str, int]) -> list[str]:
    """Return a note on what is in no row, for whoever looks for it there; none where there is no such thing.

    Args:
        counted: What never became a request, by its code.
    """
    count = sum(counted.values())
    return [AWAY.format("1 call" if count == 1 else f"{count} calls")] if count else []


def answer(rows: Iterable[Mapping[str, Any]], notes: Iterable[str]) -> dict[str, Any]:
    """Return the answer to ``GET /v1/requests``: *rows* of the table, and *notes* for who reads it."""
    return {"requests": [shown(each) for each in rows], "notes": list(notes)}


def story(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is left of the story of a request of which nothing is remembered but its *row*, as ``shown`` returns it.

    It has the fields of ``models.decisions.Why``, the decision and the attempts being unknown, and the ``row`` itself.
    """
    return {
        "id": row["id"],
        "correlation_id": row["correlation_id"],
        "wall": row["at"] - row["seconds"],
        "decision": None,
        "attempts": [],
        "outcome": row["outcome"],
        "code": row["code"] or "",
        "row": dict(row),
    }


def with_rows(stories: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return *stories*, and what the *rows* have left of others, the newest first."""
    known = {each["id"] for each in stories}
    return [*stories, *(story(each) for each in rows if each["id"] not in known)]
