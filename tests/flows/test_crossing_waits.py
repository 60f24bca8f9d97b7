"""Clients that wait for an answer in another format: what they hear meanwhile, and what becomes of it when it fails or ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from korproxy_mock.server import open_mock

from korproxy.api import chat
from korproxy.config.settings import ServerSettings
from korproxy.models.providers import Deadlines, Limits
from tests.fakes.foreign import HEAD, LAST, PAIRS, after, asking, chunk, refusing, saying, speaking, streamed, told
from tests.fakes.gateway import Gateway, open_gateway
from tests.fakes.listening import Heard, error_of, listening, request, text_of
from tests.fakes.process import daemon
from tests.fakes.raw_client import chat_request, connect, read_all, read_until
from tests.fakes.raw_upstream import Serve, answering, raw_upstream, read_request
from tests.fakes.waiting import until

SIGNS = {"openai-chat": b": keep-alive\n\n", "anthropic-messages": b'event: ping\ndata: {"type":"ping"}\n\n'}
RESTLESS = ServerSettings(port=0, keep_alive=0.05)
TOO_FAST = {
    "openai-chat": b'{"error":{"message":"Slow down, gr\xc3\xb6\xc3\x9fer","type":"requests","code":"rate_limit_exceeded"}}',
    "anthropic-messages": b'{"type":"error","error":{"type":"rate_limit_error","message":"Slow down, gr\xc3\xb6\xc3\x9fer"}}',
    "gemini": b'{"error":{"code":429,"message":"Slow down, gr\xc3\xb6\xc3\x9fer","status":"RESOURCE_EXHAUSTED"}}',
    "openai-responses": b'{"error":{"message":"Slow down, gr\xc3\xb6\xc3\x9fer","type":"tokens","code":"rate_limit_exceeded"}}',
}

every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)


async def finished_one(gateway: Gateway) -> Any:
    """Return the one event of a call that was put down."""
    await until(lambda: gateway.finished)
    [event] = gateway.finished
    return event


async def waited(client: str, provider: str, answer: bytes, **more: Any) -> tuple[Heard, Any]:
    """Let a client wait for *answer* until it has heard two signs of life; return what it heard, and what was put down."""
    go_on = trio.Event()
    with trio.fail_after(20):
        async with raw_upstream(after(go_on, answer)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}", **more)
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: heard.body.count(SIGNS[client]) > 1)
                    assert heard.body.replace(SIGNS[client], b"") == b""
                    go_on.set()
                    await heard.over.wait()
                event = await finished_one(gateway)
    return heard, event


@every_pair
async def test_who_waits_for_the_provider_hears_signs_of_life_and_then_the_answer(client: str, provider: str) -> None:
    words = ["Grüße ", "an ", "🙂"]
    heard, event = await waited(client, provider, streamed(*told(provider, saying(*words))))

    assert (heard.status, heard.whole, heard.headers["x-korproxy-provider"]) == (200, True, "one")
    assert heard.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert text_of(client, bytes(heard.body)) == "Grüße an 🙂"
    assert (event.outcome, event.code, event.status) == ("ok", None, 200)


@every_pair
async def test_who_waits_in_the_middle_of_an_answer_hears_signs_of_life(client: str, provider: str) -> None:
    go_on = trio.Event()
    begun, first, *rest = told(provider, saying("eins ", "zwei"))

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(HEAD + chunk(begun) + chunk(first))
        await go_on.wait()
        await stream.send_all(b"".join([*map(chunk, rest), LAST]))

    with trio.fail_after(20):
        async with raw_upstream(serve) as port:
            async with open_gateway(speaking(provider, f"http://127.0.0.1:{port}"), server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: b"eins " in heard.body and heard.body.count(SIGNS[client]) > 1)
                    go_on.set()
                    await heard.over.wait()

    assert (text_of(client, bytes(heard.body)), heard.whole) == ("eins zwei", True)


@every_pair
async def test_who_waits_for_a_place_at_the_provider_hears_signs_of_life(client: str, provider: str) -> None:
    go_on = trio.Event()
    with trio.fail_after(20):
        async with raw_upstream(after(go_on, streamed(*told(provider, saying("done"))))) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}", limits=Limits(max_concurrency=1))
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with (
                    listening(gateway, client, asking("hi")) as first,
                    listening(gateway, client, asking("hi")) as second,
                ):
                    await until(lambda: SIGNS[client] in first.body and SIGNS[client] in second.body)
                    slots = gateway.windows["one"].slots
                    assert (slots.running, slots.waiting) == (1, 1)
                    go_on.set()
                    await first.over.wait()
                    await second.over.wait()

    assert [text_of(client, bytes(each.body)) for each in (first, second)] == ["done"] * 2


@pytest.mark.code("KP-RATE-401")
@every_pair
async def test_a_refusal_behind_a_sign_of_life_is_an_error_in_the_stream(client: str, provider: str) -> None:
    heard, event = await waited(client, provider, refusing(429, TOO_FAST[provider]))

    error = error_of(client, bytes(heard.body))
    assert (heard.status, heard.whole) == (200, True)
    assert (error["message"], error["type"]) == ("Slow down, größer", "rate_limit_error")
    assert (event.outcome, event.code, event.status) == ("refused", "KP-RATE-401", 429)


@pytest.mark.code("KP-PROV-102")
@every_pair
async def test_an_error_as_the_first_event_behind_a_sign_of_life_is_an_error_in_the_stream(client: str, provider: str) -> None:
    error = chat.ProviderError(status=529, kind="overloaded", message="It is on fire: größer")
    heard, event = await waited(client, provider, streamed(*told(provider, [chat.Failed(error)])))

    assert error_of(client, bytes(heard.body))["message"] == "It is on fire: größer"
    assert (heard.status, heard.whole) == (200, True)
    assert (event.outcome, event.code, event.status) == ("refused", "KP-PROV-102", 200)


@pytest.mark.code("KP-AUTH-007")
@every_pair
@pytest.mark.usefixtures("expected_logs")
async def test_our_key_that_is_refused_behind_a_sign_of_life_is_told_as_ours(client: str, provider: str) -> None:
    heard, event = await waited(client, provider, refusing(401, b'{"error":{"message":"no such key"}}'))

    error = error_of(client, bytes(heard.body))
    assert "KP-AUTH-007" in error["message"]
    assert error["type"] != "authentication_error"  # or the tool would ask its user for another key
    assert (event.outcome, event.code, event.status) == ("failed", "KP-AUTH-007", 200)


@every_pair
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", "KP-NET-308", marks=pytest.mark.code("KP-NET-308")),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "KP-PROV-108", marks=pytest.mark.code("KP-PROV-108")),
        pytest.param(HEAD, "KP-NET-309", marks=pytest.mark.code("KP-NET-309")),
        pytest.param(HEAD + chunk(b"data: no json\n\n"), "KP-PROV-116", marks=pytest.mark.code("KP-PROV-116")),
    ],
)
async def test_what_fails_behind_a_sign_of_life_is_told_in_the_stream(
    client: str, provider: str, answer: bytes, code: str
) -> None:
    heard, event = await waited(client, provider, answer)

    assert code in error_of(client, bytes(heard.body))["message"]
    assert (heard.status, heard.whole) == (200, True)
    assert (event.outcome, event.code, event.status) == ("failed", code, 200)


@pytest.mark.code("KP-NET-305")
@every_pair
async def test_a_provider_that_is_silent_for_too_long_is_given_up_behind_signs_of_life(client: str, provider: str) -> None:
    with trio.fail_after(20):
        async with raw_upstream(after(trio.Event(), b"")) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}", deadlines=Deadlines(first_byte=0.3))
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await heard.over.wait()

    assert heard.body.startswith(SIGNS[client])
    assert "KP-NET-305" in error_of(client, bytes(heard.body))["message"]


@every_pair
async def test_who_asks_for_no_stream_is_told_with_a_status_however_long_it_took(client: str, provider: str) -> None:
    go_on = trio.Event()
    with trio.fail_after(20):
        async with raw_upstream(after(go_on, refusing(429, TOO_FAST[provider]))) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi") | {"stream": False}) as heard:
                    await trio.sleep(4 * RESTLESS.keep_alive)  # that nothing comes has no other sign than time
                    assert (heard.status, len(heard.body)) == (0, 0)
                    go_on.set()
                    await heard.over.wait()

    assert (heard.status, json.loads(heard.body)["error"]["message"]) == (429, "Slow down, größer")


@pytest.mark.code("KP-SYS-511")
@every_pair
async def test_a_stop_ends_the_stream_of_who_waits_behind_a_sign_of_life(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, grace=0.2)
    with trio.fail_after(20):
        async with raw_upstream(after(trio.Event(), b"")) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: SIGNS[client] in heard.body)
                    gateway.stop.set()
                    await heard.over.wait()
                event = await finished_one(gateway)

    assert "KP-SYS-511" in error_of(client, bytes(heard.body))["message"]
    assert (heard.status, heard.whole) == (200, True)
    assert (event.outcome, event.code, event.status) == ("failed", "KP-SYS-511", 200)


@pytest.mark.code("KP-SYS-511")
@every_pair
async def test_a_stop_ends_a_stream_in_its_middle(client: str, provider: str) -> None:
    pieces = [chunk(each) for each in told(provider, saying("one ", "two "))[:3]]
    settings = attrs.evolve(RESTLESS, grace=0.2)
    with trio.fail_after(20):
        async with raw_upstream(answering(HEAD, *pieces, then_wait=True)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: b"two " in heard.body)
                    gateway.stop.set()
                    await heard.over.wait()

    assert "KP-SYS-511" in error_of(client, bytes(heard.body))["message"]
    assert heard.whole


@every_pair
async def test_a_client_that_leaves_while_it_waits_lets_the_provider_go_within_a_second(client: str, provider: str) -> None:
    left = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        assert await stream.receive_some() == b""
        left.set()

    with trio.fail_after(20):
        async with raw_upstream(serve) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=RESTLESS) as gateway:
                async with listening(gateway, client, asking("hi")) as heard:
                    await until(lambda: SIGNS[client] in heard.body)
                began = trio.current_time()
                await left.wait()
                took = trio.current_time() - began
                event = await finished_one(gateway)

    assert took < 1
    assert (event.outcome, event.code) == ("client left", "KP-NET-311")


def endless(provider: str) -> Serve:
    """Return a server whose answer has no end: large pieces for as long as somebody takes them."""
    beginning, *more = told(provider, saying("x" * 64 * 1024, "x" * 64 * 1024))

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await stream.send_all(HEAD + chunk(beginning) + chunk(more[0]))
        while True:
            await stream.send_all(chunk(more[1]))

    return serve


async def stalled(gateway: Gateway, client: str) -> trio.SocketStream:
    """Return the connection of a client that never reads; the gateway is stuck in a write to it. The caller closes it."""
    stream = await connect(gateway.url)
    await stream.send_all(request(client, asking("hi")))
    await until(lambda: gateway.server.connections.stalled(trio.current_time(), 0.1))
    return stream


@pytest.mark.code("KP-SYS-511")
async def test_sigterm_ends_the_stream_of_who_waits_behind_a_sign_of_life(home: Path) -> None:
    with trio.fail_after(30):
        async with open_mock() as mock:
            settings = f"""
                [server]
                grace = 0.3
                keep_alive = 0.1
                [providers.google]
                type = "gemini"
                base_url = "{mock.url}/v1beta"
                accounts = [{{ name = "work", key = "env:MOCK_KEY" }}]
            """
            with daemon(home, settings=settings) as running:
                async with await connect(running.url) as stream:
                    await stream.send_all(chat_request("{{mock: first-byte=60}}", running.key))
                    heard = await read_until(stream, SIGNS["openai-chat"])
                    running.ask_to_stop()
                    rest = await read_all(stream)
                code = await trio.to_thread.run_sync(running.wait)

    event = rest.rpartition(b"data: ")[2].partition(b"\n\n")[0]
    assert (heard[:13], json.loads(event)["error"]["code"]) == (b"HTTP/1.1 200 ", "KP-SYS-511")
    assert (b"[DONE]" in rest, rest.endswith(b"0\r\n\r\n"), code) == (False, True, 0)


one_provider_each = pytest.mark.parametrize(("client", "provider"), PAIRS[1:3])


@pytest.mark.code("KP-NET-312")
@one_provider_each
async def test_a_client_that_never_reads_is_hung_up_on(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, write_deadline=0.4)
    with trio.fail_after(20):
        async with raw_upstream(endless(provider)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway, await stalled(gateway, client):
                event = await finished_one(gateway)
                await until(lambda: not gateway.windows["one"].upstream.open_connections)

    assert (event.outcome, event.code) == ("client left", "KP-NET-312")


@one_provider_each
async def test_a_client_that_never_reads_costs_the_end_its_grace_and_no_more(client: str, provider: str) -> None:
    settings = attrs.evolve(RESTLESS, grace=0.3)
    with trio.fail_after(20):
        async with raw_upstream(endless(provider)) as port:
            there = speaking(provider, f"http://127.0.0.1:{port}")
            async with open_gateway(there, server=settings) as gateway, await stalled(gateway, client):
                began = trio.current_time()
                gateway.stop.set()
                await until(lambda: not len(gateway.server.connections))
                took = trio.current_time() - began

    assert took < settings.grace + 1
