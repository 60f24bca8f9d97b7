"""``python -m tests.bench.logging_cost``: what the log line of one request costs, from the bus to the file descriptor.

CPU time of all threads, beside the same events for a sink that only takes them. A core as busy as under load is part of it:
each request burns a fixed amount of Python, since handing over the interpreter lock costs nothing where nobody holds it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import IO, cast

import attrs
import trio

from korproxy.builtin.redactions import fields, personal, vendor_keys
from korproxy.builtin.sinks.request_log import RequestLog
from korproxy.contracts import Events, Settings, Sink
from korproxy.gateway.hiding import rules_in_force
from korproxy.gateway.redact import Redactor
from korproxy.models.correlation import new_id
from korproxy.models.outcome import Finished, Usage
from korproxy.runtime.bus import open_bus
from korproxy.runtime.logs import Descriptor, logging_to

BURN = 3000  # turns of an empty loop per request: about 60 us
TURN = 0.001  # seconds between two turns of the loop


@attrs.frozen
class Takes:
    """A sink that does nothing with what it takes, woken as seldom as one can be."""

    name: str = "takes"

    async def run(self, events: Events, *, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        while True:
            try:
                await trio.sleep(0.02)
                while True:
                    events.receive_nowait()
            except trio.WouldBlock:
                pass
            except trio.EndOfChannel:
                return


def event(number: int) -> Finished:
    return Finished(
        id=new_id(),
        correlation_id=new_id(),
        key_name="client",
        dialect="openai-chat",
        model="gpt-4o-mini",
        upstream_model="gpt-4o-mini",
        provider="openai",
        account="default",
        status=200,
        outcome="ok",
        attempts=1,
        at=1_790_000_000.0 + number,
        seconds=0.0123 + number / 1e6,
        first_byte=0.0117 + number / 1e6,
        bytes_in=512,
        bytes_out=1024 + number,
        usage=Usage(tokens_in=10, tokens_out=40),
    )


async def emitted(events: Sequence[Finished], sink: Sink, per_turn: int) -> int:
    """Emit all *events* for *sink*; return the nanoseconds of CPU that took, the last line's included."""
    async with open_bus([sink]) as bus:
        await trio.sleep(0.05)
        before = time.process_time_ns()
        due = trio.current_time()
        for start in range(0, len(events), per_turn):
            for each in events[start : start + per_turn]:
                for _ in range(BURN):
                    pass
                bus.emit(each)
            due += TURN
            await trio.sleep_until(due)
    assert not bus.dropped
    return before


def once(sink: Sink, count: int, per_turn: int, out: IO[bytes] | None) -> float:
    """Return microseconds of CPU per request."""
    events = [event(number) for number in range(count)]
    offered = (each.korproxy_redactions(cast("Settings", None)) for each in (fields, personal, vendor_keys))
    redactor = Redactor(rules_in_force(chain.from_iterable(offered), emails=False))
    log = (
        nullcontext()
        if out is None
        else logging_to(Descriptor(out.fileno()), level="info", levels={}, redact=redactor.redact, harmless=redactor.harmless)
    )
    with log:
        before = trio.run(emitted, events, sink, per_turn)
    return (time.process_time_ns() - before) / count / 1000


def main(args: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.logging_cost", description=__doc__)
    parser.add_argument("--requests", type=int, default=3000, metavar="N", help="events in one round")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--per-turn", type=int, default=3, metavar="N", help="requests that end in one turn of 1 ms")
    chosen = parser.parse_args(args)
    without, logged = list[float](), list[float]()
    for _ in range(chosen.rounds):
        without.append(once(Takes(), chosen.requests, chosen.per_turn, None))
        with tempfile.NamedTemporaryFile() as out:
            logged.append(once(RequestLog(), chosen.requests, chosen.per_turn, out))
            lines = Path(out.name).read_bytes().count(b"\n")
        if lines != chosen.requests:
            sys.stderr.write(f"{lines} lines of {chosen.requests} requests\n")
            return 1
    cost = min(logged) - min(without)
    sys.stdout.write(f"{cost:.1f} us of CPU per logged request ({min(logged):.1f} with its line, {min(without):.1f} without)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
