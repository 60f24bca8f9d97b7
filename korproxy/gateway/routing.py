"""Which provider and account may serve a call. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from korproxy.contracts import Dialect, Embedder, Provider, RoutingStrategy, Translator
from korproxy.errors.exceptions import NoProvider
from korproxy.gateway.aliases import resolve
from korproxy.gateway.provenance import Origin, family_of
from korproxy.kit.shortening import shortened
from korproxy.models.abilities import Abilities
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Features, Kind
from korproxy.models.routing import Routing

if TYPE_CHECKING:
    from korproxy.gateway.rules import Rulebook

PLANS = 1000  # of which the candidates are remembered: clients choose the names of models
Question: TypeAlias = tuple[str, str, bool, bool]  # format, model, stream, tools


@attrs.frozen(kw_only=True)
class Snapshot:
    """What requests are routed by: compiled at start, swapped whole. A request keeps the one it began with.

    Attributes:
        routing: What the user says about where requests go.
        strategies: Who of a group goes first, by name.
        safe_mode: ``features.safe_mode``; off: nothing switches safe mode on.
        generation: Counts the configurations since the start, from 0.
        rules: Those of *routing*, made ready; None where there are none.
        plans: The ways that ``candidates`` has found already, by all that decides about them.
        headings, leads: What ``deciding`` has found, likewise.
    """

    providers: tuple[Provider, ...] = ()
    dialects: Mapping[str, Dialect] = attrs.field(factory=dict)
    aliases: Mapping[str, str] = attrs.field(factory=dict)
    demo: bool = False
    routing: Routing = attrs.field(factory=Routing)
    strategies: Mapping[str, RoutingStrategy] = attrs.field(factory=dict)
    safe_mode: bool = True
    generation: int = 0
    rules: Rulebook | None = attrs.field(
        default=attrs.Factory(lambda self: _ready(self.routing), takes_self=True), init=False, repr=False, eq=False
    )
    plans: dict[Question, Sequence[Candidate]] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    headings: dict[Question, Any] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    leads: dict[object, Any] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    @property
    def translators(self) -> Sequence[Translator | Embedder]:
        """What translates (also embeddings) between clients' formats and those of the providers that do not speak them."""
        needed: set[str] = set()
        for client, kind in ((name, each.kind) for name, each in self.dialects.items() if each.paths):
            spoken = {each.dialect_for("", Features(dialect=client, kind=kind)) for each in self.providers}
            foreign = {name for name in spoken if name != client and self.reaches(client, name)}
            needed |= foreign | ({client} if foreign else set())
        spoken_here = [self.dialects[name] for name in sorted(needed)]
        found = (each.translator or embedder_of(each) for each in spoken_here)
        return [each for each in found if each is not None]

    def reaches(self, client: str, provider: str) -> bool:
        """Whether a request in the format *client* can go where *provider* is spoken: as it is, or translated."""
        if client == provider:
            return True
        known = [self.dialects[name] for name in (client, provider) if name in self.dialects]
        ways = [(each.translator is not None, embedder_of(each) is not None) for each in known]
        return len(known) == 2 and any(all(way) for way in zip(*ways, strict=True))


def _ready(routing: Routing) -> Rulebook | None:
    if not any(each.enabled for each in routing.rules):
        return None
    from korproxy.gateway.rules import ready  # most have none, and start 2 ms sooner without it

    return ready(routing.rules)


@attrs.frozen(kw_only=True)
class Candidate:
    """One way to serve a call: where, as whom, under which name, in which format of the provider's.

    Attributes:
        summaries: Whether summaries of reasoning may be asked for, as far as is known.
    """

    provider: Provider
    account: Account
    model: str
    dialect: str
    summaries: bool = True

    _origin: list[Origin] = attrs.field(factory=list, init=False, repr=False, eq=False)  # empty until somebody asks
    _abilities: list[Abilities] = attrs.field(factory=list, init=False, repr=False, eq=False)

    # Not ``cached_property``: that gives a class with slots a ``__getattr__``, and then each look at any field costs four times
    # as much. A candidate is looked at twenty times on the way of each request.

    @property
    def origin(self) -> Origin:
        """Where the seals of its answers come from."""
        if not self._origin:
            family = family_of(self.provider.abilities(self.model).family, self.model)
            self._origin.append(Origin(provider=self.provider.id, family=family, account=self.account.name))
        return self._origin[0]

    @property
    def abilities(self) -> Abilities:
        """What the model can do for this account."""
        if not self._abilities:
            found = self.provider.abilities(self.model)
            self._abilities.append(found if self.summaries else attrs.evolve(found, summaries=False))
        return self._abilities[0]


def embedder_of(dialect: Dialect | None) -> Embedder | None:
    """Return how embeddings are translated from and into *dialect*: its optional ``embedder``, which nobody else asks for."""
    found: Embedder | None = getattr(dialect, "embedder", None)
    return found


