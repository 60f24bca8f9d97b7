"""Texts of which vectors are wanted, and these vectors, in no format. Frozen and pure. Beside conversations, no part of them.

OpenAI (``/v1/embeddings``) has one request for many texts, Gemini one for each (``:embedContent``) and a batch of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from korproxy.models.outcome import Usage


@attrs.frozen(kw_only=True)
class EmbeddingInput:
    """One text.

    Attributes:
        task: What the vector is for: Gemini's ``taskType``.
        title: Of the document that the text is: Gemini's.
        at: JSON pointer to where the text stood.
        pointers: Where the other attributes stood, by their names.
    """

    text: str = attrs.field(repr=False)
    task: str | None = None
    title: str | None = None
    at: str = attrs.field(default="", eq=False)
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class EmbeddingRequest:
    """One request. Each input gets a vector of its own, in their order.

    Attributes:
        dimensions: How many numbers a vector should have; None: as many as the model makes.
        user: Who asks.
        pointers: Where ``dimensions`` and ``user`` stood, by their names.
    """

    inputs: tuple[EmbeddingInput, ...]
    dimensions: int | None = None
    user: str | None = None
    pointers: Mapping[str, str] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class EmbeddingAsked:
    """What the writer of the client's answer has to know of the request.

    Attributes:
        model: As the client wrote it.
        base64: Vectors are wanted as base64 of 32-bit floats, the lowest byte first: how OpenAI's SDKs ask by default.
        single: The request had room for one text only, and so has the answer.
    """

    model: str
    base64: bool = False
    single: bool = False


@attrs.frozen(kw_only=True)
class EmbeddingAnswer:
    """One vector for each input, in their order."""

    vectors: Sequence[Sequence[float]] = attrs.field(repr=False)
    usage: Usage = attrs.field(factory=Usage)
