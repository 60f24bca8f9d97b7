"""One life of the daemon as a plain function: everything up to Trio, then Trio, then the exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socket import socket

import attrs
import trio

from korproxy.config.home import Home, prepare
from korproxy.config.keys import ensure_keys
from korproxy.config.settings import LogSettings
from korproxy.errors.exceptions import KorproxyError
from korproxy.gateway.hiding import Hiding
from korproxy.net.lean_run import PlainClock
from korproxy.runtime.compose import Composition
from korproxy.runtime.crash_guard import CrashGuard
from korproxy.runtime.exit_codes import Exit
from korproxy.runtime.generation import key_ring, rules_for
from korproxy.runtime.last_resort import last_resort
from korproxy.runtime.log_file import LogFile
from korproxy.runtime.logs import logging_to, set_levels, standard_error
from korproxy.runtime.main import Plan, live
from korproxy.runtime.presence import announced, sole_daemon
from korproxy.runtime.sockets import listen, url_of
from korproxy.runtime.starting import first_configuration
from korproxy.version import VERSION

MACOS_DESCRIPTORS = 10240  # OPEN_MAX: more are refused there, although the hard limit says that there is none

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Options:
    """What the command line says about a run. None: what korproxy.toml says."""

    home: Home
    demo: bool = False
    hosts: Sequence[str] | None = None
    port: int | None = None
    plugin_dirs: tuple[Path, ...] = ()
    no_plugins: bool = False
    verbose: bool = False
    last_resort: bool = True


@attrs.frozen(kw_only=True)
class Ready:
    """What a user is told once the daemon answers."""

    urls: Sequence[str]
    home: Home
    demo: bool
    providers: Sequence[str]
    warnings: Sequence[str]


def run_daemon(options: Options, *, announce: Callable[[Ready], None]) -> Exit:
    """Run until a signal ends it.

    Raises:
        ConfigError, CannotStart: It cannot start as it is configured, or on this machine as it is.
    """
    prepare(options.home)
    with ExitStack() as stack:
        stack.enter_context(sole_daemon(options.home.lock, options.home.daemon))
        guard = CrashGuard(options.home.starts)
        with _counted(guard):
            _run(stack, options, guard, announce)
        log.info("stopped")
    return Exit.OK


@contextmanager
def _counted(guard: CrashGuard) -> Iterator[None]:
    """Count the block as a crash if it ends in a way that nobody foresaw."""
    guard.begin()
    try:
        yield
    except (KorproxyError, KeyboardInterrupt):
        guard.undo()
        raise
    guard.good()


def _run(stack: ExitStack, options: Options, guard: CrashGuard, announce: Callable[[Ready], None]) -> None:
    keys = ensure_keys(options.home)
    start = first_configuration(options, careful=guard.careful)
    parts, settings = start.parts, start.parts.settings
    sockets = _listen(stack, parts)
    hiding = Hiding(parts.redactions)
    hiding.redactor.in_force = rules_for(parts, hiding)
    redactor = hiding.redactor
    written = logging_to(
        standard_error(),
        level=_level(options, settings.log),
        levels=settings.log.levels,
        redact=redactor.redact,
        harmless=redactor.harmless,
        file=LogFile(options.home.logs, settings.log.max_size, settings.log.keep) if settings.log.file else None,
    )
    book = stack.enter_context(written)
    for each in parts.loaded.notices:
        log.warning("%s", each)
    urls = [url_of(each) for each in sockets]
    about = stack.enter_context(announced(options.home.daemon, urls, demo=options.demo))
    resort = stack.enter_context(last_resort(settings.server.grace, book.flush, enabled=options.last_resort))
    plan = Plan(
        parts=parts,
        keys=key_ring(keys),
        sockets=sockets,
        about=about,
        hiding=hiding,
        log=book,
        set_levels=lambda log: set_levels(_level(options, log), log.levels),
        seen=start.seen,
        proven=guard.good,
    )
    _raise_descriptor_limit()

    def ready() -> None:
        log.info("KorProxy %s is ready at %s", VERSION, ", ".join(urls))  # where a new life begins in the log
        announce(_ready(options, parts, urls))

    with _single_errors():
        trio.run(
            lambda: live(plan, ready=ready, on_stop=resort.arm if resort else lambda: None),
            clock=PlainClock(),
        )


def _level(options: Options, log: LogSettings) -> str:
    return "debug" if options.verbose else log.level


def _listen(stack: ExitStack, parts: Composition) -> list[socket]:
    sockets = listen(parts.settings.server.host, parts.settings.server.port)
    for each in sockets:
        stack.callback(each.close)
    return sockets


def _ready(options: Options, parts: Composition, urls: Sequence[str]) -> Ready:
    warnings = dict.fromkeys(
        [*parts.loaded.notices, *parts.warnings, *parts.host.problems()]
    )  # the host's grew while the daemon was starting
    return Ready(
        urls=urls,
        home=options.home,
        demo=options.demo,
        providers=[each.id for each in parts.whole().providers],
        warnings=[str(each) for each in warnings],
    )


@contextmanager
def _single_errors() -> Iterator[None]:
    """Trio's nurseries wrap errors in groups; a user is told the one thing that was wrong.

    That is a Ctrl-C from before the daemon handled signals, else an error that was foreseen, else the fault; of a fault the
    log has all there is.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        chosen = group.subgroup(KeyboardInterrupt) or group.subgroup(KorproxyError)
        if chosen is None:
            log.critical("KP-SYS-501: a fault of KorProxy's own ends the daemon", exc_info=group)
        raise _first(chosen or group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _raise_descriptor_limit() -> None:
    """Every request takes two sockets, and the usual soft limit is 1,024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft in (hard, resource.RLIM_INFINITY):
        return
    for wanted in (hard, max(soft, MACOS_DESCRIPTORS)):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return
    log.debug("the limit of open files stays at %d", soft)
