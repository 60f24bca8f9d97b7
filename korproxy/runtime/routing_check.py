"""What routing.toml names and only plugins could offer: nobody knows it before they are asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from korproxy.config.routing_file import ROOT
from korproxy.config.shown import key, place
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import Problem
from korproxy.models.routing import Routing

NOT_OFFERED = "KP-CONF-232"
REFUSED = "KP-PROV-124"


def not_offered(routing: Routing, strategies: Collection[str], codes: Registry) -> Iterator[Problem]:
    """Yield a warning for each strategy of a group that is not one of *strategies*, and for each code that is not known."""
    for group in routing.groups.values():
        if group.strategy not in strategies:
            there = ", ".join(sorted(strategies)) or "none"
            text = f"there is no strategy {key(group.strategy)}: the members are asked in their order; there are: {there}"
            yield Problem(code=NOT_OFFERED, path=place(("groups", group.name, "strategy"), ROOT), message=text)
    for at, rule in enumerate(routing.rules):
        if rule.refuse and rule.refuse not in codes:
            text = f"no plugin that is loaded has the code {key(rule.refuse)}: clients are told {REFUSED} instead"
            yield Problem(code=NOT_OFFERED, path=place(("rules", at, "refuse"), ROOT), message=text)


def with_known_codes(routing: Routing, codes: Registry) -> Routing:
    """Return *routing* with rules that refuse with codes that clients can be told.

    Whose plugin is gone still refuses: what the user wants to keep away must not get through for that.
    """
    if all(not each.refuse or each.refuse in codes for each in routing.rules):
        return routing
    known = (each if not each.refuse or each.refuse in codes else attrs.evolve(each, refuse=REFUSED) for each in routing.rules)
    return attrs.evolve(routing, rules=tuple(known))
