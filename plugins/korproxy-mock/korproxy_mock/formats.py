"""What a provider's format is to the server: a path match, checks, an answer, stream events and error bodies.

To add a format, write one class with these methods and list it in ``server.FORMATS``. All of it is pure: no sockets, and no
state but what a vendor stores, in the call's memory.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias

import attrs

from korproxy_mock.answer import Answer
from korproxy_mock.memory import Memory
from korproxy_mock.prompt import Prompt
from korproxy_mock.record import Received
from korproxy_mock.script import Script

JsonObject: TypeAlias = dict[str, Any]  # foreign JSON: any shape, checked where it is read
Headers: TypeAlias = list[tuple[str, str]]


@attrs.frozen(kw_only=True)
class Route:
    """What a path asks for: ``action`` is one of ``script.ACTIONS``, ``identity`` is of something stored, ``part`` what of it.

    A ``bodiless`` POST has no body that would be read.
    ``provider`` is the path in front of the format's own, so that one mock can play several providers.
    """

    action: str
    provider: str = ""
    model: str | None = None  # from the path, where the format has it there
    stream: bool | None = None  # likewise
    identity: str = ""
    part: str = ""
    bodiless: bool = False


@attrs.frozen(kw_only=True)
class Problem:
    """An error as a vendor says it; ``kind`` is the vendor's type, ``None`` fields are null in the body.

    ``details`` are Google's: machine-readable objects beside the message.
    """

    status: int
    message: str
    kind: str
    code: str | None = None
    param: str | None = None
    details: tuple[JsonObject, ...] = ()


class Refused(Exception):
    """The request is answered with a problem. Raised by checks, caught once where replies are sent."""

    def __init__(self, problem: Problem) -> None:
        """Carry *problem* to where the reply is written."""
        super().__init__(problem.message)
        self.problem = problem


@attrs.frozen(kw_only=True)
class Event:
    """One event of a stream. ``terminal``: the one that tells a client that nothing is missing."""

    data: str
    name: str | None = None
    terminal: bool = False


@attrs.frozen(kw_only=True)
class Framing:
    """How a stream's events are written: as server-sent events, or as the elements of one JSON ``array``."""

    media_type: str = "text/event-stream; charset=utf-8"
    crlf: bool = False
    array: bool = False


SSE = Framing()


@attrs.frozen(kw_only=True)
class Call:
    """One request on its way to its reply. ``number`` counts from 1 and makes ids; the same order gives the same bytes.

    ``memory`` is the server's, for formats that store conversations.
    """

    received: Received
    route: Route
    number: int
    body: JsonObject = attrs.field(factory=dict)
    strict: bool = False
    memory: Memory = attrs.field(factory=Memory)

    @property
    def request_id(self) -> str:
        """The vendor-like request id of this reply."""
        return f"req_{self.number:032x}"

    @property
    def model(self) -> str:
        """The model asked for, wherever the format puts it; empty if nowhere."""
        named = self.route.model if self.route.model is not None else self.body.get("model")
        return named if isinstance(named, str) else ""

    @property
    def stream(self) -> bool:
        """Whether a stream is wanted."""
        return bool(self.body.get("stream")) if self.route.stream is None else self.route.stream


class Format(Protocol):
    """A vendor's API as the server needs it. ``retry_in_body``: it says when to come back in the body, not in a header."""

    name: str
    retry_in_body: bool

    def route(self, received: Received) -> Route | None:
        """Tell what the path asks for; None: it is another format's."""

    def credential(self, received: Received) -> str | None:
        """Return the key the request carries, if any."""

    def check_key(self, received: Received, accepted: frozenset[str] | None) -> None:
        """Raise ``Refused`` unless the credential is good. None accepts all but what starts with ``bad``."""

    def check(self, call: Call) -> None:
        """Raise ``Refused`` for what the vendor would refuse."""

    def read(self, call: Call) -> Prompt:
        """Read a checked body into what an answer depends on."""

    def plain(self, call: Call) -> object:
        """Answer what is not a chat: model lists, token counts. May raise ``Refused``."""

    def answer(self, call: Call, answer: Answer, script: Script) -> str:
        """Write *answer* as the body of a reply that is not streamed."""

    def events(self, call: Call, answer: Answer, script: Script) -> Iterator[Event]:
        """Write *answer* as a stream."""

    def problem(self, call: Call, script: Script) -> Problem:
        """Say a scripted error in the vendor's words."""

    def unreadable(self, received: Received, why: str) -> Problem:
        """Say that the body is no JSON object."""

    def framing(self, call: Call) -> Framing:
        """Tell how the stream's events are written."""

    def error_body(self, call: Call, problem: Problem) -> str:
        """Write *problem* as a body."""

    def error_events(self, call: Call, problem: Problem, script: Script, after: int) -> Iterable[Event]:
        """Write *problem* as what the vendor sends in the middle of a stream, *after* so many events."""

    def headers(self, call: Call) -> Headers:
        """Return the vendor's own headers of every reply."""

    def limit_headers(self, style: str | None, *, wait: float) -> Headers:
        """Return rate-limit headers: None is plenty left, ``plain`` and ``unified`` are used up for *wait* seconds."""
