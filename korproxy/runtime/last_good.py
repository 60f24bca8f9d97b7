"""When a configuration counts as one that works, so that KorProxy can come back to it."""

from __future__ import annotations

import logging
from typing import NoReturn

import attrs
import trio

from korproxy.config.home import Home
from korproxy.config.last_good import keep_last_good, newest
from korproxy.errors.exceptions import KorproxyError
from korproxy.runtime.compose import Composition
from korproxy.runtime.reload import Reloader

SOON = 1.0  # seconds until the first one of all is kept: without it, the next mistake would keep KorProxy from starting
SOUND = 60.0  # seconds in force, after which any other one is: who crashes KorProxy does it within a minute

log = logging.getLogger("korproxy.runtime")


@attrs.define
class LastGood:
    """A service that keeps what has been in force for a minute. What is in force at a proper end is for that to ``keep``."""

    reloader: Reloader
    name: str = "last good configuration"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Look once a minute, for ever."""
        task_status.started()
        await trio.sleep(SOON)
        if await trio.to_thread.run_sync(_is_first, self.reloader.home):
            await trio.to_thread.run_sync(keep, self.reloader.parts)
        while True:
            before = self.reloader.parts
            await trio.sleep(SOUND)
            if self.reloader.parts is before:
                await trio.to_thread.run_sync(keep, before)


def keep(parts: Composition) -> None:
    """Keep the files of *parts*, which work, as the last good ones; one that is not right itself is not kept. Never raises."""
    if parts.demo or parts.careful or parts.loaded.problems or not parts.loaded.files:
        return
    try:
        keep_last_good(parts.home, parts.loaded.files)
    except KorproxyError as exc:
        log.warning("%s: %s", exc.code, exc)
    except OSError as exc:
        log.warning("KP-CONF-229: the last good configuration cannot be kept: %s", exc.strerror)


def _is_first(home: Home) -> bool:
    return newest(home) is None
