"""OpenAI's API (``type = "codex"``), by API key.

Facts: OpenAI's API reference and Python SDK 3.54 (``openai/types/shared/chat_model.py``, 2026-11; models whose end is announced
for 2026 are left out of the list, and still served by name).
"""

from __future__ import annotations

from collections.abc import Iterable

from korproxy.api import OPENAI_CHAT, HttpProvider, Model, Provider, Settings, from_settings, hookimpl

CATALOGUE = tuple(
    Model(id=name, owner="openai")
    for name in (
        "gpt-6.2-astra",
        "gpt-6.2-sol",
        "gpt-6.1-sol",
        "gpt-6.1-terra",
        "gpt-6-astra",
        "gpt-6-sol",
        "gpt-6-luna",
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-5.6-luna",
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.4-nano",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4o",
        "gpt-4o-mini",
    )
)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``codex``."""
    for table in settings.providers("codex"):
        defaults = HttpProvider(
            id=table.id,
            base_url="https://api.openai.com/v1",
            speaks={"openai-chat": OPENAI_CHAT},
            catalogue=CATALOGUE,
            patterns=("gpt-*", "o1*", "o3*", "o4*", "chatgpt-*"),
            vendor_headers=(b"openai-", b"idempotency-key", b"x-client-request-id"),
        )
        yield from_settings(table, defaults)
