"""Google's Gemini API (``type = "gemini"``), by API key of AI Studio, in Gemini's own format.

Facts: the Gemini API's reference; of the models: catalogues/google.json. Logins of Gemini CLI and Antigravity are not offered:
Google ended the first for individuals on 2026-06-18 and forbids others to use the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from korproxy.api import (
    GEMINI,
    GEMINI_COUNT,
    GEMINI_EMBEDDINGS,
    Catalogue,
    HttpProvider,
    Provider,
    Settings,
    from_settings,
    hookimpl,
    read_catalogue,
    with_catalogue,
)

# Named one by one: the key is an x-goog- header, too.
VENDOR_HEADERS = (b"x-goog-api-client", b"x-goog-user-project", b"x-goog-request-params", b"x-goog-ext-", b"x-gemini-")


@cache
def catalogue() -> Catalogue:
    """Return Google's models; read when the first provider is configured."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath("google.json").read_bytes())


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``gemini``."""
    for table in settings.providers("gemini"):
        defaults = HttpProvider(
            id=table.id,
            base_url="https://generativelanguage.googleapis.com/v1beta",
            speaks={"gemini": GEMINI, "gemini-count": GEMINI_COUNT, "gemini-embeddings": GEMINI_EMBEDDINGS},
            vendor_headers=VENDOR_HEADERS,
        )
        yield from_settings(table, with_catalogue(defaults, catalogue()))
