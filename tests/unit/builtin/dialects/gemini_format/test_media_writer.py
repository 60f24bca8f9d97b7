"""Pictures, files and sound as Gemini's parts."""

from __future__ import annotations

import base64

import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.media_writer import Media, media_parts

PNG = "iVBORw0KGgoAAAANSUhEUg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
ALL = Abilities(audio=True)
NO_LINKS = Abilities(image_links=False)


def written(part: Media, abilities: Abilities = ALL) -> tuple[list[object], list[tuple[str, str]]]:
    report = chat.Report()
    return list(media_parts(part, abilities, report)), [(each.fate, each.pointer) for each in report.notes]


def image(**blob: str) -> chat.Image:
    return chat.Image(blob=chat.Blob(**blob), at="/m/0")


def test_an_image_is_sent_along() -> None:
    assert written(image(media_type="image/png", data=PNG)) == ([{"inlineData": {"mimeType": "image/png", "data": PNG}}], [])


def test_the_first_bytes_know_better_what_an_image_is() -> None:
    assert written(image(media_type="image/jpeg", data=PNG))[0] == [{"inlineData": {"mimeType": "image/png", "data": PNG}}]
    assert written(image(data="AAAA"))[0] == [{"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}}]


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://example.test/a.png?x=1", "image/png"),
        ("https://example.test/A.WEBP", "image/webp"),
        ("https://example.test/a", "image/jpeg"),
        ("http://[broken", "image/jpeg"),
    ],
)
def test_edge_51_a_link_is_sent_to_models_that_follow_links(url: str, media_type: str) -> None:
    assert written(image(url=url))[0] == [{"fileData": {"mimeType": media_type, "fileUri": url}}]


def test_edge_51_a_link_is_refused_for_other_models_with_the_remedy() -> None:
    with pytest.raises(chat.CannotCarry, match="fetch_images = true") as caught:
        written(image(url="https://example.test/a.png"), NO_LINKS)

    assert caught.value.pointer == "/m/0"


@pytest.mark.parametrize(
    "uri", ["gs://bucket/a.png", "https://generativelanguage.googleapis.com/v1beta/files/a", "https://youtu.be/a"]
)
def test_what_lies_at_googles_is_sent_by_its_place_to_all_models(uri: str) -> None:
    blob = chat.Blob(media_type="video/mp4", file=uri)

    assert written(chat.Document(blob=blob), NO_LINKS)[0] == [{"fileData": {"mimeType": "video/mp4", "fileUri": uri}}]
    assert written(image(url=uri, media_type="image/png"), NO_LINKS)[0] == [
        {"fileData": {"mimeType": "image/png", "fileUri": uri}}
    ]


def test_a_file_in_another_vendors_store_is_refused() -> None:
    with pytest.raises(chat.CannotCarry, match="another vendor's store") as caught:
        written(image(file="file-abc"))

    assert caught.value.pointer == "/m/0"


def test_edge_50_a_drawing_is_sent_as_its_text() -> None:
    svg = base64.b64encode(b"<svg/>").decode()

    assert written(image(media_type="image/svg+xml", data=svg)) == ([{"text": "<svg/>"}], [("mapped", "/m/0")])
    assert written(image(media_type="image/svg+xml", data="/w=="))[0] == [
        {"inlineData": {"mimeType": "image/svg+xml", "data": "/w=="}}
    ]


def test_edge_52_a_pdf_is_sent_along_and_its_name_goes_in_front() -> None:
    blob = chat.Blob(media_type="application/pdf", data=PDF)
    document = chat.Document(blob=blob, title="report.pdf", context="About bees.", at="/m/0")

    assert written(document) == (
        [{"text": "[file: report.pdf]"}, {"text": "About bees."}, {"inlineData": {"mimeType": "application/pdf", "data": PDF}}],
        [("mapped", "/m/0")],
    )
    assert written(chat.Document(blob=blob)) == ([{"inlineData": {"mimeType": "application/pdf", "data": PDF}}], [])


def test_a_document_of_text_is_text() -> None:
    assert written(chat.Document(text="Bees.", at="/m/0"), Abilities(documents=False)) == ([{"text": "Bees."}], [])


def test_a_linked_document_is_refused_where_links_are_not_followed() -> None:
    with pytest.raises(chat.CannotCarry, match=r"Send it as base64\.$"):
        written(chat.Document(blob=chat.Blob(url="https://example.test/a.pdf")), NO_LINKS)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (chat.Image(blob=chat.Blob(url="https://example.test/a")), "image/jpeg"),
        (chat.Audio(blob=chat.Blob(url="https://example.test/a")), "audio/wav"),
        (chat.Document(blob=chat.Blob(url="https://example.test/a")), "application/pdf"),
    ],
)
def test_where_nothing_tells_the_type_the_usual_one_is_said(part: Media, kind: str) -> None:
    linked = {"fileData": {"mimeType": kind, "fileUri": "https://example.test/a"}}

    assert written(part, Abilities(audio=True)) == ([linked], [])


def test_sound_is_sent_along() -> None:
    blob = chat.Blob(media_type="audio/wav", data="UklGRg==")

    assert written(chat.Audio(blob=blob)) == ([{"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}], [])


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (image(data=PNG), "image"),
        (chat.Audio(blob=chat.Blob(data="UklGRg=="), at="/m/0"), "audio"),
        (chat.Document(blob=chat.Blob(data=PDF), at="/m/0"), "document"),
    ],
)
def test_what_the_model_does_not_take_is_refused(part: Media, kind: str) -> None:
    with pytest.raises(chat.CannotCarry, match=f"takes no {kind}") as caught:
        written(part, Abilities(images=False, documents=False, audio=False))

    assert caught.value.pointer == "/m/0"


def test_a_cache_mark_is_lost() -> None:
    mark = chat.CacheMark(at="/m/0/cache_control")

    assert written(chat.Image(blob=chat.Blob(data=PNG), cache=mark, at="/m/0"))[1] == [("lost", "/m/0/cache_control")]


@pytest.mark.parametrize(("detail", "notes"), [(None, []), ("auto", []), ("high", [("mapped", "/m/0")])])
def test_a_picture_goes_without_its_level_of_detail(detail: str | None, notes: list[tuple[str, str]]) -> None:
    """``auto`` is what it is anyhow; OpenAI's SDK demands that programs say it."""
    assert written(chat.Image(blob=chat.Blob(data=PNG), detail=detail, at="/m/0"))[1] == notes
