"""What the suite needs of a client format: write requests, read answers, whole and streamed, and errors."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Failure, Result, Turns
from korproxy_conformance.sse import Event

MOST_TOKENS = 4000  # enough to think and to answer
THINK_TOKENS = 2048
EFFORT = "low"


class StreamReader(Protocol):
    """Puts one stream together. Raises ``Wrong`` at the first event that breaks a rule of the format."""

    def take(self, event: Event) -> None:
        """Take the next event."""

    def answer(self) -> Answer:
        """Return what came so far. That the stream ended as it should is not checked: see ``Answer.closed``."""


class Client(Protocol):
    """A program that speaks one format, as strict as the format's documents.

    Attributes:
        shows_results: Whether its tools' results can hold pictures.
        kinds: By HTTP status, the words by which its SDK knows an error.
        late_status: Whether an error in mid-stream carries its status.
    """

    @property
    def name(self) -> str: ...

    @property
    def shows_results(self) -> bool: ...

    @property
    def kinds(self) -> Mapping[int, frozenset[str]]: ...

    def path(self, ask: Ask) -> str:
        """Return path and query."""

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key, and what else the format wants."""

    def body(self, ask: Ask) -> dict[str, Any]:
        """Return the request."""

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """Return a user's turn; *picture* is a PNG that stands before the text."""

    def results(self, results: Sequence[Result]) -> Turns:
        """Return the turn that gives *results* back."""

    def read(self, body: Place) -> Answer:
        """Read a whole answer; ``Wrong`` if it breaks a rule of the format."""

    def reader(self) -> StreamReader:
        """Return a reader for one stream."""

    def failure(self, body: Place, status: int) -> Failure:
        """Read the body of an answer with the error *status*; ``Wrong`` if it is not the format's own."""


def encoded(data: bytes) -> str:
    """Return *data* as base64."""
    return base64.b64encode(data).decode()


def data_url(picture: bytes) -> str:
    """Return a PNG as a URL that holds it."""
    return f"data:image/png;base64,{encoded(picture)}"
