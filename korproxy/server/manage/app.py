"""The Quart application behind the front. It is imported and built with the first request that needs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from korproxy.errors.exceptions import BadRequest
from korproxy.server.asgi import AsgiApp, Receive, Send
from korproxy.server.faults import FaultWriter, plain_error
from korproxy.server.manage.desk import Desk

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio


def build(desk: Desk) -> QuartTrio:
    """Return the application; its callers have been checked already."""
    from quart_trio import QuartTrio

    app = QuartTrio("korproxy")
    app.config["RESPONSE_TIMEOUT"] = None
    faults = FaultWriter(codes=desk.codes, show_codes=desk.show_codes)

    @app.get("/v1/diagnostics/health")
    async def health() -> Response:
        return _json(await desk.health())

    @app.get("/v1/providers")
    async def providers() -> Response:
        return _json({"providers": desk.providers()})

    _add_errors(app, desk, faults)
    _add_refusals(app, faults)
    return app


def _add_errors(app: QuartTrio, desk: Desk, faults: FaultWriter) -> None:
    from quart import Response

    from korproxy.errors.pages import html

    @app.get("/v1/errors")
    async def errors() -> Response:
        return _json({"errors": [each.to_dict() for each in desk.codes]})

    @app.get("/v1/errors/<code>")
    async def error(code: str) -> Response:
        found = desk.codes.get(code.upper())
        return _json(found.to_dict()) if found else _no_code(code, faults)

    @app.get("/errors/<code>")
    async def error_page(code: str) -> Response:
        found = desk.codes.get(code.upper())
        return Response(html(found), 200, content_type="text/html; charset=utf-8") if found else _no_code(code, faults)


def _add_refusals(app: QuartTrio, faults: FaultWriter) -> None:
    from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

    @app.errorhandler(HTTPException)
    async def refused(exc: HTTPException) -> Response:
        if isinstance(exc, NotFound):
            return _refusal("KP-SYS-506", "Nothing is here.", faults)
        if isinstance(exc, MethodNotAllowed):
            response = _refusal("KP-SYS-507", "This address does not take that method.", faults)
            response.headers["Allow"] = ", ".join(sorted(exc.valid_methods or ()))
            return response
        response = _refusal("KP-SYS-501", f"KorProxy could not answer: {exc.name}.", faults)
        response.status_code = exc.code or 500
        return response


def _no_code(code: str, faults: FaultWriter) -> Response:
    return _refusal("KP-SYS-506", f"There is no error code {code[:40]!r}.", faults)


def _json(data: Mapping[str, Any]) -> Response:
    from quart import Response

    return Response(json.dumps(data), 200, content_type="application/json")


def _refusal(code: str, text: str, faults: FaultWriter) -> Response:
    from quart import Response, request

    error = BadRequest(code, text)
    fault = faults.fault(error, f"http://{request.host}")
    headers = {name.decode(): value.decode() for name, value in faults.headers(error, fault)}
    return Response(plain_error(fault), fault.status, headers)


def on_demand(desk: Desk, *, loaded: Callable[[], None] = lambda: None) -> AsgiApp:
    """Return an application that imports Quart in a thread when it is first called: 200 ms nobody waits for at start.

    Args:
        loaded: Called in that thread once all is there.
    """
    built: list[QuartTrio] = []
    building = trio.Lock()

    def load() -> QuartTrio:
        app = build(desk)
        loaded()
        return app

    async def manage(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if not built:
            async with building:
                if not built:
                    built.append(await trio.to_thread.run_sync(load))
        await built[0](scope, receive, send)  # type: ignore[arg-type]

    return manage
