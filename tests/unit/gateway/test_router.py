from __future__ import annotations

import attrs
import pytest

from korproxy.builtin.routing.round_robin import RoundRobin
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

    assert [each.account.name for each in first.order] == ["c"]
    assert router.route(a_request(), now) is first
    router.board.refused("one", "a", code="KP-AUTH-007")  # which is another's trouble
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


def test_a_session_stays_moves_once_when_its_account_fails_and_does_not_flap_back() -> None:
    profiles = [Profile(name="default", default="g")]
    mine = routing(group("g", "one", "two", strategy="round-robin"), profiles=profiles)
    router, now = a_router(), snapshot(ONE, TWO, routing=mine, strategies=[RoundRobin()])

    def turn(name: str) -> str:
        route = router.route(a_request(headers={"Session-Id": name}), now)
        router.answered(route, route.order[0])
        return f"{route.order[0].provider.id}/{route.order[0].account.name}"

    assert [turn("s") for _ in range(50)] == ["one/a"] * 50
    assert [turn("t"), turn("u"), turn("v"), turn("t")] == ["one/b", "two/c", "one/a", "one/b"]
    router.board.refused("one", "a", code="KP-AUTH-007")
    moved = turn("s")
    assert moved in {"one/b", "two/c"}
    router.board.wake("one", "a")
    assert [turn("s") for _ in range(10)] == [moved] * 10


def test_a_session_has_no_account_before_somebody_has_answered_it() -> None:
    router, now = a_router(), snapshot(ONE, TWO)
    route = router.route(a_request(headers={"Session-Id": "s"}), now)
    assert (route.decision.kept, len(route.decision.session)) == ("", 24)
    assert router.route(a_request(headers={"Session-Id": "s"}), now).decision.kept == ""

    router.answered(route, route.order[2])
    again = router.route(a_request(headers={"Session-Id": "s"}), now)
    assert (again.decision.kept, again.order[0].account.name) == ("two/c", "c")
    other = router.route(a_request("one/m", headers={"Session-Id": "s"}), now).decision
    assert (other.kept, [each.account for each in other.order]) == ("two/c", ["a", "b"])


def test_nobody_looks_for_a_session_where_there_is_no_choice_or_no_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def session_of(*_: object) -> str:
        asked.append("session")
        return "s"

    monkeypatch.setattr(module, "session_of", session_of)
    router = a_router()
    router.board.failed("two", "c", "m", code="KP-PROV-103")
    router.route(a_request(), snapshot(TWO))
    router.route(a_request(headers={"X-KorProxy-Request-Type": "embedding"}), snapshot(ONE))
    assert asked == []
    router.route(a_request(), snapshot(ONE))
    assert asked == ["session"]


def test_to_foresee_a_route_counts_nothing_and_remembers_nothing() -> None:
    router, now = a_router(), snapshot(ONE, TWO)
    seen = [router.foresee(a_request(), now).decision for _ in range(3)]
    routed = router.route(a_request(), now).decision
    without = router.foresee(a_request(), now, frozenset({"two"})).decision

    assert {each.turn for each in seen} == {routed.turn} == {0}
    assert without.turn == 1
    assert {each.provider for each in without.order} == {"one"}
