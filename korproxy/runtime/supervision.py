"""The supervision tree as data: what lives in what, and how often it had to be started again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from korproxy.runtime.supervise import ServiceState

SINK = "sink "  # how the bus begins the names of its tasks


def tree(states: Iterable[ServiceState]) -> dict[str, Any]:
    """Return the tree in JSON's own types, as docs/explain/architecture.md draws it.

    Args:
        states: Of all sinks and services. What nobody supervises has none of its own: it runs, or KorProxy does not.
    """
    each = list(states)
    sinks = [_told(state, state.name.removeprefix(SINK)) for state in each if state.name.startswith(SINK)]
    services = [_told(state, state.name) for state in each if not state.name.startswith(SINK)]
    inner = _node("windows", [_node("services", [*services, _node("server")])])
    return _node("root", [_node("signals"), _node("reactor", [_node("bus", [*sinks, inner])])])


def _told(state: ServiceState, name: str) -> dict[str, Any]:
    found = state.to_dict()
    return _node(name, state=found["state"], restarts=found["restarts"], last_error=found["last_error"])


def _node(name: str, children: Sequence[Mapping[str, Any]] = (), **known: object) -> dict[str, Any]:
    return {"name": name, "state": "running", "restarts": None, "last_error": None, **known, "children": list(children)}
