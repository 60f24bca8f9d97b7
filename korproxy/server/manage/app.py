"""The Quart application behind the front. It is imported and built with the first request that needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import trio

from korproxy.errors.pages import html
from korproxy.server.asgi import AsgiApp, Receive, Send
from korproxy.server.manage.desk import Desk

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio


def build(desk: Desk) -> QuartTrio:
    """Return the application; its callers have been checked already."""
    from quart import Response
    from quart_trio import QuartTrio
    from werkzeug.exceptions import HTTPException

    app = QuartTrio("korproxy")
    app.config["RESPONSE_TIMEOUT"] = None

    @app.get("/v1/diagnostics/health")
    async def health() -> Response:
        return _json(await desk.health())

    @app.get("/v1/providers")
    async def providers() -> Response:
        return _json({"providers": desk.providers()})

    @app.get("/v1/errors")
    async def errors() -> Response:
        return _json({"errors": [each.to_dict() for each in desk.codes]})

    @app.get("/v1/errors/<code>")
    async def error(code: str) -> Response:
        found = desk.codes.get(code.upper())
        return _json(found.to_dict()) if found else _missing(f"There is no error code {code[:40]!r}.")

    @app.get("/errors/<code>")
    async def error_page(code: str) -> Response:
        found = desk.codes.get(code.upper())
        if found is None:
            return _missing(f"There is no error code {code[:40]!r}.")
        return Response(html(found), 200, content_type="text/html; charset=utf-8")

    @app.errorhandler(HTTPException)
    async def refused(exc: HTTPException) -> Response:
        if exc.code == 405:
            return _error("KP-SYS-507", 405, "This path does not take that method.")
        return _missing("Nothing is here.") if exc.code == 404 else _error("KP-SYS-501", exc.code or 500, str(exc))

    return app


def _json(data: Mapping[str, Any], status: int = 200) -> Response:
    from quart import Response

    return Response(json.dumps(data), status, content_type="application/json")


def _missing(text: str) -> Response:
    return _error("KP-SYS-506", 404, text)


def _error(code: str, status: int, text: str) -> Response:
    response = _json({"error": {"code": code, "message": f"{text} [{code}]"}}, status)
    response.headers["X-KorProxy-Error"] = code
    return response


def on_demand(desk: Desk) -> AsgiApp:
    """Return an application that imports Quart in a thread when it is first called: 200 ms nobody waits for at start."""
    built: list[QuartTrio] = []
    building = trio.Lock()

    async def manage(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        async with building:
            if not built:
                built.append(await trio.to_thread.run_sync(build, desk))
        await built[0](scope, receive, send)  # type: ignore[arg-type]

    return manage
