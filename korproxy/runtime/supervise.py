"""Keep a task alive, or say loudly that it is not."""

from __future__ import annotations

import logging
import math
from typing import Literal, Protocol

import attrs
import trio

from korproxy.errors.exceptions import KorproxyError
from korproxy.kit.shortening import shortened

LONGEST_REASON = 300  # characters; somebody else's exception may hold a page

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
    """What is to be seen of one supervised task.

    Attributes:
        state: ``starting`` also at each new start after a crash, until it reports started again.
        restarts: How often it was started again.
        last_error: Type and text of the last crash, on one line; not redacted.
    """

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
    closing: trio.Event | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run *run* until it returns; start it again each time it crashes.

    ``await nursery.start(...)`` returns once *run* itself reported started. A crash before that is the caller's problem; later
    ones are ours: they are logged, and the task comes back after 1, 2, 4 ... 60 s. Five healthy minutes are a clean slate.
    ``SystemExit`` is a crash like any other: a plugin does not end the daemon.

    Args:
        closing: Once it is set, a pause ends at once, and the next crash is the last.
    """
    crashes, ready = 0, False
    while True:
        state.state = "starting"
        useful_at, crash = math.inf, None
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(run)
                useful_at = trio.current_time()
                state.state = "running"
                if not ready:
                    task_status.started()
                    ready = True
        except* (Exception, SystemExit) as group:  # a cancellation that came with it goes on from here by itself
            if not ready:
                raise
            crash = group
            state.last_error = described(group)
            if _is_cancelled():
                log.info("%s failed while it was being stopped: %s", state.name, state.last_error)
        if crash is None:
            state.state = "ended"
            return
        crashes = 1 if trio.current_time() - useful_at >= restart.healthy_after else crashes + 1
        if not await _rest(state, restart.pause(crashes), closing, crash):
            return
        state.restarts += 1


async def start_within(patience: float, nursery: trio.Nursery, task: Runnable, *, stop: trio.Event | None = None) -> str | None:
    """Start *task* in *nursery*, and leave it running there.

    Args:
        patience: Seconds it gets to report started; then it is cancelled.
        stop: When it is set, there is no waiting any more.

    Returns:
        None, or in words why it did not start.
    """
    reason = f"it was not ready within {patience:g} s"
    with trio.move_on_after(patience) as scope:
        async with trio.open_nursery() as waiting:
            if stop is not None:
                waiting.start_soon(_cancel_when, stop, scope)
            try:
                await nursery.start(task)
            except* (Exception, SystemExit) as group:  # noqa: BLE001 -- whatever a plugin's task raises
                reason = described(group)
            else:
                reason = ""
            waiting.cancel_scope.cancel()
    return reason or None


async def _cancel_when(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def described(exc: BaseException) -> str:
    """Return type and text of somebody else's exception on one line of bounded length; of one of ours its code and text."""
    exc = unwrap(exc)
    kind = f"[{exc.code}]" if isinstance(exc, KorproxyError) else f"{type(exc).__name__}:"
    try:
        text = " ".join(str(exc).split())
    except Exception as worse:  # noqa: BLE001 -- its __str__ is somebody else's as well
        text = f"(and its text cannot be had: {type(worse).__name__})"
    line = f"{kind} {text}".rstrip(": ")
    return shortened(line, LONGEST_REASON)


def unwrap(exc: BaseException) -> BaseException:
    """Return what a nursery wrapped, where it is a single thing."""
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc


async def _rest(state: ServiceState, pause: float, closing: trio.Event | None, crash: BaseException) -> bool:
    """Wait until *state*'s task may start again; False where it may not."""
    await trio.lowlevel.checkpoint_if_cancelled()
    if closing is not None and closing.is_set():
        state.state = "ended"
        log.warning("%s crashed: %s; KorProxy stops, so it does not start again", state.name, state.last_error)
        return False
    state.state = "waiting to restart"
    log.warning("%s crashed: %s; it starts again in %g s", state.name, state.last_error, pause)
    log.debug("%s crashed here:", state.name, exc_info=crash)
    with trio.move_on_after(pause):
        await (trio.Event() if closing is None else closing).wait()
    return True


def _is_cancelled() -> bool:
    return trio.current_effective_deadline() == -math.inf
