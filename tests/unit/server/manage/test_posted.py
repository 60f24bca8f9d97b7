from __future__ import annotations

import pytest

from tests.fakes.gateway import MANAGEMENT_KEY
from tests.unit.server.manage.managed import desk_with, managed

KEY = {"x-management-key": MANAGEMENT_KEY}


async def test_nothing_at_all_counts_as_an_empty_object() -> None:
    async with managed(desk_with(test=lambda posted: {"got": posted})) as client:
        answer = await client.post("/v1/routing/test", headers=KEY)

    assert (answer.status_code, answer.json()) == (200, {"got": {}})


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(("body", "words"), [(b"{", "The body is no JSON."), (b"[1]", "The body is JSON, but no object.")])
async def test_what_is_no_object_is_refused(body: bytes, words: str) -> None:
    async with managed(desk_with()) as client:
        answer = await client.post("/v1/routing/test", content=body, headers=KEY)

    assert (answer.status_code, answer.headers["x-korproxy-error"]) == (400, "KP-SYS-509")
    assert answer.json()["error"]["message"].startswith(words)
