from __future__ import annotations

import base64

import pytest
import trio

from korproxy.chat import Blob, Conversation, Image, Report, Text, ToolResult, Turn
from korproxy.errors.exceptions import BadRequest
from korproxy.gateway import images
from korproxy.gateway.images import KEPT_BYTES, KEPT_SECONDS, ImageFetcher, Kept
from tests.fakes.echo_upstream import Scripted, open_echo
from tests.fakes.raw_upstream import answering, raw_upstream

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
PICTURE = Blob(media_type="image/png", data=base64.b64encode(PNG).decode())


def anywhere() -> ImageFetcher:
    """Return a fetcher that may open everything, and that has nothing yet: ports come again from test to test."""
    return ImageFetcher(allowed=lambda _: True)


def linking(*urls: str) -> Conversation:
    parts = tuple(Image(blob=Blob(url=url), at=f"/messages/0/content/{number}") for number, url in enumerate(urls))
    return Conversation(turns=(Turn(role="user", parts=parts),))


async def test_a_linked_image_is_sent_along_and_reported() -> None:
    report = Report()
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG[:9], PNG[9:]])) as echo:
        found = await anywhere().inline(linking(f"{echo.url}/cat.png?size=1"), report)

    assert found.turns[0].parts == (Image(blob=PICTURE),)
    assert [(each.pointer, each.fate) for each in report.notes] == [("/messages/0/content/0", "mapped")]
    assert echo.only.head.startswith(b"GET /cat.png?size=1 HTTP/1.1\r\n")


async def test_the_same_image_is_fetched_once_also_for_the_result_of_a_tool() -> None:
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        url = f"{echo.url}/cat.png"
        result = ToolResult(call_id="1", parts=(Text(text="here"), Image(blob=Blob(url=url))))
        turn = Turn(role="user", parts=(result, Image(blob=Blob(url=url))))
        found = await anywhere().inline(Conversation(turns=(turn,)), Report())

    assert found.turns[0].parts == (
        ToolResult(call_id="1", parts=(Text(text="here"), Image(blob=PICTURE))),
        Image(blob=PICTURE),
    )
    assert len(echo.arrived) == 1


async def test_a_conversation_without_links_is_returned_as_it_is() -> None:
    conversation = Conversation(turns=(Turn(role="user", parts=(Text(text="hi"), Image(blob=PICTURE))),))

    assert await anywhere().inline(conversation, Report()) is conversation


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
            await anywhere().fetch(f"{echo.url}/a.png")

    assert str(caught.value) == f"The image at 127.0.0.1 was not fetched: {why}."


async def test_a_server_that_never_answers_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SECONDS", 0.1)
    async with raw_upstream(answering(then_wait=True)) as port:
        with trio.fail_after(5), pytest.raises(BadRequest) as caught:
            await anywhere().fetch(f"http://127.0.0.1:{port}/a.png")

    assert "was not fetched: it " in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1", "http://ex\udc00ample.com/a.png", "http://\x00\x1b[2J/a.png"])
async def test_an_address_that_is_none_is_told_like_any_other(url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await ImageFetcher().inline(linking(url), Report())

    assert str(caught.value).startswith("The image at that address (/messages/0/content/0) was not fetched: ")


async def test_one_picture_counts_once_and_all_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 50)
    fetcher = anywhere()
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        await fetcher.inline(linking(*[f"{echo.url}/same"] * 20), Report())
        with pytest.raises(BadRequest) as caught:
            await fetcher.inline(linking(f"{echo.url}/a", f"{echo.url}/b"), Report())

    assert len(echo.arrived) == 3
    assert str(caught.value).endswith("(/messages/0/content/1) was not fetched: all images together have more than 50 bytes.")


async def test_many_links_are_too_many() -> None:
    with pytest.raises(BadRequest) as caught:
        await anywhere().inline(linking(*[f"http://example.com/{number}" for number in range(17)]), Report())

    assert str(caught.value) == "The request links to 17 images, and 16 are fetched at most."


