"""The daemon's own services."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NoReturn

import attrs
import trio

from korproxy.gateway.upstream import Upstream

CHECK_SECONDS = 30.0

log = logging.getLogger("korproxy.runtime")


@attrs.frozen
class IdleConnectionCheck:
    """Closes connections to providers that nobody has used for 90 s, or that the provider has closed.

    Else they would be looked at only when a request comes, and stay open on both sides until then.
    """

    upstreams: Sequence[Upstream]
    name: str = "idle-connection check"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Look every 30 s, for ever."""
        task_status.started()
        while True:
            await trio.sleep(CHECK_SECONDS)
            for each in self.upstreams:
                dropped = await each.drop_idle()
                if dropped:
                    log.debug("%s: %d idle connections closed", each.provider, dropped)
