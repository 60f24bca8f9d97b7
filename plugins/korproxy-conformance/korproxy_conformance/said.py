"""What is said in a conversation, in no format: what clients ask for, and what they read in answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import attrs

Turns: TypeAlias = list[Any]  # the entries of a conversation, as the client's own format writes them


@attrs.frozen(kw_only=True)
class Tool:
    """A function that is offered to the model."""

    name: str
    description: str
    schema: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Call:
    """A function call in an answer; ``arguments`` are parsed. Gemini's may have no ``id``."""

    id: str
    name: str
    arguments: Any


@attrs.frozen(kw_only=True)
class Result:
    """What a function gave back: a text, and maybe a PNG."""

    call: Call
    text: str
    picture: bytes | None = None


@attrs.frozen(kw_only=True)
class Ask:
    """A request: turns in the client's own format, all else in none.

    Attributes:
        thinks: Ask for reasoning, and to see it.
        schema: The JSON schema that the answer has to fit.
    """

    model: str
    turns: Turns
    streamed: bool = False
    tools: Sequence[Tool] = ()
    thinks: bool = False
    schema: Mapping[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens, counted alike for all formats: ``prompt`` includes what a cache gave, ``output`` what was thought."""

    prompt: int
    cached: int
    output: int


@attrs.frozen(kw_only=True)
class Failure:
    """An error in the client's own format: of an answer with an error status, or in the middle of a stream.

    Attributes:
        kind: The word by which the format's SDK tells errors apart.
        retry: Seconds after which to come back, where the body says so.
    """

    kind: str
    message: str
    code: str = ""
    retry: float | None = None


@attrs.frozen(kw_only=True)
class Answer:
    """What came back, put together.

    Attributes:
        pieces: The text as it was cut in the stream; a whole answer has one piece.
        thoughts: The reasoning that the client can show.
        seals: What the client has to give back unopened with its next turn: signatures and the like.
        finish: The format's own word for why it ended; empty where none came.
        closed: The mark came after which nothing is missing.
        usage: None where none came.
        back: The answer as entries of the client's next request.
        failure: The error that ended a stream.
        remarks: What the format's documents ask for and is missing, though known clients do without it.
    """

    id: str = ""
    model: str = ""
    pieces: tuple[str, ...] = ()
    thoughts: str = ""
    seals: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    refusal: str = ""
    finish: str = ""
    closed: bool = False
    usage: Usage | None = None
    usage_is_last: bool = False
    back: Turns = attrs.field(factory=list)
    failure: Failure | None = None
    remarks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of its text."""
        return "".join(self.pieces)