def candidates(call: Call, snapshot: Snapshot) -> Sequence[Candidate]:
    """Return all ways to serve *call*, the first one first. Never empty. What was found once counts as long as *snapshot* does.

    A model name is ``provider/model`` where its first segment is the id of a configured provider; else it may be an alias; else
    it belongs to whoever offers it; else to the only provider there is. In the order of the configuration, but those that speak
    the client's own format come first: bytes that pass lose nothing.

    Raises:
        NoProvider: Nothing is configured (KP-CONF-207), nobody offers the model (KP-PROV-105), or whoever does speaks a format
            that cannot be reached from the client's (KP-PROV-113), or cannot do what is asked for at all (KP-PROV-117).
    """
    asked = (call.dialect, call.peek.model, call.peek.stream, call.peek.tools)
    found = snapshot.plans.get(asked)
    if found is None:
        found = _candidates(call, snapshot)
        if len(snapshot.plans) >= PLANS:
            del snapshot.plans[next(iter(snapshot.plans))]
        snapshot.plans[asked] = found
    return found


def _candidates(call: Call, snapshot: Snapshot) -> Sequence[Candidate]:
    able, model = who_offers(call.peek.model, snapshot)
    return ways(call, snapshot, able, model)


def ways(call: Call, snapshot: Snapshot, providers: Sequence[Provider], model: str) -> Sequence[Candidate]:
    """Return all ways to have *call* served with *model* by one of *providers*, at least one; ``candidates`` says the order.

    Raises:
        NoProvider: There is none; see ``candidates``.
    """
    own = snapshot.dialects.get(call.dialect)
    kind: Kind = "chat" if own is None else own.kind
    features = Features(dialect=call.dialect, kind=kind, stream=call.peek.stream, tools=call.peek.tools)
    spoken = [(each, each.real_name(model)) for each in providers]
    known = [(each, name, each.dialect_for(name, features)) for each, name in spoken]
    open_ways = [each for each in known if snapshot.reaches(call.dialect, each[2])]
    if not open_ways:
        raise _no_way(call, kind, known)
    open_ways.sort(key=lambda each: each[2] != call.dialect)
    found = tuple(
        Candidate(provider=provider, account=account, model=name, dialect=dialect)
        for provider, name, dialect in open_ways
        for account in provider.accounts
    )
    if not found:
        raise NoProvider("KP-CONF-207", _no_account(open_ways[0][0]))
    return found


def who_offers(wanted: str, snapshot: Snapshot) -> tuple[Sequence[Provider], str]:
    """Return the providers that the model name *wanted* leads to, and its name there; see ``candidates``."""
    providers = snapshot.providers
    if not providers:
        raise NoProvider(
            "KP-CONF-207",
            "No provider is configured yet. `korproxy init` writes a korproxy.toml to fill in;"
            " `korproxy run --demo` answers without any account.",
        )
    named = named_in(wanted, providers)
    if named is None and (snapshot.aliases or snapshot.routing.aliases):
        wanted = unaliased(wanted, snapshot)
        named = named_in(wanted, providers)
    if named is not None:
        return named
    able = [each for each in providers if each.offers(wanted)]
    if not able and len(providers) == 1:
        able = list(providers)
    if not able:
        raise NoProvider("KP-PROV-105", _unknown(wanted, providers))
    return able, wanted


def unaliased(wanted: str, snapshot: Snapshot) -> str:
    """Return what *wanted* stands for. The aliases of routing.toml go first; what one stands for is not looked up again."""
    found = resolve(wanted, snapshot.routing.aliases)
    return resolve(wanted, snapshot.aliases) if found == wanted else found


def named_in(wanted: str, providers: Sequence[Provider]) -> tuple[Sequence[Provider], str] | None:
    """Return whom ``provider/model`` means, and its model; None where *wanted* is a model's name alone."""
    first, slash, rest = wanted.partition("/")
    named = [each for each in providers if each.id == first] if slash and rest else []
    return (named, rest) if named else None


def _unknown(wanted: str, providers: Sequence[Provider]) -> str:
    from difflib import get_close_matches  # few daemons ever need it

    shown = shortened(wanted, 200)  # and compared: a name may be as long as a body
    known = [model.id for each in providers for model in each.models()]
    near = get_close_matches(shown, known, n=3)
    hint = f" Near names: {', '.join(near)}." if near else ""
    ids = ", ".join(each.id for each in providers)
    return f"No configured provider offers the model {shown!r}.{hint} Configured: {ids}. Or name one: provider/model."


_DEEDS: Mapping[Kind, str] = {
    "chat": "talk",
    "completion": "go on from a text",
    "embedding": "make embeddings",
    "count": "count tokens",
    "other": "do that",
}


def _no_way(call: Call, kind: Kind, ways: Sequence[tuple[Provider, str, str]]) -> NoProvider:
    model = shortened(ways[0][1], 200)
    spoken = [(provider, dialect) for provider, _, dialect in ways if dialect]
    if not spoken:
        names = " and ".join(provider.id for provider, _, _ in ways)
        return NoProvider("KP-PROV-117", f"{names} cannot {_DEEDS[kind]} for the model {model!r} ({call.dialect}).")
    others = ", ".join(f"{provider.id} speaks {dialect}" for provider, dialect in spoken)
    text = f"The request is in the format {call.dialect}, and the model {model!r} cannot be reached from it: {others}."
    return NoProvider("KP-PROV-113", text)


def _no_account(provider: Provider) -> str:
    return (
        f"Provider {provider.id!r} has no account yet. Add to korproxy.toml: [[providers.{provider.id}.accounts]]"
        f' name = "work" key = "file:secrets/NAME_OF_A_FILE"; it is read within a second.'
    )
