"""Anthropic's API (``type = "claude"``), by API key or with the caller's own credential.

Facts: Anthropic's API reference and Python SDK 2.12 (model names, 2026-11), Claude Code's gateway documentation (headers).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.api import ANTHROPIC_MESSAGES, Endpoint, HttpProvider, Model, Provider, Secret, Settings, from_settings, hookimpl

CATALOGUE = tuple(
    Model(id=name, owner="anthropic", name=title)
    for name, title in (
        ("claude-opus-5-5", "Claude Opus 5.5"),
        ("claude-opus-5", "Claude Opus 5"),
        ("claude-opus-4-8", "Claude Opus 4.8"),
        ("claude-opus-4-7", "Claude Opus 4.7"),
        ("claude-opus-4-6", "Claude Opus 4.6"),
        ("claude-opus-4-5", "Claude Opus 4.5"),
        ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
        ("claude-sonnet-5", "Claude Sonnet 5"),
        ("claude-sonnet-4-6", "Claude Sonnet 4.6"),
        ("claude-sonnet-4-5", "Claude Sonnet 4.5"),
        ("claude-haiku-5-5", "Claude Haiku 5.5"),
        ("claude-haiku-4-5", "Claude Haiku 4.5"),
        ("claude-fable-5-2", "Claude Fable 5.2"),
        ("claude-fable-5-1", "Claude Fable 5.1"),
        ("claude-fable-5", "Claude Fable 5"),
    )
)


@attrs.frozen(kw_only=True)
class ClaudeEndpoint(Endpoint):
    """Anthropic takes keys and the tokens of its logins in different headers, and refuses one in the other's place."""

    def credential(self, secret: Secret) -> tuple[bytes, bytes]:
        """Return ``authorization`` for a login's token, ``x-api-key`` for anything else."""
        if secret.reveal().startswith("sk-ant-oat"):
            return attrs.evolve(ANTHROPIC_MESSAGES, key_header=b"authorization").credential(secret)
        return super().credential(secret)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``claude``."""
    endpoint = ClaudeEndpoint(**attrs.asdict(ANTHROPIC_MESSAGES, recurse=False))
    for table in settings.providers("claude"):
        defaults = HttpProvider(
            id=table.id,
            base_url="https://api.anthropic.com",
            speaks={"anthropic-messages": endpoint},
            catalogue=CATALOGUE,
            patterns=("claude-*",),
            vendor_headers=(b"anthropic-", b"x-claude-code-", b"request-id"),
        )
        yield from_settings(table, defaults)
