"""Alibaba's Model Studio (``type = "qwen"``), by API key: Qwen in the OpenAI format, or in the Anthropic one.

Facts: Model Studio's documentation (addresses; keys hold for one region only), Qwen Code 0.24 (model names, 2026-11). The free
login of Qwen Code ended on 2026-04-15; only keys are left.
"""

from __future__ import annotations

from collections.abc import Iterable

from korproxy.api import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    HttpProvider,
    Model,
    Provider,
    Settings,
    from_settings,
    hookimpl,
)

SINGAPORE = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
CATALOGUE = tuple(
    Model(id=name, owner="qwen")
    for name in (
        "qwen3.8-max",
        "qwen3.8-flash",
        "qwen3.7-max",
        "qwen3.7-plus",
        "qwen3.6-plus",
        "qwen3.6-flash",
        "qwen3.5-plus",
        "qwen3-coder-plus",
        "qwen3-coder-flash",
        "qwen3-coder-next",
    )
)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``qwen``. The address decides the format: ``.../apps/anthropic`` is Anthropic's."""
    for table in settings.providers("qwen"):
        anthropic = (table.base_url or SINGAPORE).rstrip("/").endswith("/apps/anthropic")
        defaults = HttpProvider(
            id=table.id,
            base_url=SINGAPORE,
            speaks={"anthropic-messages": ANTHROPIC_MESSAGES} if anthropic else {"openai-chat": OPENAI_CHAT},
            catalogue=CATALOGUE,
            patterns=("qwen*",),
            vendor_headers=(b"x-dashscope-", *((b"anthropic-", b"request-id") if anthropic else ())),
        )
        yield from_settings(table, defaults)
