"""The ways to the providers: their connections, and the places in front of them. A reload exchanges only what has changed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import attrs

from korproxy.contracts import Provider
from korproxy.gateway.slots import Slots
from korproxy.gateway.upstream import Upstream
from korproxy.net.client import Client
from korproxy.net.connect import Connector
from korproxy.net.pool import IdleRoom, Pool
from korproxy.net.proxies import Proxies

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen
class Window:
    """The way to one provider."""

    upstream: Upstream
    slots: Slots


@attrs.frozen
class _Way:
    """What a window is made of, and can be kept for the next one."""

    base_url: str
    pool: Pool
    window: Window


@attrs.define
class Windows:
    """The windows of the configuration that is in force, and what is left of earlier ones.

    Requests of an earlier configuration go on with its windows. What they hold is closed when they give it back: no task has to
    wait for that.

    Attributes:
        now: By the id of the provider.
    """

    now: Mapping[str, Window] = attrs.field(factory=dict)
    _room: IdleRoom = attrs.field(factory=IdleRoom, init=False, repr=False)
    _ways: dict[str, _Way] = attrs.field(factory=dict, init=False, repr=False)
    _retired: list[Pool] = attrs.field(factory=list, init=False, repr=False)  # somebody may still use them
    _secure: ssl.SSLContext | None = attrs.field(default=None, init=False, repr=False)

    def prepare(self, providers: Iterable[Provider]) -> None:
        """Load what *providers* need: 20 ms where it is the first one with TLS, so it may be done in a thread."""
        if self._secure is None and any(each.base_url.startswith("https:") for each in providers):
            self._secure = tls(needed=True)

    def swap(self, providers: Iterable[Provider]) -> Mapping[str, Window]:
        """Return the windows to *providers*, which are in force from now on.

        Whose address is the same keeps its connections and places, whatever else has changed. Never blocks after ``prepare``.
        """
        providers = list(providers)
        self.prepare(providers)
        before, self._ways = self._ways, {}
        for each in providers:
            known = before.get(each.id)
            kept = known is not None and known.base_url == each.base_url
            self._ways[each.id] = _changed(before.pop(each.id), each) if kept else self._new(each)
        self._retired = [each for each in self._retired if len(each)]
        for way in before.values():
            way.pool.retire()
            self._retired.append(way.pool)
        self.now = {name: way.window for name, way in self._ways.items()}
        return self.now

    def load(self, provider: str, account: str) -> tuple[int, int]:
        """Return how many requests run at *account* of *provider* now, and how many wait."""
        window = self.now.get(provider)
        return (0, 0) if window is None else window.slots.load(account)

    def close(self) -> None:
        """Close all connections, also those that are in use."""
        for pool in [*(way.pool for way in self._ways.values()), *self._retired]:
            pool.close()

    def _new(self, provider: Provider) -> _Way:
        outside = (urlsplit(provider.base_url).hostname or "") not in _LOOPBACK
        proxies = Proxies.of_environment() if outside else Proxies()
        pool = Pool(Connector(self._secure or tls(needed=False), proxies), self._room)
        upstream = Upstream(provider.id, provider.deadlines, Client(pool))
        return _Way(provider.base_url, pool, Window(upstream, Slots(provider.id, provider.limits)))


def _changed(way: _Way, provider: Provider) -> _Way:
    """Return *way* with what *provider* says otherwise than the provider it was made for."""
    window = way.window
    window.slots.limit(provider.limits)
    if window.upstream.deadlines == provider.deadlines:
        return way
    upstream = Upstream(provider.id, provider.deadlines, Client(way.pool))  # the old one is of those that began with it
    return attrs.evolve(way, window=Window(upstream, window.slots))


def tls(*, needed: bool) -> ssl.SSLContext:
    """Return a context for all providers. Loading the authorities takes 20 ms; without them nothing is trusted."""
    return ssl.create_default_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@asynccontextmanager
async def open_windows(providers: Iterable[Provider]) -> AsyncIterator[Windows]:
    """Open the windows to *providers* for the block; all connections are closed at its end."""
    windows = Windows()
    try:
        windows.swap(providers)
        yield windows
    finally:
        windows.close()
