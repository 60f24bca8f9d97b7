"""A streamed answer, in no format: one event after the other. Frozen and pure.

The order of a good stream: ``Started``; any of the deltas; ``UsageSeen`` anywhere, the last one counts; then ``Ended`` once, or
``Failed`` once. Text, reasoning and refusals are told in the order of the answer, one open at a time; calls are told apart by
``key`` and may interleave. ``korproxy.chat.guard`` holds streams to it.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from korproxy.chat.answer import Ending, ProviderError
from korproxy.chat.parts import Citation, Document, Image, Seal
from korproxy.models.outcome import Usage


@attrs.frozen(kw_only=True)
class Started:
    """The answer begins. ``id`` and ``model`` are the provider's own, and may be empty."""

    id: str = ""
    model: str = ""


@attrs.frozen
class TextDelta:
    """More text."""

    text: str = attrs.field(repr=False)


@attrs.frozen
class TextEnded:
    """The next text is a block of its own. Only formats that have such blocks send it."""


@attrs.frozen
class Cited:
    """The text that is open rests on a page in the web. Only usage and more of calls may stand between the two."""

    citation: Citation


@attrs.frozen
class ReasoningDelta:
    """More reasoning."""

    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class ReasoningEnded:
    """The reasoning before this is complete; also sent alone, for reasoning whose text is hidden.

    Attributes:
        redacted: The seal is all there is (Messages ``redacted_thinking``).
    """

    seal: Seal | None = None
    redacted: bool = False


@attrs.frozen
class RefusalDelta:
    """More of the text with which the model refuses."""

    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class CallStarted:
    """A tool call begins; its id and its name are known and not empty.

    Attributes:
        key: Tells the calls of one answer apart; counts from 0 in the order in which they begin.
    """

    key: int
    id: str
    name: str
    freeform: bool = False
    seal: Seal | None = None


@attrs.frozen
class CallDelta:
    """More of a call's arguments: all pieces together are ``ToolCall.arguments``. No piece at all: no arguments."""

    key: int
    json: str = attrs.field(repr=False)


@attrs.frozen
class CallEnded:
    """A call's arguments are complete."""

    key: int


@attrs.frozen
class PartAdded:
    """Something that comes whole: a picture or a file that the model made."""

    part: Image | Document


@attrs.frozen
class UsageSeen:
    """Tokens so far, counted from the beginning."""

    usage: Usage


@attrs.frozen
class Ended:
    """The answer is complete."""

    ending: Ending


@attrs.frozen
class Failed:
    """The provider broke off with an error of its own."""

    error: ProviderError


Event: TypeAlias = (
    Started
    | TextDelta
    | TextEnded
    | Cited
    | ReasoningDelta
    | ReasoningEnded
    | RefusalDelta
    | CallStarted
    | CallDelta
    | CallEnded
    | PartAdded
    | UsageSeen
    | Ended
    | Failed
)
