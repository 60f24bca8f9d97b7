"""What translation costs, without sockets: ``python -m tests.bench.translating [NAME]``.

CPU microseconds, the best of many rounds: per request of about 1 KB (read, written, its answer read and written), per event of
a stream that comes in chunks of 1, 10 and 100 events, and of what only passes: per look at a body, and per event looked at.
A NAME shows only the lines that hold it. All goes through the very classes that the gate uses.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from time import process_time_ns
from typing import Any

import attrs

from korproxy.api import Dialect, chat
from korproxy.chat.memory import ReasoningMemory
from korproxy.gateway.crossing import Crossing, read, write
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.provenance import Origin, Owner, Provenance
from korproxy.gateway.routing import Candidate
from korproxy.gateway.translation import Translated
from korproxy.kit.http_provider import HttpProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call
from tests.bench.recorded import ASKED, PIECES, Stream, answers, requests, stream
from tests.fakes.passing import DIALECTS

# Client and provider; the first two are asked for most.
CROSSINGS = (
    ("anthropic-messages", "openai-chat"),
    ("openai-chat", "anthropic-messages"),
    ("openai-responses", "openai-chat"),
    ("openai-chat", "openai-responses"),
    ("openai-chat", "gemini"),
    ("gemini", "openai-chat"),
)
EVENTS = 400
CHUNKS = (1, 10, 100)
ROUNDS = 15
SIZES = {"1 KB": 1024, "124 KB": 124 * 1024, "8 MB": 8 * 1024**2}
PATH = "/v1beta/models/m:generateContent"  # Gemini's; the others' bodies name the model


@attrs.frozen
class Line:
    """What is measured: *work*, which is *parts* of the same."""

    name: str
    work: Callable[[], object]
    parts: int = 1
    rounds: int = ROUNDS


class Road:
    """The way of one request, as the gate goes it, to a provider that answers at once."""

    def __init__(self, client: str, provider: str) -> None:
        self.client, self.provider = DIALECTS[client], DIALECTS[provider]
        self.memory, self.owner = ReasoningMemory(), Owner(Provenance(), Origin(provider="p", family="", account="a"))
        there, account = HttpProvider(id="p", base_url="http://127.0.0.1:1", speaks={}, patterns=("*",)), Account(name="a")
        self.candidate = Candidate(provider=there, account=account, model="m", dialect=provider)

    def request(self, body: bytes) -> Crossing:
        """Return *body* in the provider's format."""
        back, away = self.client.translator, self.provider.translator
        assert back is not None
        assert away is not None
        path = PATH if self.client.name == "gemini" else self.client.paths[0]
        peek = self.client.peek(path, body)
        call = Call(id="c", correlation_id="c", dialect=self.client.name, path=path, peek=peek, body=body)
        reading = read(call, back, created=1790000000, own=self.owner)
        self.memory.restore(reading.conversation, self.owner, 0.0)
        written = write(reading, call, self.candidate, away)
        return Crossing(back=back, away=away, asked=reading.asked, written=written, report=reading.report)

    def passage(self, crossing: Crossing, *, events: bool) -> Translated:
        """Return what takes the answer back."""
        return Translated(
            provider="p",
            crossing=crossing,
            events=events,
            late_error=lambda _exc, _behind: b"",
            watch=self.memory.watcher(0.0),
            note=self.owner.note,
        )

    def whole(self, body: bytes, answer: bytes) -> bytes:
        """Go there and back."""
        passage = self.passage(self.request(body), events=False)
        passage.feed(answer)
        return passage.end()

    def streamed(self, crossing: Crossing, chunks: Sequence[bytes]) -> int:
        """Take the *chunks* of a stream back; return how many bytes they become."""
        passage = self.passage(crossing, events=True)
        size = sum(len(passage.feed(each)) for each in chunks) + len(passage.end())
        assert passage.broken is None
        return size


