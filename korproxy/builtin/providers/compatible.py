"""Any server that speaks OpenAI's, Anthropic's or Gemini's format (``type = "compatible"``): Ollama, vLLM, OpenRouter...

It needs a ``base_url``. Without accounts it is asked without a key, which is what servers on one's own machine want. What its
models can do is read from their names, where these tell: catalogues/compatible.json, or in a vendor's format its catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import attrs

from korproxy.api import (
    ANTHROPIC_COUNT,
    ANTHROPIC_MESSAGES,
    GEMINI,
    GEMINI_COUNT,
    GEMINI_EMBEDDINGS,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    RESPONSES_COUNT,
    Abilities,
    Account,
    Catalogue,
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
    read_catalogue,
)

FORMATS = {
    "openai-chat": OPENAI_CHAT,
    "openai-responses": OPENAI_RESPONSES,
    "anthropic-messages": ANTHROPIC_MESSAGES,
    "gemini": GEMINI,
    "openai-completions": OPENAI_COMPLETIONS,
}
# What a server has beside a format, mostly. One that has not says so itself, with a 404.
_BESIDE: Mapping[str, Mapping[str, Endpoint]] = {
    "openai-chat": {"openai-embeddings": OPENAI_EMBEDDINGS},
    "openai-responses": {"responses-count": RESPONSES_COUNT},
    "anthropic-messages": {"anthropic-count": ANTHROPIC_COUNT},
    "gemini": {"gemini-count": GEMINI_COUNT, "gemini-embeddings": GEMINI_EMBEDDINGS},
}
_HEADERS = {"anthropic-messages": (b"anthropic-", b"request-id"), "gemini": (b"x-goog-api-client", b"x-gemini-")}
_VENDORS = {
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "gemini": "google",
}  # whose models are mostly meant, where a format is preferred
_NOWHERE = "https://base-url-is-not-set.invalid"  # RFC 2606: never resolves


@cache
def catalogue(name: str) -> Catalogue:
    """Return the catalogue *name* of those shipped; read when it is first needed."""
    return read_catalogue(Path(__file__).with_name("catalogues").joinpath(f"{name}.json").read_bytes())


def families(preferred: str) -> tuple[tuple[str, Abilities], ...]:
    """Return what names tell of models on a server that prefers the format *preferred*, as ``HttpProvider.families``."""
    vendor = _VENDORS.get(preferred)
    return catalogue("compatible").families if vendor is None else catalogue(vendor).anywhere


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
    vendor = tuple(prefix for name in formats for prefix in _HEADERS.get(name, ()))
    if problems:
        return WronglyConfigured(id=table.id, base_url=_NOWHERE, speaks=formats, problems=problems)
    known = families(next(iter(formats)))
    beside = {name: endpoint for each in formats for name, endpoint in _BESIDE.get(each, {}).items()}
    return HttpProvider(id=table.id, base_url=_NOWHERE, speaks={**formats, **beside}, vendor_headers=vendor, families=known)


def _problems(table: ConfiguredProvider) -> Iterable[Problem]:
    place = f"$.providers.{table.id}"
    if not table.base_url:
        text = 'a provider of type "compatible" needs the address of its API, as in base_url = "http://127.0.0.1:11434/v1"'
        yield Problem(code="KP-CONF-213", path=f"{place}.base_url", message=text)
    unknown = [name for name in table.speaks if name not in FORMATS]
    if unknown:
        text = f"unknown format {', '.join(map(repr, unknown))}; there are {', '.join(FORMATS)}"
        yield Problem(code="KP-CONF-202", path=f"{place}.speaks", message=text)
