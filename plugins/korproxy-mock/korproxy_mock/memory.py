"""What a provider keeps of the conversations it was asked to keep: the one thing that outlives a request. Bounded."""

from collections import OrderedDict
from typing import Any, TypeAlias

import attrs

MOST_RESPONSES = 1_000
MOST_BYTES = 64 * 1024**2  # of requests: a load test whose clients store all they ask must not eat the machine
_Name: TypeAlias = tuple[str, str]  # the key that stored it, its id: no key sees what another one stored


@attrs.frozen(kw_only=True)
class Stored:
    """A response with the request that led to it; ``before`` is what that request went on from.

    The request is kept as it came and read again when it is asked for: most never are.
    """

    request: bytes
    response: dict[str, Any]
    before: "Stored | None" = None


@attrs.define
class Memory:
    """The latest stored responses; the oldest give way when there are too many or their requests hold too many bytes."""

    most_responses: int = MOST_RESPONSES
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[_Name, Stored] = attrs.field(factory=OrderedDict, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def keep(self, key: str, stored: Stored) -> None:
        """Keep *stored* for *key*, under its response's id."""
        self._kept[key, stored.response["id"]] = stored
        self._bytes += len(stored.request)
        while len(self._kept) > self.most_responses or (self._bytes > self.most_bytes and len(self._kept) > 1):
            self._bytes -= len(self._kept.popitem(last=False)[1].request)

    def find(self, key: str, identity: object) -> Stored | None:
        """Return what *key* stored under *identity*."""
        return self._kept.get((key, identity)) if isinstance(identity, str) else None

    def drop(self, key: str, identity: str) -> bool:
        """Forget a response; False: there was none. What went on from it still knows it."""
        stored = self._kept.pop((key, identity), None)
        self._bytes -= len(stored.request) if stored else 0
        return stored is not None

    def outputs(self, key: str) -> list[list[dict[str, Any]]]:
        """Return the output of every response that *key* stored."""
        return [stored.response["output"] for (owner, _), stored in self._kept.items() if owner == key]

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._kept)
