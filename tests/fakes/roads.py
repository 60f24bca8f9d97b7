"""By which road requests go to gateways and daemons that tests start."""

from __future__ import annotations

import os

import attrs


@attrs.define
class Roads:
    """By which roads requests go: tests/flows runs by each; ``TEST_LANE=off pytest tests/e2e`` has none of them in the lane.

    Attributes:
        lane: What is of plain shape is answered without Hypercorn.
        reactor: Sockets are waited for by an epoll of our own.
    """

    lane: bool = True
    reactor: bool = True


roads = Roads(lane=os.environ.get("TEST_LANE") != "off")


def on_this_road(settings: str) -> str:
    """Return the text of a korproxy.toml with the lane off in its ``[server]`` table, where it is off."""
    if roads.lane:
        return settings
    table, off = "[server]\n", "[server]\nlane = false\n"
    return settings.replace(table, off, 1) if table in settings else f"{settings}\n{off}"
