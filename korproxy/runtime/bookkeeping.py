"""How the books are kept: whether what happens is written down at present, and what is missing in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.store.place import InPostgres
from korproxy.store.recorder import Recorder


def bookkeeping(recorder: Recorder, dropped: Mapping[tuple[str, str], int], lines_lost: Mapping[str, int]) -> dict[str, Any]:
    """Return it in JSON's own types; nothing is opened or asked for it, so it is told whatever state the store is in.

    Args:
        dropped: Requests that are missing in the books of a sink, by its name and why.
        lines_lost: Lines of the log that are missing, by where.
    """
    down = recorder.down
    return {
        "kind": "postgresql" if isinstance(recorder.place, InPostgres) else "sqlite",
        "history": recorder.history,
        "metrics": recorder.metrics,
        "waiting": recorder.waiting,
        "down": None if down is None else {"code": down.code, "message": down.detail},
        "dropped": [{"sink": sink, "reason": why, "count": count} for (sink, why), count in dropped.items() if count],
        "log_lines_lost": {where: count for where, count in lines_lost.items() if count},
    }
