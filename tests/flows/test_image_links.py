"""Images that a request only links to: fetched where the user says so and the model needs it, else never, by nobody."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio

from korproxy.api import Abilities
from korproxy.config.settings import ServerSettings
from korproxy.gateway.images import ImageFetcher
from tests.e2e.samples import PNG
from tests.fakes.echo_upstream import EchoUpstream, Scripted, open_echo
from tests.fakes.foreign import FAMILIES, PAIRS, asking, saying, speaking, told
from tests.fakes.gateway import Gateway, open_gateway, provider_at
from tests.fakes.listening import Heard, listening
from tests.fakes.passing import TWO_CLIENTS, faults
from tests.fakes.raw_upstream import answering, raw_upstream, read_request
from tests.fakes.waiting import until

PICTURE = base64.b64encode(PNG).decode()
IMAGE = Scripted(headers=[("content-type", "image/png")], pieces=[PNG])

every_pair = pytest.mark.parametrize(("client", "provider"), PAIRS)


def anywhere() -> ImageFetcher:
    """Return a fetcher that may open everything, and that has nothing yet: ports come again from test to test."""
    return ImageFetcher(allowed=lambda _: True)


def linking(client: str, url: str, *, in_result: bool = False) -> dict[str, Any]:
    """Return a request that links to an image, in what the user says or in what a tool gave back."""
    if client == "openai-chat":
        return asking([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])
    image = {"type": "image", "source": {"type": "url", "url": url}}
    if not in_result:
        return asking([{"role": "user", "content": [image]}])
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "here"}, image]}
    turns = [("user", "look"), ("assistant", [call]), ("user", [result])]
    return asking([{"role": role, "content": content} for role, content in turns])


@attrs.frozen(kw_only=True)
class Stage:
    """A gateway between a provider that keeps what it gets, and a server with an image."""

    gateway: Gateway
    provider: EchoUpstream
    images: EchoUpstream

    @property
    def link(self) -> str:
        return f"{self.images.url}/cat.png"

    @property
    def sent(self) -> str:
        """The body that reached the provider."""
        return self.provider.only.body.decode()


@asynccontextmanager
async def stage(
    provider: str, *, fetches: bool = True, links: bool = False, fetcher: ImageFetcher | None = None, image: Scripted = IMAGE
) -> AsyncIterator[Stage]:
    """Open it; *fetches* is the setting ``fetch_images``, *links* what the model can do."""
    answer = Scripted(headers=[("content-type", "text/event-stream")], pieces=told(provider, saying("A cat.")))
    abilities = Abilities(family=FAMILIES[provider], image_links=links)
    with trio.fail_after(20):
        async with open_echo(answer) as echo, open_echo(image) as images:
            there = speaking(provider, echo.url, assumed=abilities, fetch_images=fetches)
            async with open_gateway(there) as gateway:
                gateway.gate.images = fetcher or anywhere()
                yield Stage(gateway=gateway, provider=echo, images=images)


async def answered(at: Stage, client: str, body: object) -> Heard:
    """Return the whole answer to *body*."""
    async with listening(at.gateway, client, body) as heard:
        await heard.over.wait()
    return heard


def refusal(heard: Heard) -> tuple[int, str]:
    """Return status and code of an error of ours."""
    assert heard.headers["x-korproxy-error"] in json.loads(heard.body)["error"]["message"]
    return heard.status, heard.headers["x-korproxy-error"]


@every_pair
async def test_a_linked_image_is_fetched_for_a_model_that_takes_none_by_link(client: str, provider: str) -> None:
    async with stage(provider) as at:
        heard = await answered(at, client, linking(client, at.link))

    assert (heard.status, faults(client, bytes(heard.body), wants_usage=False)) == (200, [])
    assert (at.images.only.head[:22], at.images.only.body) == (b"GET /cat.png HTTP/1.1\r", b"")
    assert (PICTURE in at.sent, at.link in at.sent) == (True, False)
    assert "x-korproxy-lossy" not in heard.headers


@pytest.mark.parametrize("provider", ["openai-chat", "gemini"])
async def test_a_linked_image_in_the_result_of_a_tool_is_fetched_too(provider: str) -> None:
    async with stage(provider) as at:
        heard = await answered(at, "anthropic-messages", linking("anthropic-messages", at.link, in_result=True))

    assert (heard.status, len(at.images.arrived), PICTURE in at.sent) == (200, 1, True)


@pytest.mark.code("KP-NET-313")
@every_pair
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_nothing_on_this_machine_is_ever_fetched(client: str, provider: str, name: str) -> None:
    async with stage(provider, fetcher=ImageFetcher()) as at:
        heard = await answered(at, client, linking(client, at.link.replace("127.0.0.1", name)))

    assert refusal(heard) == (400, "KP-NET-313")
    assert "its address is not on the open internet" in heard.body.decode()
    assert (at.images.arrived, at.provider.arrived) == ([], [])


@pytest.mark.code("KP-NET-313")
@every_pair
@pytest.mark.parametrize("url", ["http://[::1", "http://\x00/a.png", "http://a..b/a.png"])
async def test_a_link_that_is_no_address_is_the_fault_of_the_request(client: str, provider: str, url: str) -> None:
    async with stage(provider) as at:
        heard = await answered(at, client, linking(client, url))

    assert (refusal(heard), at.provider.arrived) == ((400, "KP-NET-313"), [])


@every_pair
async def test_the_next_turn_sends_the_same_image_and_does_not_open_its_link_again(client: str, provider: str) -> None:
    async with stage(provider) as at:
        statuses = [(await answered(at, client, linking(client, at.link))).status for _ in range(2)]

    assert (statuses, len(at.images.arrived)) == ([200, 200], 1)
    assert [PICTURE in each.body.decode() for each in at.provider.arrived] == [True, True]


@pytest.mark.code("KP-PROV-115")
@every_pair
async def test_nothing_is_fetched_where_the_user_did_not_say_so(client: str, provider: str) -> None:
    async with stage(provider, fetches=False) as at:
        heard = await answered(at, client, linking(client, at.link))

    assert refusal(heard) == (400, "KP-PROV-115")
    assert (at.images.arrived, at.provider.arrived) == ([], [])


@every_pair
async def test_nothing_is_fetched_for_a_model_that_takes_links(client: str, provider: str) -> None:
    async with stage(provider, links=True) as at:
        heard = await answered(at, client, linking(client, at.link))

    assert (heard.status, at.link in at.sent, at.images.arrived) == (200, True, [])


@pytest.mark.parametrize("client", TWO_CLIENTS)
async def test_nothing_is_fetched_where_client_and_provider_speak_one_format(client: str) -> None:
    answer = Scripted(headers=[("content-type", "text/event-stream")], pieces=told(client, saying("A cat.")))
    with trio.fail_after(20):
        async with open_echo(answer) as echo, open_echo(IMAGE) as images:
            there = attrs.evolve(provider_at(echo.url), fetch_images=True, assumed=Abilities(image_links=False))
            async with open_gateway(there) as gateway:
                gateway.gate.images = anywhere()
                body = linking(client, f"{images.url}/cat.png")
                async with listening(gateway, client, body) as heard:
                    await heard.over.wait()

    assert (heard.status, json.loads(echo.only.body), images.arrived) == (200, body, [])


@pytest.mark.code("KP-NET-313")
@pytest.mark.parametrize(
    ("image", "why"),
    [
        (Scripted(status=404), "its server answered 404"),
        (Scripted(status=302, headers=[("location", "http://127.0.0.1:1/other.png")]), "its server answered 302"),
        (Scripted(headers=[("content-type", "text/html")], pieces=[b"<p>no</p>"]), "it is no image"),
    ],
)
async def test_what_is_no_image_is_refused_and_no_redirect_followed(image: Scripted, why: str) -> None:
    async with stage("gemini", image=image) as at:
        heard = await answered(at, "openai-chat", linking("openai-chat", at.link))

    assert refusal(heard) == (400, "KP-NET-313")
    assert f"The image at 127.0.0.1 (/messages/0/content/0) was not fetched: {why}." in heard.body.decode()
    assert (len(at.images.arrived), at.provider.arrived) == (1, [])


@pytest.mark.code("KP-NET-313")
@pytest.mark.parametrize("good", [True, False], ids=["there", "not there"])
async def test_who_waits_for_an_image_hears_signs_of_life(good: bool) -> None:
    go_on = trio.Event()
    head = f"HTTP/1.1 {200 if good else 503} X\r\ncontent-type: image/png\r\ncontent-length: {len(PNG)}\r\n\r\n".encode()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        await go_on.wait()
        await stream.send_all(head + PNG)

    answer = Scripted(headers=[("content-type", "text/event-stream")], pieces=told("gemini", saying("A cat.")))
    with trio.fail_after(20):
        async with raw_upstream(serve) as port, open_echo(answer) as echo:
            there = speaking("gemini", echo.url, assumed=Abilities(family="google", image_links=False), fetch_images=True)
            async with open_gateway(there, server=ServerSettings(port=0, keep_alive=0.05)) as gateway:
                gateway.gate.images = anywhere()
                body = linking("anthropic-messages", f"http://127.0.0.1:{port}/cat.png")
                async with listening(gateway, "anthropic-messages", body) as heard:
                    await until(lambda: b"event: ping" in heard.body)
                    assert echo.arrived == []
                    go_on.set()
                    await heard.over.wait()

    text = heard.body.decode()
    assert (heard.status, heard.whole, faults("anthropic-messages", bytes(heard.body))) == (200, True, [])
    assert ("A cat." in text, "KP-NET-313" in text, len(echo.arrived)) == (good, not good, int(good))


async def test_a_client_that_leaves_while_an_image_is_fetched_lets_its_server_go() -> None:
    asked, gone = trio.Event(), trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        await read_request(stream)
        asked.set()
        assert await stream.receive_some() == b""
        gone.set()

    with trio.fail_after(20):
        async with raw_upstream(serve) as port, raw_upstream(answering()) as other:
            abilities = Abilities(family="google", image_links=False)
            there = speaking("gemini", f"http://127.0.0.1:{other}", assumed=abilities, fetch_images=True)
            async with open_gateway(there) as gateway:
                gateway.gate.images = anywhere()
                body = linking("openai-chat", f"http://127.0.0.1:{port}/cat.png")
                async with listening(gateway, "openai-chat", body):
                    await asked.wait()
                with trio.fail_after(1):
                    await gone.wait()
                await until(lambda: gateway.finished)

    assert [(each.outcome, each.code) for each in gateway.finished] == [("client left", "KP-NET-311")]
