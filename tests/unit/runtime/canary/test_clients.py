from __future__ import annotations

import json

import trio
import trio.testing

from korproxy.runtime.canary.clients import REQUESTS, Request, ask
from korproxy.runtime.canary.places import PLACES
from korproxy.runtime.canary.planting import sow
from korproxy.runtime.canary.shapes import CONFIGURED, named
from tests.fakes.raw_upstream import answering, raw_upstream, read_request

PLANTS = [each for each in sow(PLACES, named(["qwen-key"]), configured=CONFIGURED.make()) if each.place in REQUESTS]
HEARD = {"error body", "answer's header", "answer", "no status line"}  # examples of what the provider says


def test_every_request_carries_its_plant_or_the_number_by_which_the_provider_knows_it() -> None:
    written = {each: REQUESTS[each.place](each).written("127.0.0.1:1", "kp") for each in PLANTS}
    lost = [
        each.place
        for each, request in written.items()
        if each.marker.encode() not in request
        and b"say-%d" % each.number not in request
        and not request.endswith(b"\r\n%d" % each.number)
    ]

    assert lost == [each for each in lost if each == "model name in a body in pieces"]
    assert {each.place for each, request in written.items() if b"say-%d" % each.number in request} >= HEARD


def test_bodies_are_json_but_for_the_one_that_is_to_be_none() -> None:
    bodies = {each.place: REQUESTS[each.place](each).body for each in PLANTS}
    for place in ("body that is no JSON", "model name in a body in pieces", "fault in a format"):
        del bodies[place]

    assert [place for place, body in bodies.items() if body and not isinstance(json.loads(body), dict)] == []


def test_what_a_request_says_itself_goes_before_what_all_say() -> None:
    plain = Request(path="/x", body=b"{}", correlation="c-1").written("h", "k")
    other = Request(method="GET", path="/x", headers={"Host": "other", "Authorization": ""}).written("h", "k")

    assert plain == (
        b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\nAuthorization: Bearer k\r\n"
        b"X-Correlation-ID: c-1\r\n\r\n{}"
    )
    managing = Request(method="GET", path="/x", managing=True).written("h", "k")
    assert managing == b"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\nX-Management-Key: k\r\n\r\n"
    assert other == b"GET /x HTTP/1.1\r\nHost: other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def test_the_whole_answer_comes_back_however_it_comes() -> None:
    with trio.fail_after(5):
        async with raw_upstream(answering(b"HTTP/1.1 200 OK\r\n", b"\r\n", b"body")) as port:
            assert await ask(port, Request(), "k") == b"HTTP/1.1 200 OK\r\n\r\nbody"


async def test_what_came_before_a_connection_broke_counts() -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        assert isinstance(stream, trio.SocketStream)
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200")
        await trio.testing.wait_all_tasks_blocked(0.01)
        stream.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER of no time: a reset

    with trio.fail_after(5):
        async with raw_upstream(serve) as port:
            assert await ask(port, Request(), "k") == b"HTTP/1.1 200"


def test_in_pieces_no_piece_of_a_body_holds_a_secret_and_together_they_do() -> None:
    plant = next(each for each in PLANTS if each.place == "model name in a body in pieces")
    pieces = REQUESTS[plant.place](plant).body.split(b"\r\n")[1::2]

    assert max(map(len, pieces)) < 12
    assert json.loads(b"".join(pieces))["model"] == f"canary/{plant.text}"
