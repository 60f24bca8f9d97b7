"""Any server that speaks the OpenAI or the Anthropic format (``type = "compatible"``): Ollama, LM Studio, vLLM, OpenRouter...

It needs a ``base_url``. Without accounts it is asked without a key, which is what servers on one's own machine want.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.api import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    Account,
    ConfigError,
    ConfiguredProvider,
    Endpoint,
    Features,
    HttpProvider,
    Outgoing,
    Problem,
    Provider,
    Settings,
    UpstreamRequest,
    from_settings,
    hookimpl,
)

FORMATS = {"openai-chat": OPENAI_CHAT, "anthropic-messages": ANTHROPIC_MESSAGES}
_NOWHERE = "https://base-url-is-not-set.invalid"  # RFC 2606: never resolves


@attrs.frozen(kw_only=True)
class WronglyConfigured(HttpProvider):
    """Stands for a table with mistakes in it: each request to it says what they are. The other providers go on working."""

    problems: tuple[Problem, ...]

    def dialect_for(self, model: str, features: Features) -> str:
        """Return the client's own format, so that its request comes as far as ``prepare``."""
        del model
        return features.dialect

    def prepare(self, request: Outgoing, account: Account) -> UpstreamRequest:
        """Raise ``ConfigError`` with all mistakes."""
        del request, account
        raise ConfigError.of(self.problems)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer each ``[providers.ID]`` of type ``compatible``."""
    for table in settings.providers("compatible"):
        formats = {name: FORMATS[name] for name in table.speaks or ("openai-chat",) if name in FORMATS}
        yield from_settings(
            attrs.evolve(table, accounts=table.accounts or (Account(name="none"),)),
            _provider(table, formats, tuple(_problems(table))),
        )


def _provider(table: ConfiguredProvider, formats: dict[str, Endpoint], problems: tuple[Problem, ...]) -> HttpProvider:
    vendor = (b"anthropic-", b"request-id") if "anthropic-messages" in formats else ()
    if problems:
        return WronglyConfigured(id=table.id, base_url=_NOWHERE, speaks=formats, problems=problems)
    return HttpProvider(id=table.id, base_url=_NOWHERE, speaks=formats, vendor_headers=vendor)


def _problems(table: ConfiguredProvider) -> Iterable[Problem]:
    place = f"$.providers.{table.id}"
    if not table.base_url:
        text = 'a provider of type "compatible" needs the address of its API, as in base_url = "http://127.0.0.1:11434/v1"'
        yield Problem(code="KP-CONF-213", path=f"{place}.base_url", message=text)
    unknown = [name for name in table.speaks if name not in FORMATS]
    if unknown:
        text = f"unknown format {', '.join(map(repr, unknown))}; there are {', '.join(FORMATS)}"
        yield Problem(code="KP-CONF-202", path=f"{place}.speaks", message=text)
