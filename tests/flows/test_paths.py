from __future__ import annotations

import json

from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.gateway import open_gateway, provider_at


async def test_edge_81_paths_are_matched_without_their_query_and_probes_are_answered() -> None:
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "quota"}]}
    async with (
        open_echo(Scripted(headers=[("content-type", "application/json")], pieces=[b"{}"])) as echo,
        open_gateway(provider_at(echo.url)) as gateway,
        gateway.client() as client,
    ):
        probes = [(await client.head(path)).status_code for path in ("/", "/api/hello")]
        asked = await client.post("/v1/messages?beta=true", json=body)

    assert probes == [200, 200]
    assert asked.status_code == 200
    assert echo.only.head.startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\n")
    assert json.loads(echo.only.body) == body
