"""What all imitated coding tools have in common: they ask by HTTP, read streams as strictly as the tool does, and run tools.

Shapes, headers and needs are the tools' own, as documented; every word in the requests is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs


@attrs.frozen(kw_only=True)
class Asked:
    """A request as the tool sends it; ``headers`` are without the credential."""

    path: str
    body: Mapping[str, Any] = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class Called:
    """A tool call as the tool reads it; ``arguments`` are parsed, or a text where the tool takes one."""

    id: str
    name: str
    arguments: Any


@attrs.frozen(kw_only=True)
class Heard:
    """One answer. ``kept`` is what goes back in the next request, in the format's own words."""

    text: str
    thought: str
    calls: tuple[Called, ...]
    kept: Sequence[Any] = attrs.field(repr=False)


class CodingTool(Protocol):
    """A coding tool."""

    @property
    def name(self) -> str: ...
    def credential(self, key: str) -> Mapping[str, str]:
        """Return the header in which it sends its key."""

    def ask(self, model: str, prompt: str) -> Asked:
        """Return the first request of a session."""

    def hear(self, stream: bytes) -> Heard:
        """Read an answer; raises as the tool gives up on it."""

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """Return the next request, with the results of all calls in their order."""


class StreamIsBad(Exception):
    """The tool would show an error, or try again."""


def sentences(count: int) -> str:
    """Return so many sentences of instructions: real ones are long."""
    return "Read a file before you change it, keep what works, and say in the end what was done and what was not. " * count


def schema(*required: str, **properties: str) -> dict[str, Any]:
    """Return an object's schema as tools write it; all *properties* are of the given types."""
    described = {name: {"type": kind, "description": f"The {name}."} for name, kind in properties.items()}
    return {"type": "object", "properties": described, "required": list(required), "additionalProperties": False}
