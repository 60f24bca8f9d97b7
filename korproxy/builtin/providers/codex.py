"""OpenAI's API (``type = "codex"``), by API key.

Facts: OpenAI's API reference; of the models: catalogues/openai.json. From GPT-5.4 on, Chat Completions refuses tools beside
reasoning, and names ``/v1/responses`` (measured by several gateways, March to November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from korproxy.api import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    RESPONSES_COMPACT,
    RESPONSES_COUNT,
    Catalogue,
    Features,
    HttpProvider,
    Provider,
    Settings,
    from_settings,
    hookimpl,
    read_catalogue,
    with_catalogue,
)

CHAT, RESPONSES = "openai-chat", "openai-responses"
# OpenAI's own, and what Codex tells of the session it is in; both ways.
VENDOR_HEADERS = (
    b"openai-",
    b"x-openai-",
    b"x-codex-",
    b"session_id",
    b"session-id",
    b"thread-id",
    b"idempotency-key",
    b"x-client-request-id",
)
_COMPLETES = re.compile("instruct|davinci|babbage")  # in the names of models that go on with a text


class OpenAI(HttpProvider):
    """OpenAI's own API, which does not take every request in both of its formats."""

    __slots__ = ()  # no field of its own: all that attrs makes is inherited

    def dialect_for(self, model: str, features: Features) -> str:
        """Return the client's own format where the model takes this request in it.

        Requests of clients that speak neither go to models that reason as Responses, which tell more of the reasoning and take
        it back; to others as Chat, which has more settings.
        """
        abilities = self.abilities(model)
        if features.kind == "completion" and not _COMPLETES.search(model):
            return CHAT  # /v1/completions refuses models that are talked to
        if features.dialect == CHAT and features.tools and not abilities.tools_while_reasoning:
            return RESPONSES
        if features.dialect not in self.speaks and features.kind == "chat" and abilities.reasoning != "none":
            return RESPONSES
        return super().dialect_for(model, features)


@cache
def catalogue() -> Catalogue:
    """Return OpenAI's models; read when the first provider is configured."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath("openai.json").read_bytes())


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``codex``."""
    for table in settings.providers("codex"):
        defaults = OpenAI(
            id=table.id,
            base_url="https://api.openai.com/v1",
            speaks={
                CHAT: OPENAI_CHAT,
                RESPONSES: OPENAI_RESPONSES,
                "responses-count": RESPONSES_COUNT,
                "responses-compact": RESPONSES_COMPACT,
                "openai-embeddings": OPENAI_EMBEDDINGS,
                "openai-completions": OPENAI_COMPLETIONS,
            },
            vendor_headers=VENDOR_HEADERS,
        )
        yield from_settings(table, with_catalogue(defaults, catalogue()))
