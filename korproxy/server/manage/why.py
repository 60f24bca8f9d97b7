"""Why requests went where they went: what is remembered, and what only the history still has."""

from __future__ import annotations

from korproxy.errors.exceptions import BadRequest, KorproxyError
from korproxy.models.history import with_rows
from korproxy.models.searching import WantedRequests
from korproxy.server.manage.desk import Answer, Desk

MOST = 20  # requests that have one correlation id


async def stories(desk: Desk, asked: str) -> Answer:
    """Return the stories of the requests with this own or correlation id, the newest first.

    Raises:
        BadRequest: KP-SYS-526: there is none, neither in memory nor in the history.
    """
    forgotten: BadRequest | None = None
    remembered: Answer = {"requests": []}
    try:
        remembered = desk.why(asked)
    except BadRequest as exc:
        forgotten = exc
    told = remembered.get("requests", [])
    if any(each.get("id") == asked for each in told):  # an own id; there is no second one
        return remembered
    try:
        rows = (await desk.insight.requests(WantedRequests(id=asked, most=MOST)))["requests"]
    except KorproxyError:  # what is remembered does not depend on the store
        rows = []
    if forgotten is not None and not rows:
        raise forgotten
    return {**remembered, "requests": with_rows(told, rows)[:MOST]}
