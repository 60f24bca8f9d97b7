"""A provider that copies the OpenAI chat format: give it an id and an address."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from korproxy.kit.http_provider import OPENAI_CHAT, Endpoint, HttpProvider


@attrs.frozen(kw_only=True)
class OpenAICompatible(HttpProvider):
    """Base for the many services that speak ``/chat/completions`` under their ``base_url``."""

    speaks: Mapping[str, Endpoint] = attrs.field(factory=lambda: {"openai-chat": OPENAI_CHAT})
