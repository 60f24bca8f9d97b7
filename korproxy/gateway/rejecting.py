"""Who of those that could serve a request is not asked now, and why. Pure."""

from __future__ import annotations

from korproxy.gateway.health import Health, may
from korproxy.gateway.routing import Candidate, Snapshot
from korproxy.models.calls import Call
from korproxy.models.decisions import Rejected

NO_KEY = "no key"


def rejected(
    call: Call, snapshot: Snapshot, way: Candidate, health: Health, *, now: float, without: frozenset[str]
) -> Rejected | None:
    """Return why *way* is not asked; None: it may be.

    Args:
        health: Of its account, for its model.
        now: Trio's time.
        without: See ``deciding.Situation``.
    """
    provider, account = way.provider.id, way.account
    name = f"{provider}/{account.name}"
    why, returns_in, code = "", None, ""
    if name in snapshot.routing.disabled:
        why = "disabled"
    elif name in without or provider in without:
        why = "excluded"
    elif may(health, now) == "no":
        why, code = _resting(health, now), health.code
        returns_in = health.until - now if why not in {"refused", "probing"} else None
    elif account.missing is not None:
        why, code = NO_KEY, account.missing.code
    elif account.forwards and call.credential is None:
        why = NO_KEY
    if not why:
        return None
    return Rejected(provider=provider, account=account.name, model=way.model, why=why, returns_in=returns_in, code=code)


def _resting(health: Health, now: float) -> str:
    if now >= health.until:  # somebody else asks it just now
        return "probing"
    return "spent" if health.spent else health.state
