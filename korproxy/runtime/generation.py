"""What requests meet of one configuration: made whole, and put in place in one step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module

import attrs

from korproxy.config.held_secrets import familiar_words, held_secrets
from korproxy.config.keys import Keys
from korproxy.contracts import Embedder, Provider, Translator
from korproxy.gateway.gate import Gate
from korproxy.gateway.health_board import credential
from korproxy.gateway.hiding import Hiding
from korproxy.gateway.lasting import Lasting
from korproxy.gateway.outgoing import outgoing_rules
from korproxy.gateway.redact import Redactor
from korproxy.gateway.routing import Snapshot
from korproxy.gateway.rule_set import RuleSet
from korproxy.gateway.windows import Windows
from korproxy.models.outcome import Finished
from korproxy.runtime.compose import Composition
from korproxy.server.answering import Answerer
from korproxy.server.faults import FaultWriter
from korproxy.server.front import Bounds, Front, Tally
from korproxy.server.grace import Grace
from korproxy.server.guard import Guard
from korproxy.server.keys import CLIENT, MANAGE, READ, Key, KeyRing

# What the gate imports itself where a request crosses formats, together with what translators load.
_ACROSS = ("korproxy.gateway.translation", "korproxy.gateway.embedding", "korproxy.gateway.images", "korproxy.chat.memory")

log = logging.getLogger("korproxy.runtime")


@attrs.frozen(kw_only=True)
class Shared:
    """What the fronts of all generations have in common: it lives as long as the daemon.

    Attributes:
        emit: Takes the event of each request.
        redactor: Hides secrets in texts of ours.
    """

    windows: Windows
    emit: Callable[[Finished], None]
    redactor: Redactor = attrs.field(factory=Redactor)
    lasting: Lasting = attrs.field(factory=Lasting)
    grace: Grace = attrs.field(factory=Grace)
    tally: Tally = attrs.field(factory=Tally)

    def __attrs_post_init__(self) -> None:
        self.lasting.router.load = self.windows.load


def key_ring(keys: Keys) -> KeyRing:
    """Return what the keys of a home open."""
    return KeyRing((Key.of("client", keys.client, CLIENT), Key.of("management", keys.management, READ, MANAGE)))


def rules_for(parts: Composition, hiding: Hiding) -> RuleSet:
    """Return what hides secrets with *parts*, those that its settings lead to among them. Not for Trio's thread."""
    settings = parts.settings
    return hiding.prepare(held_secrets(settings, parts.home), familiar_words(settings), emails=settings.redaction.emails)


def make_front(parts: Composition, keys: KeyRing, shared: Shared, snapshot: Snapshot | None = None) -> Front:
    """Return what requests meet with *parts*. The windows have been swapped already.

    Args:
        snapshot: That of *parts*, where it was made before: with many rules it takes some milliseconds.
    """
    server, features = parts.settings.server, parts.settings.features
    guard = Guard.build(
        keys,
        server.host,
        allowed=server.allowed_hosts,
        origins=server.allowed_origins,
        reads=server.public_reads,
    )
    answerer = Answerer(
        gate=Gate(
            parts.snapshot() if snapshot is None else snapshot,
            shared.windows.now,
            shared.lasting,
            parts.settings.retry.max_wait,
        ),
        faults=FaultWriter(codes=parts.codes, show_codes=features.new_error_codes, redact=shared.redactor.redact),
        emit=shared.emit,
        grace=shared.grace,
        keep_alive=server.keep_alive,
    )
    return Front(
        answerer=answerer,
        guard=guard,
        bounds=Bounds(max_body=server.max_body, read_deadline=server.read_deadline, max_running=server.max_running),
        correlation_ids=features.correlation_ids,
        outgoing=outgoing_rules(parts.settings.redaction.outgoing, [*parts.redactions, *shared.redactor.rules]),
        tally=shared.tally,
    )


def settle_accounts(shared: Shared, before: Iterable[Provider], after: Iterable[Provider]) -> None:
    """Forget what is held against accounts that are gone, or have another key now: that was about the old one."""
    board, after = shared.lasting.board, list(after)
    board.current = {(each.id, account.name): (each.base_url, account) for each in after for account in each.accounts}
    old = {(each.id, account.name): (each.base_url, credential(account)) for each in before for account in each.accounts}
    new = {(each.id, account.name): (each.base_url, credential(account)) for each in after for account in each.accounts}
    board.keep(new.keys())
    for key, what in new.items():
        if key in old and old[key] != what:
            board.wake(*key)


def load_across(translators: Iterable[Translator | Embedder]) -> None:
    """Import what translating needs, beside the loop: the first request that crosses formats would hold up all others."""
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
