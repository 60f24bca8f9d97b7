"""OpenAI's API (``type = "codex"``), by API key.

Facts: OpenAI's API reference; of the models: catalogues/openai.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from korproxy.api import (
    OPENAI_CHAT,
    Catalogue,
    HttpProvider,
    Provider,
    Settings,
    from_settings,
    hookimpl,
    read_catalogue,
    with_catalogue,
)


@cache
def catalogue() -> Catalogue:
    """Return OpenAI's models; read when the first provider is configured."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath("openai.json").read_bytes())


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``codex``."""
    for table in settings.providers("codex"):
        defaults = HttpProvider(
            id=table.id,
            base_url="https://api.openai.com/v1",
            speaks={"openai-chat": OPENAI_CHAT},
            vendor_headers=(b"openai-", b"idempotency-key", b"x-client-request-id"),
        )
        yield from_settings(table, with_catalogue(defaults, catalogue()))
