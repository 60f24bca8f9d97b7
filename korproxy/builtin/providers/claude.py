"""Anthropic's API (``type = "claude"``), by API key or with the caller's own credential.

Facts: Anthropic's API reference, Claude Code's gateway documentation (headers); of the models: catalogues/anthropic.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import attrs

from korproxy.api import (
    ANTHROPIC_COUNT,
    ANTHROPIC_MESSAGES,
    Catalogue,
    Endpoint,
    HttpProvider,
    Provider,
    Secret,
    Settings,
    from_settings,
    hookimpl,
    read_catalogue,
    with_catalogue,
)


@cache
def catalogue() -> Catalogue:
    """Return Anthropic's models; read when the first provider is configured."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath("anthropic.json").read_bytes())


class ClaudeEndpoint(Endpoint):
    """Anthropic takes keys and the tokens of its logins in different headers, and refuses one in the other's place."""

    __slots__ = ()  # no field of its own: all that attrs makes is inherited

    def credential(self, secret: Secret) -> tuple[bytes, bytes]:
        """Return ``authorization`` for a login's token, ``x-api-key`` for anything else."""
        if secret.reveal().startswith("sk-ant-oat"):
            return attrs.evolve(ANTHROPIC_MESSAGES, key_header=b"authorization").credential(secret)
        return super().credential(secret)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``claude``."""
    endpoint, counting = (ClaudeEndpoint(**attrs.asdict(each, recurse=False)) for each in (ANTHROPIC_MESSAGES, ANTHROPIC_COUNT))
    for table in settings.providers("claude"):
        defaults = HttpProvider(
            id=table.id,
            base_url="https://api.anthropic.com",
            speaks={"anthropic-messages": endpoint, "anthropic-count": counting},
            vendor_headers=(b"anthropic-", b"x-claude-code-", b"request-id"),
        )
        yield from_settings(table, with_catalogue(defaults, catalogue()))
