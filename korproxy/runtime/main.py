"""The supervision tree: what lives in what. Nesting is lifetime; docs/explain/architecture.md draws it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from socket import socket
from typing import Any

import attrs
import trio

from korproxy.contracts import Embedder, Service, Sink, Translator
from korproxy.errors.exceptions import CannotStart
from korproxy.gateway.gate import Gate
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.redact import Redactor
from korproxy.gateway.windows import Window, Windows, open_windows
from korproxy.net.reactor import open_reactor
from korproxy.plugins.offers import Offer
from korproxy.runtime.bus import Bus, open_bus
from korproxy.runtime.compose import Composition
from korproxy.runtime.health import Health
from korproxy.runtime.memory import settle
from korproxy.runtime.seal_file import SealFile
from korproxy.runtime.services import IdleConnectionCheck
from korproxy.runtime.signals import watch_signals
from korproxy.runtime.supervise import Restart, ServiceState, start_within, supervise
from korproxy.server.answering import Answerer
from korproxy.server.asgi import App
from korproxy.server.entrance import Entrance
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Bounds, Front
from korproxy.server.grace import Grace
from korproxy.server.guard import Guard
from korproxy.server.keys import KeyRing
from korproxy.server.manage.app import on_demand
from korproxy.server.manage.desk import Desk
from korproxy.server.serving import Lane, Server

SERVICE_START = 10.0  # seconds a service gets to report that it is useful
BREATH = 0.5  # seconds for the first requests, before what none of them may need is loaded beside them
OWN = "korproxy"  # in place of a plugin's name, for what is the daemon's own
# What the gate imports itself where a request crosses formats, together with what translators load.
_ACROSS = ("korproxy.gateway.translation", "korproxy.gateway.embedding", "korproxy.gateway.images", "korproxy.chat.memory")

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Plan:
    """Everything a daemon needs that can be had before Trio runs.

    Attributes:
        sockets: Listening already.
        about: What ``daemon.json`` says.
        lasting: What the gateway remembers; whose reasoning is whose is filled from its file at the start.
    """

    parts: Composition
    keys: KeyRing
    sockets: Sequence[socket]
    about: Mapping[str, object]
    redactor: Redactor
    lasting: Lasting = attrs.field(factory=Lasting)


async def live(
    plan: Plan,
    *,
    ready: Callable[[], None],
    on_stop: Callable[[], None],
    stop: trio.Event | None = None,
) -> None:
    """Be the daemon: open everything from the outside in, serve until told to stop, close from the inside out.

    Args:
        ready: Called once the first request would be answered; not where a stop was asked for before.
        on_stop: Called when the end begins: a stop was asked for, by a signal or by *stop*, or something failed. More than
            once, and also from a signal handler.

    Raises:
        CannotStart: A service or a sink that KorProxy needs does not start (KP-SYS-513).
    """
    stop = trio.Event() if stop is None else stop
    sinks = {each.item.name: each for each in plan.parts.offered_sinks}

    def without_sink(sink: Sink, reason: str) -> None:
        _do_without(plan, stop, sinks[sink.name], f"sink {sink.name!r}", reason)

    async with trio.open_nursery() as root:
        abandon = _Abandon(root.cancel_scope)
        await root.start(partial(watch_signals, stop, abandon, at_once=on_stop))
        root.start_soon(_when_set, stop, on_stop)
        async with (
            open_reactor(),
            open_bus([each.item for each in sinks.values()], not_started=without_sink, stop=stop) as bus,
            open_windows(plan.parts.providers) as windows,
            trio.open_nursery() as services,
        ):
            try:
                states = await _start_services(plan, windows, services, stop)
                if not stop.is_set():
                    await _serve(plan, bus, windows, states, stop=stop, abandon=abandon, ready=ready)
            finally:
                on_stop()
            services.cancel_scope.cancel("the server has stopped")
        root.cancel_scope.cancel("everything is closed")


@attrs.define
class _Abandon:
    """What further signals do: the second ends the grace of the server, the third cancels all.

    Attributes:
        server: Who has clients that wait for an answer. While there is none, the second signal does what the third does.
    """

    _root: trio.CancelScope
    server: Server | None = None

    def __call__(self) -> None:
        server, self.server = self.server, None
        if server is None:
            self._root.cancel("nobody waits for the end any longer")
        else:
            server.abandon()


async def _when_set(event: trio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()


async def _start_services(plan: Plan, windows: Windows, nursery: trio.Nursery, stop: trio.Event) -> Sequence[ServiceState]:
    """Start the daemon's services and the plugins', and leave them running in *nursery*; return what is to be seen of them."""
    states: list[ServiceState] = []
    for offer in [*_own_services(plan, windows), *plan.parts.offered_services]:
        if stop.is_set() or not (offer.plugin == OWN or plan.parts.host.is_in(offer.plugin)):
            continue
        state = ServiceState(name=offer.item.name)
        run = partial(supervise, offer.item.run, state, restart=Restart())
        reason = await start_within(SERVICE_START, nursery, run, stop=stop)
        if reason is None:
            states.append(state)
        else:
            _do_without(plan, stop, offer, f"service {offer.item.name!r}", reason)
    return states


def _own_services(plan: Plan, windows: Windows) -> Sequence[Offer[Service]]:
    check = IdleConnectionCheck(windows)
    return Offer(OWN, check), Offer(OWN, SealFile(plan.lasting.provenance, plan.parts.home.reasoning))


def _do_without(plan: Plan, stop: trio.Event, offer: Offer[Any], what: str, reason: str) -> None:
    """Go on without *what*, which did not start, and without its plugin; ``CannotStart`` where it is needed."""
    if stop.is_set():
        return  # it was not given the time
    reason = plan.redactor.redact(reason.rstrip("."))
    if _is_needed(plan, offer.plugin):
        raise CannotStart("KP-SYS-513", f"The {what} did not start: {reason}.")
    log.warning("KP-SYS-513: the %s of plugin %s did not start: %s", what, offer.plugin, reason)
    plan.parts.host.take_out(offer.plugin, "KP-SYS-513", f"its {what} did not start: {reason}")


def _is_needed(plan: Plan, plugin: str) -> bool:
    parts = plan.parts
    answers_demo = parts.demo and any(each.plugin == plugin for each in parts.offered_providers)
    builtin = any(each.name == plugin and each.origin == "builtin" for each in parts.host.states)
    return plugin == OWN or builtin or answers_demo or plugin in parts.settings.required


async def _serve(
    plan: Plan,
    bus: Bus,
    windows: Windows,
    states: Sequence[ServiceState],
    *,
    stop: trio.Event,
    abandon: _Abandon,
    ready: Callable[[], None],
) -> None:
    """Serve clients until *stop* is set and all of them are gone."""
    plan = attrs.evolve(plan, parts=plan.parts.whole())  # those whose sinks or services did not start are out by now
    settings = plan.parts.settings.server
    front = make_front(plan, bus, windows.now)
    entrance = Entrance(front)
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
    desk = Desk(codes=plan.parts.codes, health=health.report, providers=health.providers, show_codes=front.faults.show_codes)
    server = Server(
        app=App(entrance, on_demand(desk, loaded=settle)),
        lane=Lane(handle=entrance.handle, origins=entrance.origins) if settings.lane else None,
        grace=front.answerer.grace,
        grace_seconds=settings.grace,
        write_deadline=settings.write_deadline,
    )
    abandon.server = server
    async with trio.open_nursery() as serving:
        await serving.start(partial(server.run, plan.sockets, stop))
        ready()
        with trio.move_on_after(BREATH):
            await stop.wait()
        if not stop.is_set():
            await trio.to_thread.run_sync(_load, front.snapshot.translators, abandon_on_cancel=True)
    abandon.server = None


def _load(translators: Iterable[Translator | Embedder]) -> None:
    """Import what translating needs, beside the loop: the first request that crosses formats would hold up all others."""
    settle()  # first, so that what it frees is used again
    for name in _ACROSS:
        try:
            import_module(name)
        except (OSError, ImportError) as exc:  # no descriptor is left, say: the first request that needs it tries again
            log.warning("%s could not be loaded yet: %s", name, exc)
    for each in translators:
        try:
            each.load()
        except Exception as exc:  # noqa: BLE001 -- a plugin's; each request that needs it will say so
            log.warning("KP-CONF-209: a translator cannot be loaded: %s: %s", type(exc).__name__, exc)
    settle()


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
        gate=Gate(plan.parts.snapshot(), windows, plan.lasting),
        faults=FaultWriter(codes=plan.parts.codes, show_codes=features.new_error_codes),
        emit=bus.emit,
        grace=Grace(),
        keep_alive=server.keep_alive,
    )
    return Front(
        answerer=answerer,
        guard=guard,
        bounds=Bounds(max_body=server.max_body, read_deadline=server.read_deadline, max_running=server.max_running),
        correlation_ids=features.correlation_ids,
    )
