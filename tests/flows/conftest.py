"""Every flow by every road: the lane on the reactor, the lane as where there is no epoll, and Hypercorn alone.

What is about connections of clients runs by all roads in the suite; the rest takes the other roads where it may take longer.
"""

from __future__ import annotations

import attrs
import pytest

from tests.fakes.roads import Roads, roads

ROADS = {
    "lane": Roads(),
    "lane-without-epoll": Roads(reactor=False),
    "hypercorn": Roads(lane=False),
}
ABOUT_CONNECTIONS = {
    "test_b1_keepalive",
    "test_b2_stalled_reader",
    "test_byte_equality",
    "test_hostile_clients",
    "test_lane",
    "test_recorded_streams",
    "test_refused_in_front",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test once by each road."""
    name = metafunc.module.__name__.rpartition(".")[2]
    later = () if name in ABOUT_CONNECTIONS else (pytest.mark.slow,)
    params = [pytest.param(each, id=road, marks=() if road == "lane" else later) for road, each in ROADS.items()]
    metafunc.parametrize("road", params, indirect=True)


@pytest.fixture(autouse=True)
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Roads:
    """Let gateways and daemons serve by one road for the test."""
    chosen: Roads = request.param
    for name, value in attrs.asdict(chosen).items():
        monkeypatch.setattr(roads, name, value)
    return chosen
