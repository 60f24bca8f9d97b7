"""A gateway on a real socket with a desk of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio

from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.server.asgi import App, AsgiApp
from korproxy.server.faults import FaultWriter
from korproxy.server.manage.app import on_demand
from korproxy.server.manage.desk import Desk
from tests.fakes.gateway import idle_desk, open_gateway


def desk_with(
    **given: Any,
) -> Desk:
    """Return a desk of a daemon that is well and has no provider, but for what is given."""
    return idle_desk(FaultWriter(codes=Registry.of(BUILTIN_CODES)), **given)


@asynccontextmanager
async def managed(desk: Desk | None = None, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a gateway, with *desk* in place of its own, and yield a client without a key; *options* are ``open_gateway``'s."""

    def with_desk(app: AsgiApp) -> AsgiApp:
        assert isinstance(app, App)
        return app if desk is None else App(app.entrance, on_demand(desk))

    with trio.fail_after(30):
        async with (
            open_gateway(wrap=with_desk, **options) as gateway,
            httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as client,
        ):
            yield client
