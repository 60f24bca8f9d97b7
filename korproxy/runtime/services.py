"""The daemon's own services."""

from __future__ import annotations

import logging
from typing import NoReturn

import attrs
import trio

from korproxy.gateway.windows import Windows

CHECK_SECONDS = 30.0

log = logging.getLogger("korproxy.runtime")


@attrs.frozen
class IdleConnectionCheck:
    """Closes connections to providers that nobody has used for 90 s, or that the provider has closed.

    Else they would be looked at only when a request comes, and stay open on both sides until then.
    """

    windows: Windows
    name: str = "idle-connection check"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Look every 30 s, for ever."""
        task_status.started()
        while True:
            await trio.sleep(CHECK_SECONDS)
            for name, each in list(self.windows.now.items()):
                dropped = await each.upstream.drop_idle()
                if dropped:
                    log.debug("%s: %d idle connections closed", name, dropped)
