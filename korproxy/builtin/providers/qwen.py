"""Alibaba's Model Studio (``type = "qwen"``), by API key: Qwen in the OpenAI format, or in the Anthropic one.

Facts: Model Studio's documentation (addresses; keys hold for one region only); of the models: catalogues/qwen.json. The free
login of Qwen Code ended on 2026-04-15; only keys are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from korproxy.api import (
    ANTHROPIC_COUNT,
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    Catalogue,
    Endpoint,
    HttpProvider,
    Provider,
    Settings,
    from_settings,
    hookimpl,
    read_catalogue,
    with_catalogue,
)

SINGAPORE = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"

_CHAT: Mapping[str, Endpoint] = {"openai-chat": OPENAI_CHAT, "openai-embeddings": OPENAI_EMBEDDINGS}
_MESSAGES: Mapping[str, Endpoint] = {"anthropic-messages": ANTHROPIC_MESSAGES, "anthropic-count": ANTHROPIC_COUNT}


@cache
def catalogue() -> Catalogue:
    """Return Qwen's models as they are in the OpenAI format; read when the first provider is configured."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath("qwen.json").read_bytes())


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``qwen``. The address decides the format: ``.../apps/anthropic`` is Anthropic's."""
    for table in settings.providers("qwen"):
        anthropic = (table.base_url or SINGAPORE).rstrip("/").endswith("/apps/anthropic")
        defaults = HttpProvider(
            id=table.id,
            base_url=SINGAPORE,
            speaks=_MESSAGES if anthropic else _CHAT,
            vendor_headers=(b"x-dashscope-", *((b"anthropic-", b"request-id") if anthropic else ())),
        )
        known = catalogue().with_budgets() if anthropic else catalogue()  # so it is asked to reason in Anthropic's format
        yield from_settings(table, with_catalogue(defaults, known))
