"""One log line per request: who answered, how it ended, how long it took. No content."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache

import attrs
import trio

from korproxy.api import Events, Finished, Settings, Sink, hookimpl

LONGEST = 200  # characters of one value: a client chooses its model name
GATHER = 0.02  # seconds an event waits for others at most
BATCH = 64  # events that are written in a row before others get their turn

# Printable ASCII without space, quotation mark and equals sign.
_is_plain = re.compile(rf"[!#-<>-~]{{1,{LONGEST}}}").fullmatch

# What each line has behind that: a rule that hides secrets may look for one of these words.
_NUMBERS = ("seconds", "first_byte", "in", "out", "tokens_in", "cache_read", "cache_write", "tokens_out", "attempts", "request")
_WORDS = "".join(f" {each}=0.123456789" for each in _NUMBERS)

log = logging.getLogger("korproxy.requests")


def line(event: Finished) -> str:
    """Return *event* as one line of ``name=value`` pairs; what is not known is left out.

    A value that is not plain is written as a JSON string, so that nobody can put pairs or lines of their own into the log.
    """
    return _line(event)[0]


def _line(event: Finished) -> tuple[str, str]:
    """Return the line, and of it what others have chosen: between numbers of ours, and ids that nobody chose."""
    usage, model = event.usage, event.model
    if len(model) > LONGEST:
        model = _short(model)
    how, others = _how(model, event.provider, event.account, event.status, event.outcome, event.code)
    first_byte = "" if event.first_byte is None else f" first_byte={event.first_byte:.3f}"
    tokens_in = "" if usage.tokens_in is None else f" tokens_in={usage.tokens_in}"
    cache_read = "" if usage.cache_read is None else f" cache_read={usage.cache_read}"
    cache_write = "" if usage.cache_write is None else f" cache_write={usage.cache_write}"
    tokens_out = "" if usage.tokens_out is None else f" tokens_out={usage.tokens_out}"
    attempts = f" attempts={event.attempts}" if event.attempts > 1 else ""
    text = (
        f"{how} seconds={event.seconds:.3f}{first_byte} in={event.bytes_in} out={event.bytes_out}"
        f"{tokens_in}{cache_read}{cache_write}{tokens_out}{attempts} request={event.id}"
    )
    return text, others


@lru_cache(maxsize=512)  # few for many requests: a client can choose the model, but it is short by now
def _how(  # noqa: PLR0917 -- by their names they would take the cache twice the time
    model: str, provider: str | None, account: str | None, status: int | None, outcome: str, code: str | None
) -> tuple[str, str]:
    who = "model=" + _value(model) + _pair("provider", provider) + _pair("account", account)
    how = who + _pair("status", status) + _pair("outcome", outcome.replace(" ", "-")) + _pair("code", code)
    return how, how + _WORDS


def _pair(name: str, value: object) -> str:
    return "" if value is None else f" {name}={_value(str(value))}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _value(text: str) -> str:
    return text if _is_plain(text) else json.dumps(_short(text))


@attrs.frozen
class RequestLog:
    """Writes each event to the log, under the correlation id of its request."""

    name: str = "log"

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        """Log until the channel closes."""
        task_status.started()
        with suppress(trio.EndOfChannel):
            while True:
                batch = await events.receive_many(BATCH)
                if log.isEnabledFor(logging.INFO):
                    _write(batch)
                if len(batch) < BATCH:
                    await trio.sleep(GATHER)  # to be woken for each event costs more than to write its line


def _write(batch: Sequence[Finished]) -> None:
    """Log a line for each event.

    KorProxy's own handler takes them without records. And others get theirs by hand: ``log.info`` would look for its caller and
    for its thread each time, which costs as much as all the rest together.
    """
    emit_many = getattr(_only_handler(), "emit_many", None)  # of ``korproxy.runtime.logs``, which no plugin can import
    if emit_many is not None:
        emit_many(log.name, "INFO", [(event.correlation_id, *_line(event)) for event in batch])
        return
    first = log.makeRecord(log.name, logging.INFO, __file__, 0, "", (), None)
    for event in batch:
        record = logging.LogRecord.__new__(type(first))
        record.__dict__.update(first.__dict__)
        record.msg = line(event)
        record.correlation_id = event.correlation_id
        log.handle(record)


def _only_handler() -> logging.Handler | None:
    """Return what alone would get the records of ``log``, as they are; None where somebody else has a hand in them.

    That is another handler, a filter, or whoever makes the records: each may hide what is not to be written.
    """
    if logging.getLogRecordFactory() is not logging.LogRecord:
        return None
    handlers: list[logging.Handler] = []
    logger: logging.Logger | None = log
    while logger is not None:
        handlers += logger.handlers
        logger = logger.parent if logger.propagate else None
    if len(handlers) != 1 or log.filters or handlers[0].filters or handlers[0].level > logging.INFO:
        return None
    return handlers[0]


@hookimpl
def korproxy_sinks(settings: Settings) -> Iterable[Sink]:
    """Offer the log sink."""
    del settings
    yield RequestLog()
