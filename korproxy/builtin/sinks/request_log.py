"""One log line per request: who answered, how it ended, how long it took. No content."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Finished, Settings, Sink, hookimpl

if TYPE_CHECKING:
    import trio

log = logging.getLogger("korproxy.requests")


def line(event: Finished) -> str:
    """Return *event* as one line of ``name=value`` pairs; what is not known is left out."""
    usage = event.usage
    pairs = {
        "model": event.model,
        "provider": event.provider,
        "account": event.account,
        "status": event.status,
        "outcome": event.outcome.replace(" ", "-"),
        "code": event.code,
        "seconds": f"{event.seconds:.3f}",
        "first_byte": None if event.first_byte is None else f"{event.first_byte:.3f}",
        "in": event.bytes_in,
        "out": event.bytes_out,
        "tokens_in": usage.tokens_in,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "tokens_out": usage.tokens_out,
        "attempts": event.attempts if event.attempts > 1 else None,
        "request": event.id,
    }
    return " ".join(f"{name}={value}" for name, value in pairs.items() if value is not None)


@attrs.frozen
class RequestLog:
    """Writes each event to the log, under the correlation id of its request."""

    name: str = "log"

    async def run(self, events: trio.MemoryReceiveChannel[Finished], *, task_status: trio.TaskStatus[None]) -> None:
        """Log until the channel closes."""
        task_status.started()
        async for event in events:
            log.info("%s", line(event), extra={"correlation_id": event.correlation_id})


@hookimpl
def korproxy_sinks(settings: Settings) -> Iterable[Sink]:
    """Offer the log sink."""
    del settings
    yield RequestLog()
