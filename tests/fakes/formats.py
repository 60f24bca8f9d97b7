"""Formats for tests of routing, which only asks whether they can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import attrs

from korproxy.contracts import Dialect, Provider
from korproxy.gateway.routing import Snapshot
from korproxy.models.calls import Kind


@attrs.frozen
class Known:
    """A format that is known, and perhaps translated."""

    translator: Any = None
    paths: tuple[str, ...] = ("/x",)
    kind: Kind = "chat"
    listed: frozenset[Kind] = frozenset({"chat"})


def snapshot(*providers: Provider, translated: bool = False, aliases: Mapping[str, str] | None = None) -> Snapshot:
    """Return a snapshot of *providers* in which two formats are known; *translated*: from and into each other."""
    known = cast("Dialect", Known("translator" if translated else None))
    dialects = {"openai-chat": known, "anthropic-messages": known}
    return Snapshot(providers=tuple(providers), dialects=dialects, aliases=aliases or {})
