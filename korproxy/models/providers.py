"""What is known of a provider before the first request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account

if TYPE_CHECKING:
    from korproxy.models.calls import Kind  # which imports msgspec, and plugins are checked by what is here for every command


@attrs.frozen(kw_only=True)
class Deadlines:
    """How long each phase of a request may take. Seconds.

    Attributes:
        connect: Until the connection stands, TLS included.
        first_byte: From the request's last byte to the answer's first.
        idle: Between two pieces of an answer.
        total: The whole request.
    """

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 120.0
    total: float = 1800.0


@attrs.frozen(kw_only=True)
class Limits:
    """How much a provider gets at once, and how many requests may wait for their turn."""

    max_concurrency: int = 64
    max_queue: int = 256


@attrs.frozen(kw_only=True)
class Model:
    """One entry of ``GET /v1/models``.

    Attributes:
        created: Seconds since the epoch, 0 where unknown.
        aliases: Other names it is served under.
        abilities: None: those that its provider assumes of models nobody knows.
        kind: What it is for: ``chat``, or ``embedding``.
    """

    id: str
    owner: str = ""
    name: str = ""
    created: int = 0
    aliases: tuple[str, ...] = ()
    abilities: Abilities | None = None
    kind: Kind = "chat"


@attrs.frozen(kw_only=True)
class ConfiguredProvider:
    """One ``[providers.ID]`` table of korproxy.toml, secrets resolved, as its provider type gets it.

    Attributes:
        base_url: None where the user did not say; the type has its own default.
        models: Names or patterns (``*``) of models the user says it serves; empty: what the type knows.
        speaks: Formats the user says it speaks, the preferred one first; empty: the type's own. Not every type asks.
        fetch_images: Fetch images that a request only links to, where the provider takes none by link.
        abilities: Attributes of ``Abilities`` that the user says of all its models, whatever the type knows.
    """

    id: str
    type: str
    base_url: str | None = None
    accounts: tuple[Account, ...] = ()
    deadlines: Deadlines = attrs.field(factory=Deadlines)
    limits: Limits = attrs.field(factory=Limits)
    models: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ()
    fetch_images: bool = False
    abilities: Mapping[str, object] = attrs.field(factory=dict)
