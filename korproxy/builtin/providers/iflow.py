"""iFlow (``type = "iflow"``): it ended on 2026-04-17, and whoever still has it configured is told so.

Fact: the README of its command line tool announced the end on 2026-03-20 and sent its users to Qoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs

from korproxy.api import (
    OPENAI_CHAT,
    OPENAI_EMBEDDINGS,
    Account,
    Features,
    HttpProvider,
    NoProvider,
    Outgoing,
    Provider,
    Settings,
    UpstreamRequest,
    from_settings,
    hookimpl,
    read_catalogue,
)


class EndedProvider(HttpProvider):
    """Takes part in routing, so that a request for it gets an answer that explains instead of an unknown model."""

    __slots__ = ()  # no field of its own: all that attrs makes is inherited

    def dialect_for(self, model: str, features: Features) -> str:
        """Return the client's own format: which one it is does not matter any more."""
        del model
        return features.dialect

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        """Raise ``NoProvider``: there is nobody to send it to."""
        del request, account
        raise self._ended()

    def check(self, account: Account) -> UpstreamRequest | None:
        """Raise ``NoProvider``: there is nobody to ask."""
        del account
        raise self._ended()

    def _ended(self) -> NoProvider:
        return NoProvider(
            "KP-PROV-106",
            f"iFlow ended its service on 2026-04-17, so [providers.{self.id}] cannot answer any more."
            ' For Qwen models add a provider with type = "qwen" and a key of Model Studio. For any other service that speaks'
            ' the OpenAI format use type = "compatible" with its base_url. If you run such a server, set base_url here.',
        )


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``iflow``: with a ``base_url`` an OpenAI-compatible server, else the sad news."""
    for table in settings.providers("iflow"):
        kind = HttpProvider if table.base_url else EndedProvider
        known = read_catalogue(Path(__file__).with_name("catalogues").joinpath("compatible.json").read_bytes())
        defaults = kind(
            id=table.id,
            base_url="https://apis.iflow.cn/v1",
            speaks={"openai-chat": OPENAI_CHAT, "openai-embeddings": OPENAI_EMBEDDINGS},
            families=known.families,
        )
        yield from_settings(attrs.evolve(table, accounts=table.accounts or (Account(name="none"),)), defaults)
