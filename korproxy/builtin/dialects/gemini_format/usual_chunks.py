"""The chunks that nearly all of a stream consists of: one part that is text or a thought, the tokens so far, and nothing else.

They are told apart from all others by what is in them: whatever else is there makes them another kind.
"""

from __future__ import annotations

from typing import Any

import msgspec


def _named(name: str) -> Any:
    return msgspec.field(default=None, name=name)


class UsualPart(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A piece of text, or of a thought."""

    text: str
    thought: bool | None = None


class _Content(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    parts: list[UsualPart]
    role: Any = None


class _Candidate(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: _Content
    index: int | None = None
    # What nobody reads, but some models say with each chunk.
    safety: msgspec.Raw | None = _named("safetyRatings")
    count: Any = _named("tokenCount")
    probability: Any = _named("avgLogprobs")


class UsualChunk(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A chunk of that kind."""

    candidates: list[_Candidate]
    usage: Any = _named("usageMetadata")
    model: Any = _named("modelVersion")
    id: Any = _named("responseId")
    created: Any = _named("createTime")

    @property
    def part(self) -> UsualPart:
        """Its one part."""
        return self.candidates[0].content.parts[0]


_decode = msgspec.json.Decoder(UsualChunk).decode


def usual_chunk(data: bytes) -> UsualChunk | None:
    """Return the chunk in *data* if it is of that kind, and its part says something. None: it may be anything, JSON or not."""
    try:
        chunk = _decode(data)
    except (ValueError, RecursionError):
        return None
    if len(chunk.candidates) != 1 or chunk.candidates[0].index:
        return None
    parts = chunk.candidates[0].content.parts
    return chunk if len(parts) == 1 and parts[0].text else None
