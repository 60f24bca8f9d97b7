"""The supervision tree: what lives in what. Nesting is lifetime; docs/explain/architecture.md draws it."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import attrs
import trio

from korproxy.contracts import Provider, Service
from korproxy.errors.exceptions import CannotStart
from korproxy.gateway.gate import Gate, Window
from korproxy.gateway.redact import Redactor
from korproxy.gateway.slots import Slots
from korproxy.gateway.upstream import open_upstream
from korproxy.runtime.bus import Bus, open_bus
from korproxy.runtime.compose import Composition
from korproxy.runtime.health import Health
from korproxy.runtime.services import IdleConnectionCheck
from korproxy.runtime.signals import watch_signals
from korproxy.runtime.supervise import Restart, ServiceState, supervise, unwrap
from korproxy.server.answering import Answerer
from korproxy.server.asgi import App
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Bounds, Front
from korproxy.server.grace import Grace
from korproxy.server.guard import Guard
from korproxy.server.keys import KeyRing
from korproxy.server.manage.app import on_demand
from korproxy.server.manage.desk import Desk
from korproxy.server.serving import Server

SERVICE_START = 10.0  # seconds a service gets to report that it is useful
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Plan:
    """Everything a daemon needs that can be had before Trio runs.

    Attributes:
        sockets: Listening already.
        about: What ``daemon.json`` says.
    """

    parts: Composition
    keys: KeyRing
    sockets: Sequence[socket]
    about: Mapping[str, object]
    redactor: Redactor


async def live(
    plan: Plan,
    *,
    ready: Callable[[], None],
    on_stop: Callable[[], None],
    stop: trio.Event | None = None,
) -> None:
    """Be the daemon: open everything from the outside in, serve until told to stop, close from the inside out.

    Args:
        ready: Called once the first request would be answered.
        on_stop: Called when a stop was asked for, by a signal or by *stop*.

    Raises:
        CannotStart: A service that KorProxy needs does not start (KP-SYS-513).
    """
    stop = stop or trio.Event()
    async with trio.open_nursery() as root:
        abandon = _Abandon(root.cancel_scope)
        await root.start(watch_signals, stop, abandon)
        root.start_soon(_when_set, stop, on_stop)
        async with (
            open_bus([each.item for each in plan.parts.offered_sinks]) as bus,
            open_windows(plan.parts.providers) as windows,
        ):
            await _serve(plan, bus, windows, stop=stop, abandon=abandon, ready=ready)
        root.cancel_scope.cancel("everything is closed")


@attrs.define
class _Abandon:
    """What a second signal does: clients are cut off, then all is cancelled."""

    _root: trio.CancelScope
    server: Server | None = None

    def __call__(self) -> None:
        if self.server is not None:
            self.server.abandon()
        self._root.cancel("a second signal came")


async def _when_set(event: trio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()


async def _serve(
    plan: Plan,
    bus: Bus,
    windows: Mapping[str, Window],
    *,
    stop: trio.Event,
    abandon: _Abandon,
    ready: Callable[[], None],
) -> None:
    """Run the services, and the server among them; the services end after the last request."""
    settings = plan.parts.settings.server
    front = make_front(plan, bus, windows)
    states: list[ServiceState] = []
    health = Health(
        about=plan.about,
        home=str(plan.parts.home.path),
        front=front,
        services=lambda: [*bus.states, *states],
        plugins=lambda: plan.parts.host.states,
        collectors=[each.item for each in plan.parts.offered_collectors],
        redactor=plan.redactor,
        began=trio.current_time(),
    )
    desk = Desk(codes=plan.parts.codes, health=health.report, providers=health.providers)
    server = Server(
        app=App(front, on_demand(desk)),
        grace=front.answerer.grace,
        grace_seconds=settings.grace,
        write_deadline=settings.write_deadline,
    )
    abandon.server = server
    async with trio.open_nursery() as services:
        check = IdleConnectionCheck([each.upstream for each in windows.values()])
        await _start(services, check, states, fatal=True)
        for offer in plan.parts.offered_services:
            fatal = plan.parts.demo or offer.plugin in plan.parts.settings.required or _is_builtin(plan, offer.plugin)
            if not await _start(services, offer.item, states, fatal=fatal):
                plan.parts.host.take_out(offer.plugin, "KP-SYS-513", f"its service {offer.item.name} did not start")
        async with trio.open_nursery() as serving:
            await serving.start(partial(server.run, plan.sockets, stop))
            ready()
        services.cancel_scope.cancel("the server has stopped")


def make_front(plan: Plan, bus: Bus, windows: Mapping[str, Window]) -> Front:
    """Return the front of a server as the settings want it."""
    settings = plan.parts.settings
    server, features = settings.server, settings.features
    guard = Guard.build(
        plan.keys,
        server.host,
        allowed=server.allowed_hosts,
        origins=server.allowed_origins,
        reads=server.public_reads,
    )
    answerer = Answerer(
        gate=Gate(plan.parts.snapshot(), windows),
        faults=FaultWriter(codes=plan.parts.codes, show_codes=features.new_error_codes),
        emit=bus.emit,
        grace=Grace(),
    )
    return Front(
        answerer=answerer,
        guard=guard,
        bounds=Bounds(max_body=server.max_body, read_deadline=server.read_deadline, max_running=server.max_running),
        correlation_ids=features.correlation_ids,
    )


@asynccontextmanager
async def open_windows(providers: Iterable[Provider]) -> AsyncIterator[Mapping[str, Window]]:
    """Make the pool of each provider; they are closed after the last request."""
    providers = list(providers)
    secure = _tls(any(each.base_url.startswith("https:") for each in providers))
    async with AsyncExitStack() as stack:
        windows: dict[str, Window] = {}
        for each in providers:
            outside = (urlsplit(each.base_url).hostname or "") not in _LOOPBACK
            opened = open_upstream(each.id, each.deadlines, secure=secure, trust_env=outside)
            upstream = await stack.enter_async_context(opened)
            windows[each.id] = Window(upstream, Slots(each.id, each.limits))
        yield windows


def _tls(needed: bool) -> ssl.SSLContext:
    """Return the one context of all providers. Loading the authorities takes 20 ms; without them nothing is trusted."""
    return ssl.create_default_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _start(nursery: trio.Nursery, service: Service, states: list[ServiceState], *, fatal: bool) -> bool:
    """Start *service* under supervision in *nursery*; it is left running. Return whether it did start."""
    state = ServiceState(name=service.name)
    run: Any = partial(supervise, service.run, state, restart=Restart())
    reason = f"it was not ready within {SERVICE_START:g} s"
    with trio.move_on_after(SERVICE_START):
        try:
            await nursery.start(run)
        except Exception as exc:  # noqa: BLE001 -- whatever a plugin's service raises
            reason = f"{type(unwrap(exc)).__name__}: {unwrap(exc)}"
        else:
            states.append(state)
            return True
    if fatal:
        raise CannotStart("KP-SYS-513", f"The service {service.name!r} did not start: {reason}.")
    log.warning("KP-SYS-513: the service %r did not start: %s", service.name, reason)
    return False


def _is_builtin(plan: Plan, plugin: str) -> bool:
    return any(each.name == plugin and each.origin == "builtin" for each in plan.parts.host.states)
