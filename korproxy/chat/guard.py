"""Holds a translated stream to the rules that every client counts on, before a byte of it is written.

One beginning, one end, nothing behind it; every call begun once, its arguments JSON; tool use as the reason for the end if and
only if a call was told.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from korproxy.chat.events import Event


class BrokenStream(Exception):
    """A provider's stream breaks a rule that cannot be mended. The text says which, without content."""


@attrs.define
class StreamGuard:
    """Watches the events of one stream.

    What can be mended without inventing anything is: a missing or repeated beginning, empty deltas, calls left open at the end,
    no arguments at all (``{}``), a reason that does not match the calls, anything behind the end.
    """

    _over: bool = attrs.field(default=False, init=False)

    @property
    def over(self) -> bool:
        """Whether ``Ended`` or ``Failed`` was let through."""
        return self._over

    def check(self, event: Event) -> Sequence[Event]:
        """Return what may be written in place of *event*, in order.

        Raises:
            BrokenStream: The client must be told that this went wrong.
        """
        raise NotImplementedError
