from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.errors.exceptions import BadRequest, InternalError
from korproxy.models.searching import WantedRequests
from korproxy.server.manage.why import MOST, stories
from tests.fakes.gateway import IdleInsight
from tests.unit.server.manage.managed import desk_with

STORY = {"id": "r-1", "correlation_id": "c-1", "decision": {"model": "m"}}


def row(own: str, correlation: str = "c-1") -> dict[str, Any]:
    return {"id": own, "correlation_id": correlation, "at": 9.0, "seconds": 2.0, "outcome": "failed", "code": None}


def left_of(found: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {"wall": 7.0, "decision": None, "attempts": [], "outcome": "failed", "code": "", "row": found}
    return {"id": found["id"], "correlation_id": found["correlation_id"], **more}


@attrs.frozen
class Rows(IdleInsight):
    rows: list[dict[str, Any]]

    async def requests(self, wanted: WantedRequests) -> dict[str, Any]:
        return {"requests": [each for each in self.rows if wanted.id in (each["id"], each["correlation_id"])]}


@attrs.frozen
class Locked(IdleInsight):
    async def requests(self, wanted: WantedRequests) -> dict[str, Any]:
        raise InternalError("KP-SYS-501", f"no store for {wanted}")


def remembers(asked: str) -> dict[str, Any]:
    if asked not in (STORY["id"], STORY["correlation_id"]):
        raise BadRequest("KP-SYS-526", "Forgotten.")
    return {"requests": [STORY]}


async def test_what_is_remembered_of_a_request_is_all_that_is_told() -> None:
    desk = desk_with(why=remembers, insight=Rows([row("r-1")]))

    assert await stories(desk, "r-1") == {"requests": [STORY]}


async def test_of_a_request_that_is_forgotten_the_row_is_told() -> None:
    desk = desk_with(why=remembers, insight=Rows([row("r-0", "c-0")]))

    assert await stories(desk, "r-0") == {"requests": [left_of(row("r-0", "c-0"))]}


async def test_a_correlation_id_leads_to_both_and_to_none_twice() -> None:
    desk = desk_with(why=remembers, insight=Rows([row("r-1"), row("r-0")]))

    assert await stories(desk, "c-1") == {"requests": [STORY, left_of(row("r-0"))]}


async def test_it_is_bounded() -> None:
    desk = desk_with(why=remembers, insight=Rows([row(f"r-{number}", "c-1") for number in range(30, 0, -1)]))

    assert len((await stories(desk, "c-1"))["requests"]) == MOST


@pytest.mark.code("KP-SYS-526")
@pytest.mark.parametrize("insight", [Rows([]), Locked()])
async def test_who_is_nowhere_is_told_so(insight: IdleInsight) -> None:
    with pytest.raises(BadRequest) as caught:
        await stories(desk_with(why=remembers, insight=insight), "r-9")

    assert caught.value.code == "KP-SYS-526"


async def test_what_is_remembered_does_not_depend_on_the_store() -> None:
    assert await stories(desk_with(why=remembers, insight=Locked()), "c-1") == {"requests": [STORY]}
