from __future__ import annotations

import base64
from ipaddress import ip_address

import pytest
import trio

from korproxy.chat import Blob, Conversation, Image, Report, Text, ToolResult, Turn
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway import images
from korproxy.gateway.images import ImageFetcher, is_public
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.raw_upstream import answering, raw_upstream

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
PICTURE = Blob(media_type="image/png", data=base64.b64encode(PNG).decode())
ANYWHERE = ImageFetcher(allowed=lambda _: True)


def linking(*urls: str) -> Conversation:
    parts = tuple(Image(blob=Blob(url=url), at=f"/messages/0/content/{number}") for number, url in enumerate(urls))
    return Conversation(turns=(Turn(role="user", parts=parts),))


PRIVATE = (
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.9 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1"
    " ::1 :: fe80::1 fd00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 2002:7f00:1:: ff02::1 ::127.0.0.1 fec0::1 5f00::1 3fff::1"
    " 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::a00:1 2001:db8::1 2001::1 192.0.0.192 168.63.129.16 198.18.0.1 240.0.0.1"
)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_of_this_machine_and_of_private_networks_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_open_internet_are(address: str) -> None:
    assert is_public(ip_address(address))


async def test_a_linked_image_is_sent_along_and_reported() -> None:
    report = Report()
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG[:9], PNG[9:]])) as echo:
        found = await ANYWHERE.inline(linking(f"{echo.url}/cat.png?size=1"), report)

    assert found.turns[0].parts == (Image(blob=PICTURE),)
    assert [(each.pointer, each.fate) for each in report.notes] == [("/messages/0/content/0", "mapped")]
    assert echo.only.head.startswith(b"GET /cat.png?size=1 HTTP/1.1\r\n")


async def test_the_same_image_is_fetched_once_also_for_the_result_of_a_tool() -> None:
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        url = f"{echo.url}/cat.png"
        result = ToolResult(call_id="1", parts=(Text(text="here"), Image(blob=Blob(url=url))))
        turn = Turn(role="user", parts=(result, Image(blob=Blob(url=url))))
        found = await ANYWHERE.inline(Conversation(turns=(turn,)), Report())

    assert found.turns[0].parts == (
        ToolResult(call_id="1", parts=(Text(text="here"), Image(blob=PICTURE))),
        Image(blob=PICTURE),
    )
    assert len(echo.arrived) == 1


async def test_a_conversation_without_links_is_returned_as_it_is() -> None:
    conversation = Conversation(turns=(Turn(role="user", parts=(Text(text="hi"), Image(blob=PICTURE))),))

    assert await ANYWHERE.inline(conversation, Report()) is conversation


@pytest.mark.code("KP-NET-313")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/a.png", "only plain http and https addresses are opened"),
        ("file:///etc/passwd", "only plain http and https addresses are opened"),
        ("http://user:secret@127.0.0.1/a.png", "only plain http and https addresses are opened"),
        ("http://127.0.0.1:1/a.png", "its address is not on the open internet"),
        ("http://[::1]/a.png", "its address is not on the open internet"),
        ("http://localhost/a.png", "its address is not on the open internet"),
        ("http://name-that-is-not-there.invalid/a.png", "it cannot be reached (gaierror)"),
        ("http://127.0.0.1:99999/a.png", "it cannot be reached (ValueError)"),
    ],
)
async def test_what_is_no_public_web_address_is_not_opened(url: str, why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await ImageFetcher().inline(linking(url), Report())

    assert caught.value.code == "KP-NET-313"
    assert str(caught.value).endswith(f"(/messages/0/content/0) was not fetched: {why}.")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("scripted", "why"),
    [
        (Scripted(status=404, pieces=[b"gone"]), "its server answered 404"),
        (Scripted(status=302, headers=[("location", "http://127.0.0.1/")], pieces=[b"x"]), "its server answered 302"),
        (Scripted(headers=[("content-type", "text/html")], pieces=[b"<html>"]), "it is no image"),
        (Scripted(headers=[("content-type", "image/png")], pieces=[]), "it is no image"),
        (Scripted(headers=[("content-type", "image/svg+xml")], pieces=[b"<svg>"]), "it is no image"),
        (Scripted(headers=[("content-type", "image/png"), ("content-encoding", "gzip")], pieces=[b"xx"]), "it is no image"),
        (
            Scripted(headers=[("content-type", "image/png")], pieces=[PNG * 100]),
            "all images together have more than 1000 bytes",
        ),
    ],
)
async def test_what_is_no_image_of_a_fair_size_is_refused(
    scripted: Scripted, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 1000)
    async with open_echo(scripted) as echo:
        with pytest.raises(BadRequest) as caught:
            await ANYWHERE.fetch(f"{echo.url}/a.png")

    assert str(caught.value) == f"The image at 127.0.0.1 was not fetched: {why}."


async def test_a_server_that_never_answers_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SECONDS", 0.1)
    async with raw_upstream(answering(then_wait=True)) as port:
        with trio.fail_after(5), pytest.raises(BadRequest) as caught:
            await ANYWHERE.fetch(f"http://127.0.0.1:{port}/a.png")

    assert "was not fetched: it " in str(caught.value)


async def test_an_address_that_is_none_is_told_like_any_other() -> None:
    with pytest.raises(BadRequest) as caught:
        await ImageFetcher().inline(linking("http://[::1"), Report())

    assert str(caught.value).startswith("The image at that address (/messages/0/content/0) was not fetched: ")


async def test_one_picture_counts_once_and_all_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 50)
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        await ANYWHERE.inline(linking(*[f"{echo.url}/same"] * 20), Report())
        with pytest.raises(BadRequest) as caught:
            await ANYWHERE.inline(linking(f"{echo.url}/a", f"{echo.url}/b"), Report())

    assert len(echo.arrived) == 3
    assert str(caught.value).endswith("(/messages/0/content/1) was not fetched: all images together have more than 50 bytes.")


async def test_many_links_are_too_many() -> None:
    with pytest.raises(BadRequest) as caught:
        await ANYWHERE.inline(linking(*[f"http://example.com/{number}" for number in range(17)]), Report())

    assert str(caught.value) == "The request links to 17 images, and 16 are fetched at most."
