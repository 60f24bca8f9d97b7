from __future__ import annotations

import pytest

from tests.fakes.gateway import MANAGEMENT_KEY
from tests.unit.server.manage.managed import desk_with, managed


async def test_data_is_said_as_json_whatever_letters_it_has() -> None:
    async with managed(desk_with(routing=lambda: {"profile": "nächtlich", "groups": {}})) as client:
        answer = await client.get("/v1/routing")

    assert (answer.headers["content-type"], answer.json()) == ("application/json", {"profile": "nächtlich", "groups": {}})


@pytest.mark.code("KP-SYS-506")
async def test_a_code_that_there_is_not_is_told_with_a_link_to_what_that_means() -> None:
    async with managed(desk_with()) as client:
        answer = await client.get("/v1/errors/KP-SYS-999", headers={"x-management-key": MANAGEMENT_KEY})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "KP-SYS-506")
    assert error["docs"] == f"{client.base_url.copy_with(path='/errors/KP-SYS-506')}"
    assert "There is no error code 'KP-SYS-999'." in error["message"]
