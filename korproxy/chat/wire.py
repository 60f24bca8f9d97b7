"""What a writer of requests is told about its goal, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from korproxy.chat.answer import ProviderError
from korproxy.models.abilities import Abilities


@attrs.frozen(kw_only=True)
class Target:
    """Where a request goes.

    Attributes:
        model: The provider's own name for the model.
        stream: Whether a stream is wanted.
    """

    model: str
    stream: bool
    abilities: Abilities


@attrs.frozen(kw_only=True)
class Written:
    """A request in a provider's format.

    Attributes:
        names: The provider's name of each tool whose own name the format forbids -> the client's name.
    """

    body: bytes = attrs.field(repr=False)
    names: Mapping[str, str] = attrs.field(factory=dict)


class CannotCarry(Exception):
    """A request holds something without which it would mean something else, and the provider's format has no place for it.

    ``pointer`` is where it stands; the text says what it is and what to do, for people.
    """

    def __init__(self, pointer: str, text: str) -> None:
        super().__init__(text)
        self.pointer = pointer


class Unreadable(Exception):
    """A provider's answer is not in the provider's format. The text says what was found, without content."""


class AnswerIsError(Exception):
    """What a provider sent as an answer, with a good status, is an error of its own."""

    def __init__(self, error: ProviderError) -> None:
        """Carry the *error*, ready to be told the client."""
        super().__init__(error.message)
        self.error = error
