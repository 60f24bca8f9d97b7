"""Parts as the content of a message."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.write_parts import PartWriter
from tests.unit.builtin.dialects.chat_format.said import OPENAI, PDF, PLAIN, PNG, image, text

IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
PAPER = chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF), title="a.pdf", at="/d")
BLIND = Abilities(images=False, documents=False)
HEARS = Abilities(audio=True)


def content(*parts: chat.Part, abilities: Abilities = PLAIN) -> tuple[Any, list[tuple[str, str]]]:
    report = chat.Report()
    written = PartWriter(abilities, report).content(parts)
    return written, [(each.pointer, each.fate) for each in report.notes]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        ([text("Hi")], "Hi"),
        ([text("a"), text(""), text("b")], "a\n\nb"),
        ([text("a"), image()], [{"type": "text", "text": "a"}, IMAGE]),
    ],
)
def test_text_alone_is_one_string_and_anything_else_a_list(parts: list[chat.Part], expected: object) -> None:
    assert content(*parts) == (expected, [])


def test_an_image_is_sent_along_or_linked_with_its_detail() -> None:
    linked = chat.Image(blob=chat.Blob(url="https://a.example/b.png"), detail="low")

    assert content(linked)[0] == [{"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}}]
    assert content(image())[0] == [IMAGE]


def test_edge_52_a_document_is_a_file_with_its_name() -> None:
    file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}

    assert content(PAPER) == ([{"type": "file", "file": file}], [])


def test_a_document_gets_a_name_and_keeps_what_is_said_about_it() -> None:
    unnamed = attrs.evolve(PAPER, title=None, context="From the archive.")

    assert content(unnamed)[0] == [
        {"type": "text", "text": "From the archive."},
        {"type": "file", "file": {"filename": "document.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (chat.Document(text="Plain.", at="/d"), "<document>\nPlain.\n</document>"),
        (
            chat.Document(text="Plain.", title="a.txt", context="Old.", at="/d"),
            'Old.\n<document title="a.txt">\nPlain.\n</document>',
        ),
        (
            chat.Document(blob=chat.Blob(media_type="text/csv", data=base64.b64encode(b"a,b").decode()), at="/d"),
            "<document>\na,b\n</document>",
        ),
    ],
)
def test_a_document_of_text_is_sent_as_text(document: chat.Document, expected: str) -> None:
    assert content(document, abilities=BLIND) == (expected, [("/d", "mapped")])


def test_a_picture_that_came_as_a_document_is_a_picture() -> None:
    assert content(chat.Document(blob=image().blob))[0] == [IMAGE]


@pytest.mark.parametrize("media_type", ["audio/wav", "audio/x-wav"])
def test_sound_is_sent_to_models_that_hear(media_type: str) -> None:
    sound = chat.Audio(blob=chat.Blob(media_type=media_type, data="UklG"))

    assert content(sound, abilities=HEARS)[0] == [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (image(at="/p"), "[an image that this model cannot see]"),
        (attrs.evolve(PAPER, at="/p"), "[the document a.pdf that this model cannot see]"),
        (attrs.evolve(PAPER, at="/p", title=None), "[a document that this model cannot see]"),
    ],
)
def test_a_model_that_cannot_see_is_told_that_there_was_something(part: chat.Part, expected: str) -> None:
    assert content(part, abilities=BLIND) == (expected, [("/p", "lost")])


def test_a_document_in_openais_own_store_is_named_to_openai_only() -> None:
    paper = chat.Document(blob=chat.Blob(file="file-1"), at="/p")

    assert content(paper, abilities=OPENAI) == ([{"type": "file", "file": {"file_id": "file-1"}}], [])
    assert content(attrs.evolve(paper, title="a.pdf"), abilities=OPENAI)[1] == [("/p", "mapped")]


@pytest.mark.parametrize(
    ("part", "abilities", "why"),
    [
        (chat.Document(blob=chat.Blob(file="file_anthropic"), at="/p"), OPENAI, "another vendor's store"),
        (chat.Image(blob=chat.Blob(file="file-1"), at="/p"), PLAIN, "another vendor's store"),
        (chat.Document(blob=chat.Blob(file="file-1"), at="/p"), PLAIN, "another vendor's store"),
        (chat.Document(blob=chat.Blob(url="https://a.example/b.pdf"), at="/p"), PLAIN, "no documents by their address"),
        (chat.Image(blob=chat.Blob(url="https://a.example/b.png"), at="/p"), Abilities(image_links=False), "fetch_images"),
        (chat.Audio(blob=chat.Blob(media_type="audio/wav", data="UklG"), at="/p"), PLAIN, "takes no sound"),
        (chat.Audio(blob=chat.Blob(media_type="audio/ogg", data="T2dn"), at="/p"), HEARS, "not as audio/ogg"),
        (chat.Audio(blob=chat.Blob(url="https://a.example/b.wav"), at="/p"), HEARS, "not as an address"),
    ],
)
def test_what_cannot_be_sent_and_not_be_left_out_is_refused(part: chat.Part, abilities: Abilities, why: str) -> None:
    with pytest.raises(chat.CannotCarry, match=why) as refused:
        content(part, abilities=abilities)

    assert refused.value.pointer == "/p"


def test_marks_for_the_cache_are_lost() -> None:
    marked = text("a", cache=chat.CacheMark(at="/p/cache_control"))

    assert content(marked) == ("a", [("/p/cache_control", "lost")])


def test_what_has_no_place_in_a_message_is_lost() -> None:
    assert content(chat.Reasoning(text="Hm.", at="/p")) == ("", [("/p", "lost")])
