"""Parts of messages and of results, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import PDF, PNG, Notes, image, input_text, read, text

PNG_URL = f"data:image/png;base64,{PNG}"
PDF_URL = f"data:application/pdf;base64,{PDF}"


def content(*parts: Any) -> tuple[tuple[chat.Part, ...], Notes]:
    conversation, notes = read({"role": "user", "content": list(parts)})
    return conversation.turns[0].parts if conversation.turns else (), notes


def test_parts_are_read_in_their_order_and_know_their_place() -> None:
    parts, notes = content(input_text("See"), {"type": "input_image", "image_url": PNG_URL, "detail": "high"})

    assert (parts, notes) == ((text("See"), image(detail="high")), [])
    assert [each.at for each in parts] == ["/input/0/content/0", "/input/0/content/1"]


def test_a_text_alone_is_one_part() -> None:
    conversation, _ = read({"role": "user", "content": "Hi"})

    assert conversation.turns[0].parts == (text("Hi"),)
    assert conversation.turns[0].parts[0].at == "/input/0/content"


@pytest.mark.parametrize("empty", ["", [], None, [input_text("")]])
def test_empty_texts_are_nothing(empty: object) -> None:
    conversation, notes = read({"role": "user", "content": empty})

    assert (conversation.turns, notes) == ((), [])


@pytest.mark.parametrize(
    ("part", "blob"),
    [
        ({"image_url": "https://a.example/b.png"}, chat.Blob(url="https://a.example/b.png")),
        ({"file_id": "file-1"}, chat.Blob(file="file-1")),
    ],
)
def test_a_picture_may_be_an_address_or_a_file(part: dict[str, Any], blob: chat.Blob) -> None:
    assert content({"type": "input_image", **part}) == ((chat.Image(blob=blob),), [])


def test_edge_50_a_data_url_without_a_type_is_what_its_bytes_are() -> None:
    assert content({"type": "input_image", "image_url": f"data:;base64,{PNG}"}) == ((image(),), [])


def test_a_picture_that_is_nowhere_is_lost() -> None:
    assert content({"type": "input_image", "detail": "low"}) == ((), [("/input/0/content/0", "lost")])


@pytest.mark.parametrize(
    ("part", "document"),
    [
        ({"file_data": PDF_URL}, chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF))),
        (
            {"file_data": PDF, "filename": "a.pdf"},
            chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF), title="a.pdf"),
        ),
        ({"file_data": "data:text/plain;base64,SGk="}, chat.Document(text="Hi")),
        ({"file_url": "https://a.example/b.pdf"}, chat.Document(blob=chat.Blob(url="https://a.example/b.pdf"))),
        ({"file_id": "file-1", "filename": "a.pdf"}, chat.Document(blob=chat.Blob(file="file-1"), title="a.pdf")),
    ],
)
def test_a_file_may_be_sent_along_an_address_or_an_id(part: dict[str, Any], document: chat.Document) -> None:
    assert content({"type": "input_file", **part}) == ((document,), [])


def test_of_several_places_of_one_thing_one_counts() -> None:
    file = {"type": "input_file", "file_data": PDF_URL, "file_url": "https://a.example", "file_id": "file-1", "detail": "low"}
    picture = {"type": "input_image", "image_url": PNG_URL, "file_id": "file-1"}
    _, notes = content(file, picture)

    assert notes == [
        ("/input/0/content/0/detail", "lost"),
        ("/input/0/content/0/file_url", "lost"),
        ("/input/0/content/0/file_id", "lost"),
        ("/input/0/content/1/file_id", "lost"),
    ]
    assert content({"type": "input_file"}) == ((), [("/input/0/content/0", "lost")])


def test_sound_is_read() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}

    assert content(sound) == ((chat.Audio(blob=chat.Blob(media_type="audio/wav", data="UklGRg==")),), [])


def test_marks_of_the_cache_are_read() -> None:
    parts, notes = content({**input_text("Hi"), "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}})

    assert (parts, notes) == ((text("Hi", cache=chat.CacheMark(ttl="12h")),), [])


def test_what_stands_beside_a_text_of_the_model_is_lost_where_it_says_something() -> None:
    said = {"type": "output_text", "text": "Hi", "annotations": [{"type": "url_citation"}], "logprobs": [{"token": "Hi"}]}
    parts, notes = content(said, {**said, "annotations": [], "logprobs": []})

    assert parts == (text("Hi"), text("Hi"))
    assert notes == [("/input/0/content/0/annotations", "lost"), ("/input/0/content/0/logprobs", "lost")]


def test_a_refusal_is_one() -> None:
    said = [{"type": "refusal", "refusal": "No."}, {"type": "refusal", "refusal": ""}]

    assert content(*said) == ((chat.Refusal(text="No."),), [])


def test_a_kind_that_nobody_else_has_cannot_be_left_out() -> None:
    with pytest.raises(chat.CannotCarry, match="'hologram'") as refused:
        content({"type": "hologram"})

    assert refused.value.pointer == "/input/0/content/0"


def test_what_is_no_content_is_lost() -> None:
    assert read({"role": "user", "content": 7})[1] == [("/input/0/content", "lost")]
    assert content("Hi", {**input_text("Hi"), "mood": "merry"})[1] == [
        ("/input/0/content/0", "lost"),
        ("/input/0/content/1/mood", "lost"),
    ]
