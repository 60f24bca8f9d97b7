"""The smallest provider plugin: one model of an OpenAI-compatible server, such as LM Studio on this machine."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.api import Account, Model, OpenAICompatible, PluginTable, Provider, Settings, hookimpl


@attrs.frozen(kw_only=True)
class Hello:
    """The ``[plugin.hello]`` table of korproxy.toml. Without a ``base_url`` there is nothing to offer."""

    base_url: str = ""
    model: str = "hello-world"


@hookimpl
def korproxy_settings() -> Iterable[PluginTable]:
    """Describe ``[plugin.hello]``, so that a mistake in it is found before the first request."""
    yield PluginTable("hello", Hello)


@hookimpl
def korproxy_providers(settings: Settings) -> Iterable[Provider]:
    """Offer the server's model to clients, as ``hello/hello-world``."""
    hello = settings.plugin("hello", Hello)
    if hello.base_url:
        yield OpenAICompatible(
            id="hello",
            base_url=hello.base_url,
            accounts=(Account(name="local"),),
            catalogue=(Model(id=hello.model, owner="hello"),),
        )
