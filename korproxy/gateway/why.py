"""What was decided for the last requests, and what came of it: bounded, and rendered only for whoever asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs

from korproxy.models.decisions import Attempt, Decision, Why
from korproxy.models.outcome import Finished

STORIES = 1000  # requests; each takes about a kilobyte

# Its end, why it went where it went, and all candidates that were asked; None in place of these: the first one was, and its
# answer began, or the client left.
Story: TypeAlias = "tuple[Finished, Decision, Sequence[Attempt] | None]"


@attrs.define
class Stories:
    """The last ``most`` requests that were routed. To add one costs no more than to remember what is there in any case.

    Attributes:
        add: Remembers how a request ended.
    """

    most: int = STORIES
    add: Callable[[Story], None] = attrs.field(init=False, repr=False)
    _stories: deque[Story] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._stories = deque(maxlen=self.most)
        self.add = self._stories.append

    def find(self, id: str, *, most: int = 20) -> Sequence[Why]:  # noqa: A002 -- the word for it
        """Return the requests with this own id or correlation id, the newest first: the latter may repeat."""
        found: list[Why] = []
        for story in reversed(self._stories):
            if id in (story[0].id, story[0].correlation_id):
                found.append(told(story))
                if len(found) >= most:
                    break
        return found

    def recent(self, most: int = 20) -> Sequence[Why]:
        """Return the last requests, the newest first."""
        return [told(self._stories[-number - 1]) for number in range(min(most, len(self._stories)))]

    def newest(self) -> list[Story]:
        """Return all as they are now, the newest first: for who goes through them in another thread."""
        return [*reversed(self._stories)]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._stories)


def told(story: Story) -> Why:
    """Return the whole *story*."""
    finished, decision, attempts = story
    return Why(
        id=finished.id,
        correlation_id=finished.correlation_id,
        wall=finished.at - finished.seconds,
        decision=decision,
        attempts=_only_one(finished) if attempts is None else tuple(attempts),
        outcome=finished.outcome,
        code=finished.code or "",
    )


def _only_one(finished: Finished) -> tuple[Attempt, ...]:
    """Return the attempt of a request whose first candidate answered, or whose client left before: nobody wrote it down.

    It counts from the request's head, since nobody looked at the clock for it.
    """
    if not finished.attempts or finished.provider is None or finished.account is None:
        return ()
    left = finished.first_byte is None and finished.outcome == "client left"
    return (
        Attempt(
            provider=finished.provider,
            account=finished.account,
            model=finished.upstream_model or "",
            at=0.0,
            seconds=finished.seconds if finished.first_byte is None else finished.first_byte,
            outcome="left" if left else "answered",
            status=finished.status,
        ),
    )
