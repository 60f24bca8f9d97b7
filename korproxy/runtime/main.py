"""The supervision tree: what lives in what. Nesting is lifetime; docs/explain/architecture.md draws it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from socket import socket
from typing import Any

import attrs
import trio

from korproxy.config.settings import LogSettings
from korproxy.contracts import Embedder, Service, Sink, Translator
from korproxy.errors.exceptions import CannotStart
from korproxy.gateway.hiding import Hiding
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.redact import Redactor
from korproxy.gateway.windows import Windows, open_windows
from korproxy.models.clock import wall_time
from korproxy.net.reactor import open_reactor
from korproxy.plugins.offers import Offer
from korproxy.runtime.bookkeeping import bookkeeping
from korproxy.runtime.bus import open_bus
from korproxy.runtime.compose import Composition
from korproxy.runtime.crash_guard import Proof
from korproxy.runtime.enquiries import Enquiries
from korproxy.runtime.generation import Shared, load_across, make_front
from korproxy.runtime.health import Health
from korproxy.runtime.health_check import HealthCheck
from korproxy.runtime.insight import RunningInsight
from korproxy.runtime.instruments import Instruments
from korproxy.runtime.last_good import LastGood, keep
from korproxy.runtime.log_book import LogBook
from korproxy.runtime.memory import settle
from korproxy.runtime.recording import make_recorder, services_of
from korproxy.runtime.reload import Reloader
from korproxy.runtime.seal_file import SealFile
from korproxy.runtime.services import IdleConnectionCheck
from korproxy.runtime.signals import watch_signals
from korproxy.runtime.supervise import Restart, ServiceState, start_within, supervise
from korproxy.runtime.watch import Asked, ConfigWatch
from korproxy.runtime.watched import Seen
from korproxy.server.asgi import App
from korproxy.server.entrance import Entrance
from korproxy.server.keys import KeyRing
from korproxy.server.manage.app import on_demand
from korproxy.server.manage.desk import Desk
from korproxy.server.serving import Lane, Server
from korproxy.store.recorder import Recorder

SERVICE_START = 10.0  # seconds a service gets to report that it is useful
BREATH = 0.5  # seconds for the first requests, before what none of them may need is loaded beside them
OWN = "korproxy"  # in place of a plugin's name, for what is the daemon's own

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Plan:
    """Everything a daemon needs that can be had before Trio runs.

    Attributes:
        sockets: Listening already.
        about: What ``daemon.json`` says.
        lasting: What the gateway remembers; whose reasoning is whose is filled from its file at the start.
        proven: Called once it is known that this start was no crash: KorProxy has run for a minute, or was asked to stop.
        log: What can be told of the log.
        set_levels: Has other levels hold for log lines.
        seen: The files of the configuration as they were when they were read; empty: nobody looked.
    """

    parts: Composition
    keys: KeyRing
    sockets: Sequence[socket]
    about: Mapping[str, object]
    hiding: Hiding = attrs.field(repr=False)
    lasting: Lasting = attrs.field(factory=Lasting)
    proven: Callable[[], None] = lambda: None
    log: LogBook = attrs.field(factory=LogBook)
    set_levels: Callable[[LogSettings], None] = lambda log: None  # noqa: ARG005
    seen: Seen = attrs.field(factory=dict, repr=False)

    @property
    def redactor(self) -> Redactor:
        """Hides secrets, those of the configuration in force among them."""
        return self.hiding.redactor


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
    recorder = make_recorder(plan.parts, plan.redactor)
    offers: list[Offer[Sink]] = [Offer(OWN, recorder), *plan.parts.offered_sinks]
    sinks = {each.item.name: each for each in offers}

    def without_sink(sink: Sink, reason: str) -> None:
        _do_without(plan, stop, sinks[sink.name], f"sink {sink.name!r}", reason)

    async with trio.open_nursery() as root:
        abandon = _Abandon(root.cancel_scope)
        asked = Asked()
        await root.start(partial(watch_signals, stop, abandon, at_once=on_stop, reload=asked.ask))
        root.start_soon(_when_set, stop, on_stop)
        root.start_soon(_when_set, stop, plan.proven)
        async with (
            open_reactor(),
            open_bus([each.item for each in sinks.values()], not_started=without_sink, stop=stop) as bus,
            open_windows(plan.parts.providers) as windows,
            trio.open_nursery() as services,
        ):
            try:
                shared = Shared(windows=windows, emit=bus.emit, redactor=plan.redactor, lasting=plan.lasting)
                states = [*bus.states, *await _start_services(plan, _first_services(plan, windows, recorder), services, stop)]
                if not stop.is_set():
                    reloader = _reloader(plan, shared)
                    checks = HealthCheck(reloader)
                    last = _last_services(plan, reloader, checks, asked)
                    states += await _start_services(plan, last, services, stop)
                    instruments = Instruments(
                        bus=bus,
                        recorder=recorder,
                        reloader=reloader,
                        states=states,
                        started=wall_time(),
                        lines_dropped=plan.log.lost,
                    )
                    await _serve(plan, checks, instruments, stop=stop, abandon=abandon, ready=ready)
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


async def _start_services(
    plan: Plan, services: Iterable[Offer[Service]], nursery: trio.Nursery, stop: trio.Event
) -> Sequence[ServiceState]:
    """Start *services*, and leave them running in *nursery*; return what is to be seen of them."""
    states: list[ServiceState] = []
    for offer in services:
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


def _first_services(plan: Plan, windows: Windows, recorder: Recorder) -> Sequence[Offer[Service]]:
    table = SealFile(plan.lasting.provenance, plan.parts.home.reasoning)
    services: tuple[Service, ...] = (IdleConnectionCheck(windows), table, plan.lasting.shapes)
    own = (*services, *services_of(recorder, plan.parts))
    return [*(Offer(OWN, each) for each in own), *plan.parts.offered_services]


def _last_services(plan: Plan, reloader: Reloader, checks: HealthCheck, asked: Asked) -> Sequence[Offer[Service]]:
    services: tuple[Service, ...] = (ConfigWatch(reloader, asked), checks, LastGood(reloader), Proof(plan.proven))
    return [Offer(OWN, each) for each in services]


def _reloader(plan: Plan, shared: Shared) -> Reloader:
    """Return what holds the configuration in force, and can exchange it."""
    parts = plan.parts.whole()  # those whose sinks or services did not start are out by now
    entrance = Entrance(make_front(parts, plan.keys, shared))
    reloader = Reloader(parts=parts, keys=plan.keys, shared=shared, entrance=entrance, hiding=plan.hiding)
    reloader.seen = dict(plan.seen)
    return reloader


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
    checks: HealthCheck,
    instruments: Instruments,
    *,
    stop: trio.Event,
    abandon: _Abandon,
    ready: Callable[[], None],
) -> None:
    """Serve clients until *stop* is set and all of them are gone."""
    reloader = instruments.reloader
    settings, entrance = reloader.parts.settings.server, reloader.entrance
    health = Health(
        about=plan.about,
        reloader=reloader,
        checks=checks,
        services=lambda: instruments.states,
        books=lambda: bookkeeping(instruments.recorder, instruments.read().events_dropped, plan.log.lost()),
        redactor=plan.redactor,
        began=trio.current_time(),
    )
    enquiries = Enquiries(reloader, plan.redactor)
    desk = Desk(
        faults=lambda: entrance.front.faults,
        health=health.report,
        providers=health.providers,
        routing=enquiries.routing,
        reload=enquiries.reload,
        wake=enquiries.wake,
        why=enquiries.why,
        test=enquiries.test,
        insight=RunningInsight(
            recorder=instruments.recorder,
            redactor=plan.redactor,
            instruments=instruments,
            health=health,
            log=plan.log,
            days=plan.parts.settings.store.days,
        ),
    )
    server = Server(
        app=App(entrance, on_demand(desk, loaded=settle)),
        lane=Lane(handle=entrance.handle, origins=entrance.origins) if settings.lane else None,
        grace=reloader.shared.grace,
        grace_seconds=settings.grace,
        write_deadline=settings.write_deadline,
    )
    reloader.applied = partial(_apply, plan, server)
    abandon.server = server
    async with trio.open_nursery() as serving:
        await serving.start(partial(server.run, plan.sockets, stop))
        ready()
        with trio.move_on_after(BREATH):
            await stop.wait()
        if not stop.is_set():
            await trio.to_thread.run_sync(_load, entrance.front.snapshot.translators, abandon_on_cancel=True)
    abandon.server = None
    with trio.CancelScope(shield=True):
        await trio.to_thread.run_sync(keep, reloader.parts)  # it has served until somebody wanted it to end


def _apply(plan: Plan, server: Server, parts: Composition) -> None:
    """Have the rest of the daemon go by what a reload has put in force."""
    server.write_deadline = parts.settings.server.write_deadline
    plan.set_levels(parts.settings.log)


def _load(translators: Iterable[Translator | Embedder]) -> None:
    settle()  # first, so that what it frees is used again
    load_across(translators)
    settle()
