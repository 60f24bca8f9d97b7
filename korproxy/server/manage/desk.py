"""What the management API can find out and do in the daemon. Filled in by ``runtime``, so that Quart knows none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import attrs

from korproxy.errors.codes import Registry
from korproxy.server.faults import FaultWriter

Answer: TypeAlias = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Desk:
    """The questions that management routes may ask. A ``KorproxyError`` of any is answered as an error.

    Attributes:
        faults: How errors are written now.
        health: The state of the daemon, its providers and services, and a section for each collector.
        providers: One entry per configured provider.
        routing: Profiles, groups and rules that are in force.
        reload: Reads the configuration again; says what came of it.
        wake: Ends the waits of an account of a provider.
        why: The story of the request with this id.
        test: Where a request would go, and why; nothing is sent. Gets what was posted.
    """

    faults: Callable[[], FaultWriter]
    health: Callable[[], Awaitable[Answer]]
    providers: Callable[[], list[Answer]]
    routing: Callable[[], Answer]
    reload: Callable[[], Awaitable[Answer]]
    wake: Callable[[str, str], Answer]
    why: Callable[[str], Answer]
    test: Callable[[Answer], Answer]

    @property
    def codes(self) -> Registry:
        """All codes that are known now."""
        return self.faults().codes
