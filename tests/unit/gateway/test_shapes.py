from __future__ import annotations

import threading
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from korproxy.gateway import repro
from korproxy.gateway.shapes import LARGEST, MOST, Shapes
from korproxy.models.calls import Call, Peek
from tests.fakes.finished import finished
from tests.fakes.waiting import until


def failed(shapes: Shapes, number: int, body: bytes = b'{"model":"m"}', correlation: str = "") -> None:
    peek = Peek("m", stream=False)
    call = Call(f"r-{number}", correlation or f"c-{number}", "openai-chat", "/v1/chat/completions", peek, body)
    shapes.add(call, finished(number, outcome="failed"))


async def test_a_failure_is_found_by_its_own_id_and_by_the_last_one_with_its_correlation_id() -> None:
    shapes = Shapes()
    failed(shapes, 1, correlation="c")
    failed(shapes, 2, correlation="c")
    failed(shapes, 3, correlation="r-1")
    found = [await shapes.find(each) for each in ("r-1", "c", "r-3", "r-9")]

    assert [each and each.id for each in found] == ["r-1", "r-2", "r-3", None]


async def test_the_last_ones_are_kept_and_no_more_bodies_than_that() -> None:
    shapes = Shapes()
    for number in range(MOST + 5):
        failed(shapes, number)
    before = await shapes.find("r-4"), await shapes.find("r-5")
    failed(shapes, 99)
    after = await shapes.find("r-5"), await shapes.find("r-6")

    assert [each is not None for each in (*before, *after)] == [False, True, False, True]


async def test_of_a_large_body_nothing_is_held_but_its_size() -> None:
    shapes = Shapes()
    failed(shapes, 1, b" " * (LARGEST + 1))
    found = await shapes.find("r-1")

    assert found is not None
    assert (found.to_dict()["bytes"], found.to_dict()["body"]) == (LARGEST + 1, None)


async def test_the_service_makes_shapes_soon_and_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = repro.shape_of

    def noted(*given: Any) -> Any:
        made.append(threading.get_ident())
        return real(*given)

    monkeypatch.setattr(repro, "shape_of", noted)
    shapes = Shapes()
    async with trio.open_nursery() as nursery:
        await nursery.start(shapes.run)
        failed(shapes, 1)
        await until(lambda: len(made) == 1)
        nursery.cancel_scope.cancel()

    assert made != [threading.get_ident()]


async def test_a_shape_is_not_lost_where_whoever_waits_for_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    real = repro.shape_of

    def slow(*given: Any) -> Any:
        go_on.wait(10)
        return real(*given)

    monkeypatch.setattr(repro, "shape_of", slow)
    shapes = Shapes()
    failed(shapes, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shapes.find, "r-1")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        go_on.set()

    assert await shapes.find("r-1") is not None


async def test_a_storm_of_failures_is_looked_at_a_few_times_a_second(autojump_clock: MockClock) -> None:
    rounds: list[float] = []

    class Counted(Shapes):
        async def settle(self) -> None:
            rounds.append(trio.current_time())

    shapes = Counted()
    failed(shapes, 1)
    async with trio.open_nursery() as nursery:
        await nursery.start(shapes.run)
        await trio.sleep(1.9)
        nursery.cancel_scope.cancel()

    assert [each - rounds[0] for each in rounds] == [0, 0.5, 1.0, 1.5]
