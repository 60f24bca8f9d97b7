"""What routing.toml names and only plugins could offer: nobody knows it before they are asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from korproxy.config.routing_file import ROOT
from korproxy.config.shown import key, place
from korproxy.errors.codes import Registry
from korproxy.errors.exceptions import Problem
from korproxy.models.routing import Routing

NOT_OFFERED = "KP-CONF-232"


def not_offered(routing: Routing, strategies: Collection[str], codes: Registry) -> Iterator[Problem]:
    """Yield a warning for each strategy of a group that is not one of *strategies*, and for each code that is not known."""
    for group in routing.groups.values():
        if group.strategy not in strategies:
            there = ", ".join(sorted(strategies)) or "none"
            text = f"there is no strategy {key(group.strategy)}: the members are asked in their order; there are: {there}"
            yield Problem(code=NOT_OFFERED, path=place(("groups", group.name, "strategy"), ROOT), message=text)
    for at, rule in enumerate(routing.rules):
        if rule.refuse and rule.refuse not in codes:
            text = f"no plugin that is loaded has the code {key(rule.refuse)}: clients are told of a fault in KorProxy instead"
            yield Problem(code=NOT_OFFERED, path=place(("rules", at, "refuse"), ROOT), message=text)
