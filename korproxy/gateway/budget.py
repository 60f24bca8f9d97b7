"""How much of its work may be repetition: what keeps an outage from being made worse by those who suffer from it. Pure."""

from __future__ import annotations

import attrs

RESERVE = (
    128.0  # repetitions at a provider that are open at first: twice what 64 clients need whose first account fails at once
)
PER_REQUEST = 0.2  # repetitions that each request adds: of many requests one in five may be asked again, and not more


@attrs.define
class RetryBudget:
    """A bucket of tokens for each provider; one buys one more attempt at an account of it that has just failed somebody.

    An account against which nothing is held costs nothing: no request is lost for want of a token while such a one is there.
    """

    reserve: float = RESERVE
    per_request: float = PER_REQUEST
    _left: dict[str, float] = attrs.field(factory=dict, init=False)  # of those providers whose bucket is not full

    def asked(self, provider: str) -> None:
        """Take note of a request to *provider* that is no repetition."""
        left = self._left.get(provider)
        if left is None:
            return
        left += self.per_request
        if left < self.reserve:
            self._left[provider] = left
        else:
            del self._left[provider]

    def take(self, provider: str) -> bool:
        """Take a token of *provider*; False where there is none."""
        left = self._left.get(provider, self.reserve)
        if left < 1.0:
            return False
        self._left[provider] = left - 1.0
        return True

    def refill(self) -> None:
        """Fill all buckets: all has been well for a while, in which nobody counted requests."""
        self._left.clear()

    def left(self, provider: str) -> float:
        """Return the tokens in the bucket of *provider*, for people."""
        return round(self._left.get(provider, self.reserve), 1)
