"""A whole gateway in the test's own Trio loop, on real sockets: the server, the front, the gate, the pools. No plugins."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import trio

from korproxy.builtin.dialects.anthropic_count import korproxy_dialects as anthropic_count
from korproxy.builtin.dialects.anthropic_messages import korproxy_dialects as anthropic
from korproxy.builtin.dialects.gemini import korproxy_dialects as gemini
from korproxy.builtin.dialects.gemini_count import korproxy_dialects as gemini_count
from korproxy.builtin.dialects.gemini_embeddings import korproxy_dialects as gemini_embeddings
from korproxy.builtin.dialects.openai_chat import korproxy_dialects as openai
from korproxy.builtin.dialects.openai_completions import korproxy_dialects as openai_completions
from korproxy.builtin.dialects.openai_embeddings import korproxy_dialects as openai_embeddings
from korproxy.builtin.dialects.openai_responses import korproxy_dialects as responses
from korproxy.builtin.dialects.responses_compact import korproxy_dialects as responses_compact
from korproxy.builtin.dialects.responses_count import korproxy_dialects as responses_count
from korproxy.config.settings import RootSettings, ServerSettings
from korproxy.config.view import SettingsView
from korproxy.contracts import Dialect, Provider
from korproxy.errors.catalogue import BUILTIN_CODES
from korproxy.errors.codes import Registry
from korproxy.gateway.gate import Gate
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.windows import Window, open_windows
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES, Endpoint, HttpProvider
from korproxy.models.accounts import Account, Secret
from korproxy.models.outcome import Finished
from korproxy.models.providers import Deadlines, Limits
from korproxy.models.searching import WantedLines, WantedRequests
from korproxy.net.reactor import open_reactor
from korproxy.runtime.sockets import listen, url_of
from korproxy.server.answering import Answerer
from korproxy.server.asgi import App, AsgiApp
from korproxy.server.entrance import Entrance
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Bounds, Front
from korproxy.server.guard import Guard
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing
from korproxy.server.manage.app import on_demand
from korproxy.server.manage.desk import Desk
from korproxy.server.serving import Lane, Server
from tests.fakes.roads import roads

HOOKS = (
    *(openai, openai_completions, openai_embeddings, responses, responses_compact, responses_count),
    *(anthropic, anthropic_count),
    *(gemini, gemini_count, gemini_embeddings),
)
CLIENT_KEY = "kp-client-" + "c" * 43
OTHER_KEY = "kp-client-" + "d" * 43  # of another client
MANAGEMENT_KEY = "kp-manage-" + "m" * 43
UPSTREAM_KEY = "sk-upstream-" + "u" * 30


def provider_at(
    url: str,
    *,
    id: str = "one",  # noqa: A002
    accounts: Sequence[Account] | None = None,
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    **more: Any,
) -> HttpProvider:
    """Return a provider at *url* that speaks these formats and takes every model."""
    return HttpProvider(
        id=id,
        base_url=url,
        speaks={
            "openai-chat": Endpoint(path="/v1/chat/completions"),
            "openai-responses": Endpoint(path="/v1/responses"),
            "anthropic-messages": ANTHROPIC_MESSAGES,
        },
        accounts=(Account(name="work", secret=Secret(UPSTREAM_KEY)),) if accounts is None else accounts,
        patterns=("*",),
        vendor_headers=(b"openai-", b"anthropic-", b"request-id"),
        deadlines=deadlines or Deadlines(),
        limits=limits or Limits(),
        **more,
    )


@attrs.define(kw_only=True)
class Gateway:
    """A running gateway.

    Attributes:
        finished: The event of every call so far.
    """

    url: str
    port: int
    entrance: Entrance
    server: Server
    stop: trio.Event
    windows: dict[str, Window]
    finished: list[Finished]

    @property
    def front(self) -> Front:
        """What requests meet that begin now."""
        return self.entrance.front

    @property
    def gate(self) -> Gate:
        """What stands between the clients and the providers."""
        return self.front.answerer.gate

    def client(self, **options: Any) -> httpx.AsyncClient:
        """Return a client with the right key; the test closes it."""
        headers = {"authorization": f"Bearer {CLIENT_KEY}", **options.pop("headers", {})}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=20, **options)


@asynccontextmanager
async def open_gateway(
    *providers: Provider,
    server: ServerSettings | None = None,
    bounds: Bounds | None = None,
    demo: bool = False,
    correlation_ids: bool = True,
    show_codes: bool = True,
    wrap: Callable[[AsgiApp], AsgiApp] | None = None,
    stop_at_end: bool = True,
    max_wait: float = 0.0,
) -> AsyncIterator[Gateway]:
    """Serve *providers* on a free loopback port for the block.

    Args:
        wrap: Gets the ASGI application; for tests that put something around it. All requests then go there.
        stop_at_end: Drain at the end of the block as the daemon does; else the test has stopped it.
    """
    settings = server or ServerSettings(port=0)
    dialects = dialects_of_all()
    finished: list[Finished] = []
    codes = Registry.of(BUILTIN_CODES)
    sockets = listen(["127.0.0.1"], 0)
    stop = trio.Event()
    async with AsyncExitStack() as stack:
        if roads.reactor:
            await stack.enter_async_context(open_reactor())
        windows = (await stack.enter_async_context(open_windows(providers))).now
        snapshot = Snapshot(providers=tuple(providers), dialects=dialects, demo=demo)
        answerer = Answerer(
            gate=Gate(snapshot, windows, max_wait=max_wait),
            faults=FaultWriter(codes=codes, show_codes=show_codes),
            emit=finished.append,
            keep_alive=settings.keep_alive,
        )
        keys = KeyRing(
            (
                Key.of("client", Secret(CLIENT_KEY), CLIENT),
                Key.of("other", Secret(OTHER_KEY), CLIENT),
                Key.of("management", Secret(MANAGEMENT_KEY), READ, MANAGE),
            )
        )
        guard = Guard.build(
            keys,
            ["127.0.0.1"],
            allowed=settings.allowed_hosts,
            origins=settings.allowed_origins,
            reads=settings.public_reads,
        )
        front = Front(answerer=answerer, guard=guard, bounds=bounds or Bounds(), correlation_ids=correlation_ids)
        desk = idle_desk(FaultWriter(codes=codes, show_codes=show_codes))
        entrance = Entrance(front)
        app = App(entrance, on_demand(desk))
        in_lane = wrap is None and settings.lane and roads.lane
        running = Server(
            app=app if wrap is None else wrap(app),
            lane=Lane(handle=entrance.handle, origins=entrance.origins) if in_lane else None,
            grace=answerer.grace,
            grace_seconds=settings.grace,
            write_deadline=settings.write_deadline,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(running.run, sockets, stop))
            yield Gateway(
                url=url_of(sockets[0]),
                port=sockets[0].getsockname()[1],
                entrance=entrance,
                server=running,
                stop=stop,
                windows=dict(windows),
                finished=finished,
            )
            if stop_at_end:
                stop.set()
        for each in sockets:
            each.close()


def dialects_of_all() -> dict[str, Dialect]:
    """Return the built-in formats by name."""
    return {each.name: each for make in HOOKS for each in make(_no_settings())}


async def _healthy() -> dict[str, object]:
    return {"status": "ok"}


async def _reloaded() -> dict[str, object]:
    return {"ok": True}


@attrs.frozen
class IdleInsight:
    """Knows of nothing, and says what it was asked."""

    async def metrics(self, since: float) -> dict[str, object]:
        return {"since": since}

    async def prometheus(self) -> bytes:
        return b"up 1\n"

    async def requests(self, wanted: WantedRequests) -> dict[str, object]:
        return {"requests": [], "wanted": attrs.asdict(wanted)}

    async def logs(self, wanted: WantedLines) -> dict[str, object]:
        return {"lines": [], "wanted": attrs.asdict(wanted)}

    def levels(self) -> dict[str, object]:
        return {"level": "info", "levels": {}}

    def set_levels(self, posted: Mapping[str, object]) -> dict[str, object]:
        return dict(posted)

    async def bundle(self, repro: str) -> dict[str, object]:
        return {"repro": repro}


def idle_desk(faults: FaultWriter, **given: Any) -> Desk:
    """Return a desk of a daemon that is well and knows of nothing, but for what is given."""
    nothing: dict[str, Any] = {
        "health": _healthy,
        "providers": list,
        "routing": dict,
        "reload": _reloaded,
        "wake": lambda provider, account: {"provider": provider, "account": account},
        "why": lambda asked: {"requests": [{"id": asked}]},
        "test": dict,
        "insight": IdleInsight(),
    }
    return Desk(faults=lambda: faults, **(nothing | given))


def _no_settings() -> SettingsView:
    from korproxy.config.home import Home

    return SettingsView.of(RootSettings(), Home(path=Path("/nonexistent")), demo=False, environ={}, tables={})


logging.getLogger("korproxy").setLevel(logging.DEBUG)
