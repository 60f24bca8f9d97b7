"""The routes that look into what is in force, and change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from korproxy.errors.exceptions import BadRequest
from korproxy.server.manage.desk import Desk
from korproxy.server.manage.posted import NO_JSON, posted_object
from korproxy.server.manage.said import said
from korproxy.server.manage.why import stories

if TYPE_CHECKING:  # Quart and what comes with it is imported inside functions only
    from quart import Response
    from quart_trio import QuartTrio

KEPT = 409  # the status of a reload that was not done


def add_live(app: QuartTrio, desk: Desk) -> None:
    """Add them to *app*."""

    @app.get("/v1/routing")
    async def routing() -> Response:
        return said(desk.routing())

    @app.post("/v1/reload")
    async def reload() -> Response:
        done = await desk.reload()
        return said(done, 200 if done.get("ok") else KEPT)

    @app.post("/v1/accounts/wake")
    async def wake() -> Response:
        posted = await posted_object()
        return said(desk.wake(_text(posted, "provider"), _text(posted, "account")))

    @app.get("/v1/requests/<asked>/why")
    async def why(asked: str) -> Response:
        return said(await stories(desk, asked))

    @app.post("/v1/routing/test")
    async def test() -> Response:
        return said(desk.test(await posted_object()))


def _text(posted: Mapping[str, Any], name: str) -> str:
    found = posted.get(name)
    if not isinstance(found, str) or not found:
        raise BadRequest(NO_JSON, f'The body needs "{name}": a text that is not empty.')
    return found
