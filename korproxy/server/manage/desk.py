"""What the management API can find out about the running daemon. Filled in by ``runtime``, so that Quart knows none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import attrs

from korproxy.errors.codes import Registry


@attrs.frozen(kw_only=True)
class Desk:
    """The questions that management routes may ask.

    Attributes:
        health: The state of the daemon, its providers and services, and a section for each collector.
        providers: One entry per configured provider.
        show_codes: ``features.new_error_codes``; off: errors carry the plain text only.
    """

    codes: Registry
    health: Callable[[], Awaitable[Mapping[str, object]]]
    providers: Callable[[], list[Mapping[str, object]]]
    show_codes: bool = True
