"""Which provider and account may serve a call. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import attrs

from korproxy.contracts import Dialect, Provider
from korproxy.errors.exceptions import NoProvider
from korproxy.models.accounts import Account
from korproxy.models.calls import Call, Features


@attrs.frozen(kw_only=True)
class Snapshot:
    """What requests are routed by: compiled at start, swapped whole. A request keeps the one it began with."""

    providers: tuple[Provider, ...] = ()
    dialects: Mapping[str, Dialect] = attrs.field(factory=dict)
    demo: bool = False


@attrs.frozen(kw_only=True)
class Candidate:
    """One way to serve a call: where, as whom, under which name, in which format."""

    provider: Provider
    account: Account
    model: str
    dialect: str


def candidates(call: Call, providers: Sequence[Provider]) -> Sequence[Candidate]:
    """Return all ways to serve *call*, the first one first: in the order of the configuration. Never empty.

    A model name is ``provider/model`` where its first segment is the id of a configured provider; else it belongs to whoever
    offers it; else to the only provider there is.

    Raises:
        NoProvider: Nothing is configured (KP-CONF-207), nobody offers the model (KP-PROV-105), or whoever does speaks
            another format than the client (KP-PROV-113).
    """
    able, model = _who_offers(call, providers)
    features = Features(dialect=call.dialect, stream=call.peek.stream, tools=call.peek.tools)
    same = [each for each in able if each.dialect_for(model, features) == call.dialect]
    if not same:
        raise NoProvider("KP-PROV-113", _foreign(call, able, model, features))
    found = [
        Candidate(provider=provider, account=account, model=model, dialect=call.dialect)
        for provider in same
        for account in provider.accounts
    ]
    if not found:
        raise NoProvider("KP-CONF-207", _no_account(same[0]))
    return found


def _who_offers(call: Call, providers: Sequence[Provider]) -> tuple[Sequence[Provider], str]:
    if not providers:
        raise NoProvider(
            "KP-CONF-207",
            "No provider is configured yet. `korproxy init` writes a korproxy.toml to fill in;"
            " `korproxy run --demo` answers without any account.",
        )
    wanted = call.peek.model
    first, slash, rest = wanted.partition("/")
    if slash and rest:
        named = [each for each in providers if each.id == first]
        if named:
            return named, rest
    able = [each for each in providers if each.offers(wanted)]
    if not able and len(providers) == 1:
        able = list(providers)
    if not able:
        raise NoProvider("KP-PROV-105", _unknown(wanted, providers))
    return able, wanted


def _unknown(wanted: str, providers: Sequence[Provider]) -> str:
    shown = wanted[:200]  # and compared: a name may be as long as a body
    known = [model.id for each in providers for model in each.models()]
    near = get_close_matches(shown, known, n=3)
    hint = f" Near names: {', '.join(near)}." if near else ""
    ids = ", ".join(each.id for each in providers)
    return f"No configured provider offers the model {shown!r}.{hint} Configured: {ids}. Or name one: provider/model."


def _foreign(call: Call, able: Sequence[Provider], model: str, features: Features) -> str:
    others = ", ".join(f"{each.id} speaks {each.dialect_for(model, features)}" for each in able)
    return f"The request is in the format {call.dialect}, and the model {model[:200]!r} cannot be reached in it: {others}."


def _no_account(provider: Provider) -> str:
    return (
        f"Provider {provider.id!r} has no account yet. Add to korproxy.toml: [[providers.{provider.id}.accounts]]"
        f' name = "work" key = "env:NAME_OF_A_VARIABLE", then restart.'
    )
