"""Where requests come in, and which configuration each of them meets."""

from __future__ import annotations

from collections.abc import Awaitable, Collection

import attrs

from korproxy.server.exchange import Exchange
from korproxy.server.front import Front


@attrs.define
class Entrance:
    """Each request is served to its end by the front that stood here at its beginning: no request meets two configurations.

    Attributes:
        front: Everything that a request meets: formats, providers, routing, keys, bounds, features. A reload puts another one
            here, whole.
    """

    front: Front

    def handle(self, exchange: Exchange) -> Awaitable[None]:
        """Answer one request, whatever happens; see ``Front.handle``."""
        return self.front.handle(exchange)

    def origins(self) -> Collection[str]:
        """Return the web origins whose pages may read answers."""
        return self.front.guard.origins
