"""The desk: what runtime fills in is what the management API answers with, asked anew each time."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from korproxy.server.manage.desk import Desk
from tests.unit.server.manage.managed import desk_with, managed


def test_codes_are_those_that_errors_are_written_with_now() -> None:
    desk = desk_with()
    assert desk.codes is desk.faults().codes


def test_a_desk_stays_as_it_was_filled_in() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        desk_with().providers = list  # type: ignore[misc]


def test_a_desk_is_filled_in_by_name_and_completely() -> None:
    assert [each.name for each in attrs.fields(Desk) if each.default is not attrs.NOTHING] == []
    assert all(each.kw_only for each in attrs.fields(Desk))


async def test_every_request_asks_anew() -> None:
    asked: list[str] = []

    async def health() -> dict[str, object]:
        asked.append("health")
        return {"status": "ok", "asked": len(asked)}

    async with managed(desk_with(health=health)) as client:
        answers = [(await client.get("/v1/diagnostics/health")).json() for _ in range(3)]

    assert answers == [{"status": "ok", "asked": number} for number in (1, 2, 3)]


async def test_providers_are_answered_as_they_are_given() -> None:
    listed: list[Mapping[str, object]] = [{"id": "one", "type": "compatible", "accounts": [{"name": "work"}]}, {"id": "zwei ü"}]
    async with managed(desk_with(providers=lambda: list(listed))) as client:
        answer = await client.get("/v1/providers")

    assert (answer.status_code, answer.json()) == (200, {"providers": listed})
