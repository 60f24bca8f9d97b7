"""The ids in one answer: of the response, of its items, of its calls. A client sends them back, so they are not random."""

from __future__ import annotations

from uuid import uuid4

import attrs

from korproxy.api import chat

_PREFIX = "resp_"
_ROOM = 40  # characters: with a prefix and a number it stays below OpenAI's 64


@attrs.define
class Ids:
    """Made of the request's id, which nobody else's answer has; so the stream and the whole answer to it have the same ones."""

    _stem: str
    _calls: dict[str, int] = attrs.field(factory=dict, init=False)  # id of a call -> how many have it

    @classmethod
    def of(cls, asked: chat.Asked, answer: str) -> Ids:
        """Return the ids of the answer to what was *asked*; *answer* is the provider's own id of it, for want of another."""
        stem = asked.id.replace("-", "") or answer.removeprefix(_PREFIX) or uuid4().hex
        return cls(chat.fit_id(stem, longest=_ROOM))

    @property
    def response(self) -> str:
        """The id of the response."""
        return f"{_PREFIX}{self._stem}"

    def item(self, prefix: str, index: int) -> str:
        """Return the id of the item at *index* of the output; *prefix* says what it is (``msg``)."""
        return f"{prefix}_{self._stem}_{index}"

    def call(self, id: str) -> str:  # noqa: A002
        """Return *id*, the one of the next call, unlike those before it: results come back by it."""
        own = id or f"call_{self._stem}"
        while own in self._calls:
            self._calls[own] += 1
            own = f"{own}_{self._calls[own]}"
        self._calls[own] = 1
        return own
