"""The routes that look at the past: metrics, history, logs, the debug bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from korproxy.errors.exceptions import BadRequest
from korproxy.kit.shortening import shortened
from korproxy.models.clock import wall_time
from korproxy.models.searching import LEVELS, MOST, Level, WantedLines, WantedRequests
from korproxy.server.manage.desk import Desk
from korproxy.server.manage.posted import posted_object
from korproxy.server.manage.query import Query
from korproxy.server.manage.said import said

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio

DAY = 86400.0
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
NO_ROW = "KP-SYS-544"


def add_insight(app: QuartTrio, desk: Desk) -> None:
    """Add them to *app*."""
    from quart import Response

    insight = desk.insight

    @app.get("/metrics")
    async def prometheus() -> Response:
        _asked()
        return Response(await insight.prometheus(), 200, content_type=PROMETHEUS)

    @app.get("/v1/metrics")
    async def metrics() -> Response:
        now = wall_time()
        return said(await insight.metrics(now - _asked("since").moment("since", now, now - DAY)))

    @app.get("/v1/requests")
    async def requests() -> Response:
        return said(await insight.requests(wanted_requests(_asked(*REQUESTS), wall_time())))

    @app.get("/v1/requests/<asked>")
    async def request(asked: str) -> Response:
        _asked()
        found = await insight.requests(WantedRequests(id=asked, most=MOST))
        row = next((each for each in found["requests"] if each.get("id") == asked), None)
        if row is None:
            several = f" {len(found['requests'])} have it as their correlation id: /v1/requests?id=ID lists them."
            raise BadRequest(
                NO_ROW, f"No request {shortened(asked, 100)!r} is in the history.{several if found['requests'] else ''}"
            )
        return said(row)

    @app.get("/v1/diagnostics/bundle")
    async def bundle() -> Response:
        return said(await insight.bundle(_asked("repro").text("repro")))

    _add_logs(app, desk)


def _add_logs(app: QuartTrio, desk: Desk) -> None:
    @app.get("/v1/logs")
    async def logs() -> Response:
        return said(await desk.insight.logs(wanted_lines(_asked(*LINES), wall_time())))

    @app.get("/v1/logs/levels")
    async def levels() -> Response:
        _asked()
        return said(desk.insight.levels())

    @app.post("/v1/logs/levels")
    async def set_levels() -> Response:
        _asked()
        return said(desk.insight.set_levels(await posted_object()))


def _asked(*known: str) -> Query:
    """Return what the query of the request says."""
    from quart import request

    return Query.of(request.query_string, *known)


REQUESTS = ("failed", "provider", "since", "id", "user", "limit")
LINES = ("level", "component", "since", "id", "limit")


def wanted_requests(query: Query, now: float) -> WantedRequests:
    """Return which rows of the history *query* asks for."""
    return WantedRequests(
        failed=query.flag("failed"),
        provider=query.text("provider"),
        since=query.moment("since", now, 0.0),
        id=query.text("id"),
        user=query.text("user"),
        most=query.number("limit", WantedRequests().most, MOST),
    )


def wanted_lines(query: Query, now: float) -> WantedLines:
    """Return which lines of the log *query* asks for."""
    return WantedLines(
        level=cast("Level", query.choice("level", LEVELS, WantedLines().level)),
        component=query.text("component"),
        id=query.text("id"),
        since=query.moment("since", now, 0.0),
        most=query.number("limit", WantedLines().most, MOST),
    )
