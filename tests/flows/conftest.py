"""Every flow by every road: the lane on the reactor, the lane as where there is no epoll, and Hypercorn alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.gateway import Roads, roads

ROADS = {
    "lane": Roads(),
    "lane-without-epoll": Roads(reactor=False),
    "hypercorn": Roads(lane=False),
}


@pytest.fixture(autouse=True, params=list(ROADS.values()), ids=list(ROADS))
def road(request: pytest.FixtureRequest) -> Iterator[Roads]:
    """Let gateways serve by one road for the test."""
    before = Roads(lane=roads.lane, reactor=roads.reactor)
    chosen: Roads = request.param
    roads.lane, roads.reactor = chosen.lane, chosen.reactor
    yield chosen
    roads.lane, roads.reactor = before.lane, before.reactor
