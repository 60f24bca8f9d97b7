"""A past request as everybody is shown it: the API, the command line, the debug bundle. No content. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.models.clock import timestamp

TOKENS = {
    "tokens_in": "in",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "tokens_out": "out",
    "reasoning": "reasoning",
}
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
