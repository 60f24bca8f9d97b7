"""Parts of messages and results, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from tests.unit.builtin.dialects.responses_format.talk import (
    OPENAI,
    PDF,
    PLAIN,
    PNG,
    Notes,
    asking,
    image,
    input_text,
    text,
    user,
    write,
)

BLIND = attrs.evolve(OPENAI, images=False, documents=False)


def content(*parts: chat.Part, abilities: Abilities = OPENAI) -> tuple[Any, Notes]:
    body, notes = write(asking(user(*parts)), abilities)
    return body["input"][0]["content"], notes


def document(blob: chat.Blob | None = None, **more: Any) -> chat.Document:
    return chat.Document(blob=blob, at="/d", **more)


def test_parts_stand_in_their_order() -> None:
    found, notes = content(text("See"), image(detail="high"))

    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "high"}
    assert (found, notes) == ([input_text("See"), picture], [])


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (chat.Image(blob=chat.Blob(url="https://a.example")), {"type": "input_image", "image_url": "https://a.example"}),
        (chat.Image(blob=chat.Blob(file="file-1")), {"type": "input_image", "file_id": "file-1"}),
        (
            document(chat.Blob(media_type="application/pdf", data=PDF)),
            {"type": "input_file", "filename": "document.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
        ),
        (
            document(chat.Blob(url="https://a.example/b.pdf"), title="b.pdf"),
            {"type": "input_file", "file_url": "https://a.example/b.pdf", "filename": "b.pdf"},
        ),
        (document(chat.Blob(file="file-1")), {"type": "input_file", "file_id": "file-1"}),
        (
            document(chat.Blob(media_type="image/png", data=PNG)),
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
        ),
    ],
)
def test_pictures_and_files_are_sent_as_such(part: chat.Part, expected: Any) -> None:
    assert content(part) == ([expected], [])


def test_a_file_in_openais_store_has_its_name_there() -> None:
    found, notes = content(document(chat.Blob(file="file-1"), title="a.pdf"))

    assert (found, notes) == ([{"type": "input_file", "file_id": "file-1"}], [("/d", "mapped")])


def test_what_is_said_about_a_file_stands_in_front_of_it() -> None:
    found, _ = content(document(chat.Blob(url="https://a.example"), context="Look."))

    assert found == [input_text("Look."), {"type": "input_file", "file_url": "https://a.example"}]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (document(text="Hi", title="a.txt"), '<document title="a.txt">\nHi\n</document>'),
        (document(text="Hi", context="Look."), "Look.\n<document>\nHi\n</document>"),
        (document(chat.Blob(media_type="text/plain", data="SGk=")), "<document>\nHi\n</document>"),
    ],
)
def test_a_document_of_text_is_sent_as_text(part: chat.Document, words: str) -> None:
    assert content(part) == ([input_text(words)], [("/d", "mapped")])


def test_who_sees_nothing_is_told_that_there_was_something() -> None:
    blob = chat.Blob(media_type="application/pdf", data=PDF)
    found, notes = content(image("/i"), document(blob, title="a.pdf"), document(blob), abilities=BLIND)

    assert [each["text"] for each in found] == [
        "[an image that this model cannot see]",
        "[the document a.pdf that this model cannot see]",
        "[a document that this model cannot see]",
    ]
    assert notes == [("/i", "lost"), ("/d", "lost"), ("/d", "lost")]


@pytest.mark.parametrize(
    ("part", "abilities", "words"),
    [
        (chat.Image(blob=chat.Blob(file="file_011C"), at="/d"), OPENAI, "another vendor's store"),
        (chat.Image(blob=chat.Blob(file="file-1"), at="/d"), PLAIN, "another vendor's store"),
        (document(chat.Blob(file="file_011C")), OPENAI, "another vendor's store"),
        (chat.Image(blob=chat.Blob(url="https://a.example"), at="/d"), attrs.evolve(OPENAI, image_links=False), "fetch_images"),
        (chat.Audio(blob=chat.Blob(media_type="audio/wav", data="UklGRg=="), at="/d"), OPENAI, "no sound"),
    ],
)
def test_what_cannot_be_left_out_is_refused(part: chat.Part, abilities: Abilities, words: str) -> None:
    with pytest.raises(chat.CannotCarry, match=words) as refused:
        content(part, abilities=abilities)

    assert refused.value.pointer == "/d"


def test_marks_of_the_cache_are_lost() -> None:
    mark = chat.CacheMark(at="/m")

    assert content(text("Hi", cache=mark), image(cache=mark))[1] == [("/m", "lost"), ("/m", "lost")]


def test_what_a_user_cannot_say_is_lost() -> None:
    found, notes = content(text("Hi"), chat.Reasoning(text="Hm.", at="/r"), chat.Refusal(text="No."))

    assert (found, notes) == ([input_text("Hi"), input_text("No.")], [("/r", "lost")])
