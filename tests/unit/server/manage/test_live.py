from __future__ import annotations

from typing import Any

import httpx
import pytest

from korproxy.errors.exceptions import BadRequest
from tests.fakes.gateway import CLIENT_KEY, MANAGEMENT_KEY
from tests.unit.server.manage.managed import desk_with, managed

KEY = {"x-management-key": MANAGEMENT_KEY}
WRITES = ["/v1/reload", "/v1/accounts/wake", "/v1/routing/test"]


def coded(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["error"]["code"] == answer.headers["x-korproxy-error"]
    return answer.status_code, answer.headers["x-korproxy-error"]


@pytest.mark.code("KP-AUTH-006")
@pytest.mark.code("KP-AUTH-003")
@pytest.mark.parametrize("path", WRITES)
async def test_what_changes_or_tells_of_requests_needs_the_management_key(path: str) -> None:
    async with managed(desk_with()) as client:
        without = await client.post(path, json={})
        clients = await client.post(path, json={}, headers={"x-management-key": CLIENT_KEY})

    assert coded(without) == (401, "KP-AUTH-006")
    assert coded(clients) == (403, "KP-AUTH-003")


@pytest.mark.code("KP-AUTH-006")
async def test_why_needs_a_key_and_routing_does_not() -> None:
    async with managed(desk_with(routing=lambda: {"profile": "p"})) as client:
        why, routing = await client.get("/v1/requests/r-1/why"), await client.get("/v1/routing")
        told = await client.get("/v1/requests/r-1/why", headers=KEY)

    assert coded(why) == (401, "KP-AUTH-006")
    assert (routing.status_code, routing.json()) == (200, {"profile": "p"})
    assert (told.status_code, told.json()) == (200, {"requests": [{"id": "r-1"}]})


@pytest.mark.parametrize(("ok", "status"), [(True, 200), (False, 409)])
async def test_a_reload_that_was_not_done_has_a_status_of_its_own(ok: bool, status: int) -> None:
    async def reload() -> dict[str, Any]:
        return {"ok": ok, "problems": []}

    async with managed(desk_with(reload=reload)) as client:
        answer = await client.post("/v1/reload", headers=KEY)

    assert (answer.status_code, answer.json()) == (status, {"ok": ok, "problems": []})


async def test_an_account_is_woken_by_its_name() -> None:
    async with managed(desk_with()) as client:
        answer = await client.post("/v1/accounts/wake", json={"provider": "one", "account": "work"}, headers=KEY)

    assert answer.json() == {"provider": "one", "account": "work"}


async def test_what_was_posted_is_tested_as_it_is() -> None:
    async with managed(desk_with(test=lambda posted: {"got": posted})) as client:
        answer = await client.post("/v1/routing/test", json={"body": {"model": "ü"}}, headers=KEY)

    assert answer.json() == {"got": {"body": {"model": "ü"}}}


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"provider": "one"}', b'{"provider": "", "account": "a"}', b"[" * 9999])
async def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    async with managed(desk_with()) as client:
        answer = await client.post("/v1/accounts/wake", content=body, headers=KEY)

    assert coded(answer) == (400, "KP-SYS-509")


@pytest.mark.code("KP-CONF-242")
async def test_an_error_of_whoever_was_asked_is_the_answer() -> None:
    def wake(provider: str, account: str) -> dict[str, str]:
        raise BadRequest("KP-CONF-242", f"There is no {provider}/{account}.")

    async with managed(desk_with(wake=wake)) as client:
        answer = await client.post("/v1/accounts/wake", json={"provider": "one", "account": "x"}, headers=KEY)

    assert coded(answer) == (404, "KP-CONF-242")
    assert answer.json()["error"]["message"].startswith("There is no one/x.")


@pytest.mark.code("KP-SYS-508")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpx's: nobody reads its body to the end
async def test_a_body_that_is_too_large_is_no_fault_of_ours() -> None:
    async with managed(desk_with()) as client:
        answer = await client.post("/v1/routing/test", content=b" " * (16 * 1024**2 + 1), headers=KEY)

    assert coded(answer) == (413, "KP-SYS-508")
