from __future__ import annotations

import json

import trio

from korproxy.runtime.canary.places import BY_PROVIDERS
from korproxy.runtime.canary.planting import Plant, sow
from korproxy.runtime.canary.shapes import CONFIGURED, named
from korproxy.runtime.canary.upstream import Upstream, serving

PLANTS = sow(BY_PROVIDERS, named(["qwen-key"]), configured=CONFIGURED.make())
UPSTREAM = Upstream({each.number: each for each in PLANTS})


def of(place: str) -> Plant:
    return next(each for each in PLANTS if each.place == place)


def said(place: str) -> bytes:
    return b"".join(UPSTREAM.pieces(b'POST / HTTP/1.1\r\n\r\n{"model": "say-%d"}' % of(place).number))


def test_whoever_names_a_plant_gets_it() -> None:
    assert {each.name: of(each.name).marker.encode() in said(each.name) for each in BY_PROVIDERS} == {
        each.name: each.name != "error body in pieces" for each in BY_PROVIDERS
    }


def test_in_pieces_no_piece_holds_a_secret_and_together_they_do() -> None:
    plant = of("error body in pieces")
    pieces = UPSTREAM.pieces(b"say-%d" % plant.number)
    chunks = [each.split(b"\r\n")[1] for each in pieces[1:-1]]

    assert max(map(len, chunks)) < 12
    assert json.loads(b"".join(chunks))["error"]["message"] == plant.text


def test_others_get_a_plain_answer() -> None:
    for request in (b"", b"say-99999", b'{"model": "something"}'):
        assert b'"content": "Yes."' in b"".join(UPSTREAM.pieces(request))


async def test_it_answers_over_a_socket_and_keeps_what_it_was_sent() -> None:
    upstream = Upstream({})
    with trio.fail_after(5):
        async with serving(upstream) as url:
            stream = await trio.open_tcp_stream("127.0.0.1", int(url.removesuffix("/v1").rpartition(":")[2]))
            await stream.send_all(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")
            await stream.send_all(b"def")
            async with stream:
                answer = b"".join([bytes(part) async for part in stream])
            early = await trio.open_tcp_stream("127.0.0.1", int(url.removesuffix("/v1").rpartition(":")[2]))
            await early.aclose()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], json.loads(body)["choices"][0]["message"]["content"]) == (b"HTTP/1.1 200 OK", "Yes.")
    assert upstream.received.endswith(b"\r\n\r\nabcdef")