def picture(characters: int) -> Blob:
    return Blob(media_type="image/png", data="A" * characters)


async def test_the_next_turn_of_a_conversation_has_the_same_bytes_without_opening_the_link_again() -> None:
    fetcher, report = anywhere(), Report()
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        first = await fetcher.inline(linking(f"{echo.url}/cat.png"), Report())
        echo.answer = Scripted(headers=[("content-type", "image/png")], pieces=[PNG + b"changed"])
        again = await fetcher.inline(linking(f"{echo.url}/cat.png"), report)

    assert (again, len(echo.arrived)) == (first, 1)
    assert [(each.pointer, each.fate) for each in report.notes] == [("/messages/0/content/0", "mapped")]


async def test_an_image_that_could_not_be_had_is_asked_for_again() -> None:
    fetcher = anywhere()
    async with open_echo(Scripted(status=503)) as echo:
        with pytest.raises(BadRequest):
            await fetcher.inline(linking(f"{echo.url}/cat.png"), Report())
        echo.answer = Scripted(headers=[("content-type", "image/png")], pieces=[PNG])
        found = await fetcher.inline(linking(f"{echo.url}/cat.png"), Report())

    assert (found.turns[0].parts, len(echo.arrived)) == ((Image(blob=PICTURE),), 2)


async def test_images_that_are_still_here_count_against_the_limit_of_a_request_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 2 * len(PNG) - 1)
    fetcher = anywhere()
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        for name in "ab":
            await fetcher.inline(linking(f"{echo.url}/{name}"), Report())
        with pytest.raises(BadRequest) as caught:
            await fetcher.inline(linking(f"{echo.url}/a", f"{echo.url}/b"), Report())

    assert len(echo.arrived) == 2
    assert str(caught.value).endswith("(/messages/0/content/1) was not fetched: all images together have more than 55 bytes.")


async def test_images_may_fill_the_limit_to_the_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 2 * len(PNG))
    async with open_echo(Scripted(headers=[("content-type", "image/png")], pieces=[PNG])) as echo:
        found = await anywhere().inline(linking(f"{echo.url}/a", f"{echo.url}/b"), Report())

    assert found.turns[0].parts == (Image(blob=PICTURE), Image(blob=PICTURE))


def test_an_image_is_kept_for_an_hour_from_when_it_came_however_often_it_is_used() -> None:
    kept = Kept()
    kept.put("a", PICTURE, now=10.0)

    assert kept.get("a", now=10.0 + KEPT_SECONDS - 1) == PICTURE
    assert kept.get("a", now=10.0 + KEPT_SECONDS) is None


def test_of_many_images_the_one_that_was_not_used_for_longest_goes() -> None:
    kept = Kept()
    for number in range(32):
        kept.put(str(number), PICTURE, now=0.0)
    kept.get("0", now=1.0)
    kept.put("32", PICTURE, now=2.0)

    assert [each for each in map(str, range(33)) if kept.get(each, now=3.0) is None] == ["1"]


def test_of_large_images_only_so_many_are_kept_as_fit() -> None:
    kept, half = Kept(), picture(KEPT_BYTES // 2)
    for name in "abc":
        kept.put(name, half, now=0.0)

    assert [kept.get(each, now=0.0) for each in "abc"] == [None, half, half]


def test_an_image_that_came_twice_takes_its_room_once() -> None:
    kept, half = Kept(), picture(KEPT_BYTES // 2)
    for name in "abab":
        kept.put(name, half, now=0.0)

    assert [kept.get(each, now=0.0) for each in "ab"] == [half, half]


def test_what_is_too_old_makes_room_before_anything_that_is_still_good() -> None:
    kept, half = Kept(), picture(KEPT_BYTES // 2)
    kept.put("good", half, now=KEPT_SECONDS - 2)
    kept.put("old", half, now=0.0)
    kept.put("new", half, now=KEPT_SECONDS)

    assert [kept.get(each, now=KEPT_SECONDS) for each in ("good", "old", "new")] == [half, None, half]