def best(work: Callable[[], object], *, rounds: int = ROUNDS, least: int = 2_000_000) -> float:
    """Return microseconds of CPU that *work* takes: the best of some rounds, none of them shorter than *least* nanoseconds."""
    times, found = 1, float("inf")
    work()
    for _ in range(rounds):
        begun = process_time_ns()
        for _ in range(times):
            work()
        took = process_time_ns() - begun
        found = min(found, took / times)
        while took * 2 < least and times < 1000:
            times, took = times * 2, took * 2
    return found / 1000


def of_requests() -> Iterator[Line]:
    """Yield what a request and its whole answer cost, of each crossing."""
    for client, provider in CROSSINGS:
        road, body, answer = Road(client, provider), requests(stream=False)[client], answers()[provider]
        yield Line(f"request  {client} <- {provider}", partial(road.whole, body, answer))


def of_events() -> Iterator[Line]:
    """Yield what an event costs, of each crossing and kind, by how many events come at once."""
    for client, provider in CROSSINGS:
        for piece in PIECES:
            road, told = Road(client, provider), stream(provider, piece)
            crossing = road.request(requests(stream=client != "gemini")[client])
            if client == "gemini":
                crossing = attrs.evolve(crossing, asked=chat.Asked(model="m", stream=True))
            pieces = [told.piece(number) for number in range(EVENTS)]
            for size in CHUNKS:
                joined = [b"".join(pieces[at : at + size]) for at in range(0, EVENTS, size)]
                work = partial(road.streamed, crossing, [told.head, *joined, told.tail])
                yield Line(f"event    {client} <- {provider} {piece} by {size}", work, EVENTS, rounds=7)


def of_passing() -> Iterator[Line]:
    """Yield what it costs to look at what passes: at bodies, and at events, per event of chunks of 100."""
    owner = Owner(Provenance(), Origin(provider="p", family="", account="a"))
    for name, dialect in DIALECTS.items():
        assert dialect.translator is not None
        clean = dialect.translator.without_foreign_reasoning
        for size, length in SIZES.items():
            body, path = _long(name, length), PATH if name == "gemini" else dialect.paths[0]
            rounds = 5 if length > 1024**2 else ROUNDS
            yield Line(f"peek     {name} {size}", partial(dialect.peek, path, body), rounds=rounds)
            yield Line(f"own      {name} {size}", partial(clean, body, owner, chat.Report()), rounds=rounds)
        for piece in PIECES:
            told = stream(name, piece)
            yield Line(
                f"look     {name} {piece}", partial(_look, dialect, told, [b"".join(map(told.piece, range(100)))] * 4), 400
            )


def _look(dialect: Dialect, told: Stream, chunks: Sequence[bytes]) -> None:
    reader, cutter = dialect.reader(stream=True), FrameCutter()
    for each in (told.head, *chunks, told.tail):
        reader.feed(cutter.feed(each))


def _long(format: str, length: int) -> bytes:  # noqa: A002 -- the word for it
    """Return a request whose conversation is so long that it has about *length* bytes."""
    kinds = {"openai-responses": ("input_text", "output_text")}.get(format)

    def turn(at: int) -> Mapping[str, Any]:
        if format == "gemini":
            return {"role": "model" if at % 2 else "user", "parts": [{"text": ASKED}]}
        content = [{"type": kinds[at % 2], "text": ASKED}] if kinds else ASKED
        return {"role": "assistant" if at % 2 else "user", "content": content}

    turns = [turn(at) for at in range(max(1, length // len(json.dumps(turn(0)))))]
    if format == "gemini":
        return json.dumps({"contents": turns}).encode()
    return json.dumps({"model": "m", "stream": True, "input" if kinds else "messages": turns}).encode()


def main(wanted: str = "") -> None:
    """Measure and print, one line for each."""
    for line in chain(of_requests(), of_events(), of_passing()):
        if wanted in line.name:
            cost = best(line.work, rounds=line.rounds) / line.parts
            sys.stdout.write(f"{line.name:62}{cost:12.1f} us\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:2])
