from __future__ import annotations

import attrs

from korproxy.gateway import router as module
from korproxy.gateway.health_board import HealthBoard
from korproxy.gateway.router import Router
from korproxy.models.routing import Profile
from tests.fakes.routed import Backwards, a_request, group, provider, routing, snapshot

ONE, TWO = provider("one", "m", accounts=("a", "b")), provider("two", "m", accounts=("c",))


def a_router() -> Router:
    """Return a router in a world where it is always the same moment."""
    board = HealthBoard(clock=lambda: 10.0, jitter=lambda: 0.0)
    return Router(board=board, chance=lambda: 7, clock=lambda: 10.0, wall=lambda: 1e9)


def test_where_there_is_one_way_and_nobody_has_trouble_nothing_is_made_anew() -> None:
    router, now = a_router(), snapshot(TWO)
    first = router.route(a_request(), now)

    assert router.route(a_request(), now) is first
    router.board.refused("two", "c", code="KP-AUTH-007")
    assert router.route(a_request(), now).order == ()
    router.board.wake("two", "c")
    assert router.route(a_request(), now) is first
    assert router.route(a_request(), now, without=frozenset({"two/c"})).order == ()


def test_each_group_has_turns_of_its_own() -> None:
    strategy = Backwards()
    profiles = [Profile(name="default", chat="g", other="h")]
    mine = routing(group("g", "one", strategy="backwards"), group("h", "one", "two", strategy="backwards"), profiles=profiles)
    router, now = a_router(), snapshot(ONE, TWO, routing=mine, strategies=[strategy])
    for said in ("chat", "chat", "other", "chat"):
        router.route(a_request(headers={"X-KorProxy-Request-Type": said}), now)

    assert [(turn, seed) for _, _, turn, seed in strategy.asked] == [(0, 7), (1, 7), (0, 7), (2, 7)]


def test_turns_are_counted_of_so_many_groups_only() -> None:
    profiles = [Profile(name=str(number), chat=str(number)) for number in range(module.GROUPS + 3)]
    groups = [group(str(number), "one") for number in range(module.GROUPS + 3)]
    router, now = a_router(), snapshot(ONE, routing=routing(*groups, profiles=profiles))
    for each in profiles:
        router.route(a_request(headers={"X-KorProxy-Profile": each.name}), now)

    assert len(router._turns) == module.GROUPS


def test_chance_is_asked_only_where_somebody_has_to_be_chosen() -> None:
    asked: list[str] = []

    def chance() -> int:
        asked.append("chance")
        return 7

    router = attrs.evolve(a_router(), chance=chance)
    router.board.refused("two", "c", code="KP-AUTH-007")
    router.route(a_request(), snapshot(TWO))
    assert asked == []
    router.route(a_request(), snapshot(ONE))
    assert asked == ["chance"]
