"""Keep a task alive, or say loudly that it is not."""

from __future__ import annotations

import logging
from typing import Literal, Protocol

import attrs
import trio

log = logging.getLogger("korproxy.runtime")


class Runnable(Protocol):
    """What may be supervised: an async callable that reports started once it is useful."""

    async def __call__(self, *, task_status: trio.TaskStatus[None]) -> None: ...


@attrs.frozen(kw_only=True)
class Restart:
    """How patient to be. All durations are seconds."""

    first_pause: float = 1.0
    longest_pause: float = 60.0
    healthy_after: float = 300.0

    def pause(self, crashes: int) -> float:
        """Return the pause after the *crashes*-th crash in a row, counted from 1."""
        return min(self.longest_pause, self.first_pause * 2.0 ** min(crashes - 1, 32))


@attrs.define(kw_only=True)
class ServiceState:
    """What is to be seen of one supervised task."""

    name: str
    state: Literal["starting", "running", "waiting to restart", "ended"] = "starting"
    restarts: int = 0
    last_error: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return it in JSON's own types."""
        return attrs.asdict(self)


async def supervise(
    run: Runnable,
    state: ServiceState,
    *,
    restart: Restart,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run *run* until it returns; start it again each time it crashes.

    ``await nursery.start(...)`` returns once *run* itself reported started. A crash before that is the caller's problem; later
    ones are ours: they are logged, and the task comes back after 1, 2, 4 ... 60 s. Five healthy minutes are a clean slate.
    """
    crashes, ready = 0, False
    while True:
        began = trio.current_time()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(run)
                state.state = "running"
                if not ready:
                    task_status.started()
                    ready = True
        except Exception as exc:
            if not ready:
                raise
            state.last_error = f"{type(unwrap(exc)).__name__}: {unwrap(exc)}"
            if trio.current_time() - began >= restart.healthy_after:
                crashes = 0
        else:
            state.state = "ended"
            return
        crashes += 1
        pause = restart.pause(crashes)
        state.state = "waiting to restart"
        log.warning("%s crashed: %s; it starts again in %g s", state.name, state.last_error, pause)
        await trio.sleep(pause)
        state.restarts += 1


def unwrap(exc: BaseException) -> BaseException:
    """Return what a nursery wrapped, where it is a single thing."""
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc
