"""The routes that look at the past: metrics, history, logs, the debug bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.server.manage.desk import Desk
from korproxy.server.manage.said import said

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio

DAY = 86400.0
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_insight(app: QuartTrio, desk: Desk) -> None:
    """Add them to *app*."""
    from quart import Response

    insight = desk.insight

    @app.get("/metrics")
    async def prometheus() -> Response:
        return Response(await insight.prometheus(), 200, content_type=PROMETHEUS)

    @app.get("/v1/metrics")
    async def metrics() -> Response:
        return said(await insight.metrics(DAY))

    @app.get("/v1/requests")
    async def requests() -> Response:
        return said(await insight.requests(WantedRequests()))

    @app.get("/v1/logs")
    async def logs() -> Response:
        return said(await insight.logs(WantedLines()))

    @app.get("/v1/diagnostics/bundle")
    async def bundle() -> Response:
        return said(await insight.bundle(""))
