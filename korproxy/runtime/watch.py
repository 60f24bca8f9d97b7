"""Sees that the configuration was changed, or that somebody asks for it to be read again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import attrs
import trio

from korproxy.runtime.reload import Reloader
from korproxy.runtime.watched import Seen, differing, files_of, seen_now

EVERY = 1.0  # seconds between two looks
SETTLING = 0.1  # and between two while somebody writes
STEPS = 10  # of these; what is still written after them is read all the same

log = logging.getLogger("korproxy.runtime")


@attrs.define
class Asked:
    """What a signal leaves for the watch. ``ask`` may be called before anybody listens."""

    event: trio.Event = attrs.field(factory=trio.Event)
    reason: str = ""

    def ask(self, reason: str) -> None:
        """Have the configuration read again soon."""
        self.reason = reason
        self.event.set()


@attrs.define
class ConfigWatch:
    """Has the configuration reloaded within a second of a change, or at once where it is asked to.

    A file that cannot be used is told once, and read again when it has changed again.
    """

    reloader: Reloader
    asked: Asked = attrs.field(factory=Asked)
    name: str = "configuration watch"

    async def run(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Look every second, for ever."""
        if not self.reloader.seen:
            self.reloader.seen = await self._look()
        task_status.started()
        while True:
            with trio.move_on_after(EVERY):
                await self.asked.event.wait()
            if self.asked.event.is_set():
                self.asked.event = trio.Event()
                await self.reloader.reload(self.asked.reason)
            elif changed := differing(self.reloader.seen, await self._look()):
                await self._settled()
                await self.reloader.reload(_words(changed))

    async def _settled(self) -> None:
        """Wait until nobody writes any more: editors do it in several steps."""
        before = await self._look()
        for _ in range(STEPS):
            await trio.sleep(SETTLING)
            now = await self._look()
            if now == before:
                return
            before = now

    async def _look(self) -> Seen:
        """Look in a thread: a disk may be far away."""
        paths = files_of(self.reloader.home, self.reloader.parts.loaded.root)
        return await trio.to_thread.run_sync(seen_now, paths, abandon_on_cancel=True)


def _words(changed: Sequence[Path]) -> str:
    names = ", ".join(each.name for each in changed[:3]) + ", ..." * (len(changed) > 3)
    return f"{names} changed"
