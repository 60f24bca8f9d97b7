"""What the mock received: one record a request, and a bounded list of them."""

import base64
import json
from collections import deque
from collections.abc import Iterator

import attrs

MOST_RECORDS = 10_000
MOST_BYTES = 256 * 1024**2  # of bodies: a load test with large prompts must not eat the machine


@attrs.define(kw_only=True, eq=False)
class Received:
    """One request as it came in, and what became of it. Times are seconds of the mock's monotonic clock.

    ``headers`` keep their order, repetitions and spelling. ``client_left`` means that the client went away before the
    reply was complete. ``format`` and ``provider`` are empty for paths of no format.
    """

    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = attrs.field(factory=list)
    body: bytes = b""
    connection: int = 0
    format: str = ""
    provider: str = ""
    status: int | None = None  # None: no answer was given
    streamed: bool = False
    client_left: bool = False
    began: float = 0.0
    first_byte: float | None = None
    ended: float | None = None

    def header(self, name: str) -> str | None:
        """Return the first header called *name*, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> object:
        """The body parsed, or None if it is no JSON. Parsed anew each time: records keep bytes only."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def as_json(self) -> dict[str, object]:
        """Return all of it as JSON can hold it: the body as ``body`` if it is text, else as ``body_base64``."""
        fields = attrs.asdict(self, filter=lambda field, _: field.name != "body")
        try:
            fields["body"] = self.body.decode()
        except UnicodeDecodeError:
            fields["body_base64"] = base64.b64encode(self.body).decode()
        return fields


@attrs.define
class Log:
    """The latest records; the oldest give way when there are too many or they hold too many bytes."""

    most_records: int = MOST_RECORDS
    most_bytes: int = MOST_BYTES
    _kept: deque[Received] = attrs.field(factory=deque, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def add(self, received: Received) -> None:
        """Keep *received*."""
        self._kept.append(received)
        self._bytes += len(received.body)
        while len(self._kept) > self.most_records or (self._bytes > self.most_bytes and len(self._kept) > 1):
            self._bytes -= len(self._kept.popleft().body)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._bytes = 0

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._kept)

    def __iter__(self) -> Iterator[Received]:
        """Go through what is kept, oldest first."""
        return iter(self._kept)
