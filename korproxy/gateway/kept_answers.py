"""Answers that clients may come back to by their ids, whoever gave them. In memory only, bounded, and gone after a while. Pure.

``now`` is any clock in seconds that does not go back. ``scope`` is the key of the client: nobody reaches anybody else's.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

ENTRIES = 2_000
BYTES = 64 * 1024**2
SECONDS = 6 * 3600.0


@attrs.frozen(kw_only=True)
class Origin:
    """The account that keeps an answer itself, under the same id."""

    provider: str
    account: str


@attrs.frozen(kw_only=True)
class Kept:
    """One answer and what it answered.

    Attributes:
        previous: The answer that the request went on from, as far as it did.
        items: What the client sent, a JSON array.
        answer: The answer, a JSON object.
        origin: None where nobody but KorProxy has it.
        model: As the client named it.
        whole: Whether *answer* is all of it; if not, *origin* is still making it in the background.
    """

    id: str
    previous: str | None = None
    items: bytes = attrs.field(repr=False)
    answer: bytes = attrs.field(repr=False)
    origin: Origin | None = None
    model: str = ""
    whole: bool = True

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return len(self.items) + len(self.answer) + len(self.id) + len(self.previous or "") + len(self.model)


@attrs.define(kw_only=True)
class KeptAnswers:
    """What is kept. Whatever was not used for the longest time goes first.

    Attributes:
        longest: Seconds that an unused answer is kept.
    """

    entries: int = ENTRIES
    bytes: int = BYTES
    longest: float = SECONDS
    _kept: dict[tuple[str, str], tuple[Kept, float]] = attrs.field(factory=dict, init=False, repr=False)
    _size: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes held in all."""
        return self._size

    def put(self, kept: Kept, now: float, *, scope: str) -> None:
        """Keep *kept*, in the place of one of the same id; one that alone is larger than all may be is not kept."""
        self.drop(kept.id, scope=scope)
        if kept.size <= self.bytes:
            self._kept[scope, kept.id] = (kept, now)
            self._size += kept.size
        self._shrink(now)

    def get(self, id: str, now: float, *, scope: str) -> Kept | None:  # noqa: A002 -- the word for it
        """Return the answer *id*; None where it is not there, or not any more."""
        self._shrink(now)
        found = self._kept.pop((scope, id), None)
        if found is None:
            return None
        self._kept[scope, id] = (found[0], now)  # now the last to go
        return found[0]

    def chain(self, id: str, now: float, *, scope: str) -> Sequence[Kept] | None:  # noqa: A002
        """Return the conversation that ends with the answer *id*, its beginning first; None where a part of it is missing."""
        found: list[Kept] = []
        seen: set[str] = set()
        wanted: str | None = id
        while wanted is not None:
            kept = None if wanted in seen else self.get(wanted, now, scope=scope)
            if kept is None:
                return None
            seen.add(wanted)
            found.append(kept)
            wanted = kept.previous
        return found[::-1]

    def drop(self, id: str, *, scope: str) -> bool:  # noqa: A002
        """Forget the answer *id*; whether it was there."""
        found = self._kept.pop((scope, id), None)
        self._size -= 0 if found is None else found[0].size
        return found is not None

    def _shrink(self, now: float) -> None:
        while self._kept:
            scope, oldest = next(iter(self._kept))
            is_old = now - self._kept[scope, oldest][1] > self.longest
            if not (is_old or len(self._kept) > self.entries or self._size > self.bytes):
                break
            self.drop(oldest, scope=scope)
