"""The Quart application behind the front. It is imported and built with the first request that needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from korproxy.errors.exceptions import BadRequest, KorproxyError
from korproxy.server.asgi import AsgiApp, Receive, Send
from korproxy.server.manage.desk import Desk
from korproxy.server.manage.insight import add_insight
from korproxy.server.manage.live import add_live
from korproxy.server.manage.said import refused, said, unknown_code
from korproxy.spared import BY_QUART, spared

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio


def build(desk: Desk) -> QuartTrio:
    """Return the application; its callers have been checked already."""
    with spared(*BY_QUART):
        from quart_trio import QuartTrio

    app = QuartTrio("korproxy")
    app.config["RESPONSE_TIMEOUT"] = None

    @app.get("/v1/diagnostics/health")
    async def health() -> Response:
        return said(await desk.health())

    @app.get("/v1/providers")
    async def providers() -> Response:
        return said({"providers": desk.providers()})

    add_live(app, desk)
    add_insight(app, desk)
    _add_errors(app, desk)
    _add_refusals(app, desk)
    return app


def _add_errors(app: QuartTrio, desk: Desk) -> None:
    from quart import Response

    from korproxy.errors.pages import html

    @app.get("/v1/errors")
    async def errors() -> Response:
        return said({"errors": [each.to_dict() for each in desk.codes]})

    @app.get("/v1/errors/<code>")
    async def error(code: str) -> Response:
        found = desk.codes.get(code.upper())
        return said(found.to_dict()) if found else unknown_code(code, desk.faults())

    @app.get("/errors/<code>")
    async def error_page(code: str) -> Response:
        found = desk.codes.get(code.upper())
        return (
            Response(html(found), 200, content_type="text/html; charset=utf-8") if found else unknown_code(code, desk.faults())
        )


def _add_refusals(app: QuartTrio, desk: Desk) -> None:
    from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

    @app.errorhandler(HTTPException)
    async def not_here(exc: HTTPException) -> Response:
        if isinstance(exc, NotFound):
            return refused(BadRequest("KP-SYS-506", "Nothing is here."), desk.faults())
        if isinstance(exc, MethodNotAllowed):
            response = refused(BadRequest("KP-SYS-507", "This address does not take that method."), desk.faults())
            response.headers["Allow"] = ", ".join(sorted(exc.valid_methods or ()))
            return response
        if isinstance(exc, RequestEntityTooLarge):
            text = f"The body has more than {app.config['MAX_CONTENT_LENGTH']} bytes, which is all that this address takes."
            return refused(BadRequest("KP-SYS-508", text), desk.faults())
        response = refused(BadRequest("KP-SYS-501", f"KorProxy could not answer: {exc.name}."), desk.faults())
        response.status_code = exc.code or 500
        return response

    @app.errorhandler(KorproxyError)
    async def not_so(exc: KorproxyError) -> Response:
        return refused(exc, desk.faults())


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
