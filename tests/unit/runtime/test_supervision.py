from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from korproxy.runtime.supervise import ServiceState
from korproxy.runtime.supervision import tree


def walk(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{node['name']}: {node['state']}, {node['restarts']}, {node['last_error']}"
    for each in node["children"]:
        yield from walk(each, depth + 1)


def test_sinks_and_services_stand_where_they_live() -> None:
    states = [
        ServiceState(name="sink log", state="running"),
        ServiceState(name="health check", state="waiting to restart", restarts=3, last_error="OSError: no"),
    ]

    assert list(walk(tree(states))) == [
        "root: running, None, None",
        "  signals: running, None, None",
        "  reactor: running, None, None",
        "    bus: running, None, None",
        "      log: running, 0, None",
        "      windows: running, None, None",
        "        services: running, None, None",
        "          health check: waiting to restart, 3, OSError: no",
        "          server: running, None, None",
    ]
