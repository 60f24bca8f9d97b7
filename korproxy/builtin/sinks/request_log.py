"""One log line per request: who answered, how it ended, how long it took. No content."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Events, Finished, Settings, Sink, hookimpl

if TYPE_CHECKING:
    import trio

LONGEST = 200  # characters of one value: a client chooses its model name

_PLAIN = re.compile(r"[!#-<>-~]+")  # printable ASCII without space, quotation mark and equals sign

log = logging.getLogger("korproxy.requests")


def line(event: Finished) -> str:
    """Return *event* as one line of ``name=value`` pairs; what is not known is left out.

    A value that is not plain is written as a JSON string, so that nobody can put pairs or lines of their own into the log.
    """
    usage = event.usage
    pairs = (
        ("model", event.model),
        ("provider", event.provider),
        ("account", event.account),
        ("status", event.status),
        ("outcome", event.outcome.replace(" ", "-")),
        ("code", event.code),
        ("seconds", f"{event.seconds:.3f}"),
        ("first_byte", None if event.first_byte is None else f"{event.first_byte:.3f}"),
        ("in", event.bytes_in),
        ("out", event.bytes_out),
        ("tokens_in", usage.tokens_in),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("tokens_out", usage.tokens_out),
        ("attempts", event.attempts if event.attempts > 1 else None),
        ("request", event.id),
    )
    return " ".join([f"{name}={_value(value)}" for name, value in pairs if value is not None])


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    text = value
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


@attrs.frozen
class RequestLog:
    """Writes each event to the log, under the correlation id of its request."""

    name: str = "log"

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        """Log until the channel closes."""
        task_status.started()
        async for event in events:
            if not log.isEnabledFor(logging.INFO):  # asked each time: a line that nobody writes is not made
                continue
            log.info("%s", line(event), extra={"correlation_id": event.correlation_id})


@hookimpl
def korproxy_sinks(settings: Settings) -> Iterable[Sink]:
    """Offer the log sink."""
    del settings
    yield RequestLog()
