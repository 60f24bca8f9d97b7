"""One client format in front of a gateway, one provider format behind it: what a case plays with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from korproxy_conformance.arrivals.story import Arrival
from korproxy_conformance.clients.client import Client
from korproxy_conformance.mock import Mock
from korproxy_conformance.place import Place, parsed
from korproxy_conformance.said import Answer, Ask, Call, Failure, Result, Turns
from korproxy_conformance.sse import EventReader
from korproxy_conformance.wire import Got, Line, written
from korproxy_conformance.wrong import Words, Wrong, same

JSON = "application/json"
EVENTS = "text/event-stream"


@attrs.frozen(kw_only=True)
class Target:
    """The gateway that is tested.

    Attributes:
        models: By provider format, the model that leads there.
        spares: By client, provider and use, models to be used once, for what may put an account out of use for a while.
        locked: By provider format, a model whose provider refuses the gateway's key. Where there is none, the mock is told to
            refuse the good one.
        wake: Called with a provider format before each step and each request: brings back the account there, should what was
            played before have put it out of use. Other gateways have no such thing.
    """

    url: str
    key: str
    models: Mapping[str, str]
    spares: Mapping[tuple[str, str, str], str] = attrs.field(factory=dict)
    locked: Mapping[str, str] = attrs.field(factory=dict)
    wake: Callable[[str], None] = lambda _: None


@attrs.frozen(kw_only=True)
class Heard:
    """What was read of an answer that may have gone wrong: how far it came, and whether the connection broke off."""

    answer: Answer
    cut: bool


@attrs.frozen(kw_only=True)
class Cell:
    """See the module."""

    client: Client
    provider: str
    target: Target
    line: Line
    mock: Mock

    @property
    def crosses(self) -> bool:
        """Whether the two formats differ, so that the gateway has to translate."""
        return self.client.name != self.provider

    @property
    def model(self) -> str:
        """The model as the client names it."""
        return self.target.models[self.provider]

    def spare(self, use: str) -> str:
        """Return a model for something that may put an account out of use."""
        return self.target.spares.get((self.client.name, self.provider, use), self.model)

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """Return a user's turn."""
        return self.client.user(text, picture)

    def results(self, calls: Sequence[Call], texts: Sequence[str], picture: bytes | None = None) -> Turns:
        """Return the turn with the results of *calls*."""
        made = [Result(call=call, text=text, picture=picture) for call, text in zip(calls, texts, strict=True)]
        return self.client.results(made)

    def ask(self, turns: Turns, **wishes: Any) -> Ask:
        """Return the request for *turns*; *wishes* are the other members of ``Ask``."""
        return Ask(**{"model": self.model, **wishes}, turns=turns)

    def send(self, ask: Ask, *, key: str | None = None) -> Got:
        """Send *ask* and return the answer as it came."""
        self.target.wake(self.provider)
        headers = self.client.headers(self.target.key if key is None else key)
        return self.line.send(self.client.path(ask), headers, written(self.client.body(ask)))

    def say(self, turns: Turns, **wishes: Any) -> Answer:
        """Return the answer to *turns*, which has to be good, and whole."""
        ask = self.ask(turns, **wishes)
        return self.good(ask, self.send(ask))

    def good(self, ask: Ask, got: Got) -> Answer:
        """Read *got*, which has to be a good and whole answer to *ask*."""
        if got.status != 200 or got.cut:
            raise Wrong(Words("a whole answer with status 200"), Words(f"{'a cut one, ' if got.cut else ''}{got.words}"))
        _has_type(got, EVENTS if ask.streamed else JSON)
        if not ask.streamed:
            return self.client.read(parsed(got.body))
        answer = self.hear(got).answer
        if answer.failure is not None:
            raise Wrong(Words("a good end of the stream"), Words(f"the error {answer.failure.message!r}"), "the stream")
        if not (answer.finish and answer.closed):
            raise Wrong(Words("the end that the format has"), Words(f"no more after {got.body[-120:]!r}"), "the stream")
        return answer

    def hear(self, got: Got) -> Heard:
        """Read a stream as far as it came. ``Wrong`` if what came breaks a rule of the format."""
        events, stream = EventReader(), self.client.reader()
        for event in events.feed(got.body):
            stream.take(event)
        if events.rest() and not got.cut:
            raise Wrong(Words("an empty line behind the last event"), Words(repr(events.rest()[-80:])), "the stream")
        return Heard(answer=stream.answer(), cut=got.cut)

    def refused(self, ask: Ask, *, key: str | None = None) -> tuple[Got, Failure]:
        """Return the error that *ask* has to get: a real HTTP status, a body in the client's own format."""
        return self.error(self.send(ask, key=key))

    def error(self, got: Got) -> tuple[Got, Failure]:
        """Read *got*, which has to be an error."""
        if got.status < 400:
            raise Wrong(Words("an HTTP status that tells the error"), Words(got.words))
        _has_type(got, JSON)
        return got, self.client.failure(parsed(got.body), got.status)

    def arrivals(self) -> list[Arrival]:
        """Return what reached the provider since the step began."""
        return self.mock.arrivals(self.provider)

    def arrival(self) -> Arrival:
        """Return the latest request that reached the provider."""
        found = self.arrivals()
        if not found:
            raise Wrong(Words("a request to the provider"), Words("none"))
        return found[-1]


def in_order(place: Sequence[object], expected: Sequence[object], at: str) -> None:
    """Compare two lists, and point at the first difference."""
    for number, (came, wanted) in enumerate(zip(place, expected, strict=False)):
        same(_plain(came), _plain(wanted), f"{at} /{number}")
    if len(place) != len(expected):
        raise Wrong(Words(f"{len(expected)} of them"), Words(f"{len(place)}: {list(place)}"), at)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _has_type(got: Got, expected: str) -> None:
    came = got.header("content-type").partition(";")[0].strip().lower()
    Place(came, "the header content-type").equals(expected)
