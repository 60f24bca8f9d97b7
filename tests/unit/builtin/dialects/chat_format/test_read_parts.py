"""Parts of a message's content."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.read_parts import plain_text, read_cache_mark, read_content, thinking_text
from tests.unit.builtin.dialects.chat_format.said import PDF, PNG

NOTES = base64.b64encode(b"Two words\xc3\xbc").decode()


def content(said: object) -> tuple[list[chat.Part], list[tuple[str, str]]]:
    report = chat.Report()
    parts = list(read_content(chat.Fields({"content": said}, "/messages/0", report)))
    return parts, [(each.pointer, each.fate) for each in report.notes]


def part(**said: Any) -> chat.Part:
    parts, notes = content([said])
    assert notes == []
    return parts[0]


@pytest.mark.parametrize(
    ("said", "texts"), [("Hi", ["Hi"]), ("", []), (None, []), ([], []), ([{"type": "text", "text": ""}], [])]
)
def test_content_is_a_text_or_a_list_or_nothing(said: object, texts: list[str]) -> None:
    assert content(said) == ([chat.Text(text=each) for each in texts], [])


def test_edge_49_a_list_of_texts_is_not_dropped() -> None:
    parts, _ = content([{"type": "text", "text": "a"}, {"text": "b"}])

    assert parts == [chat.Text(text="a"), chat.Text(text="b")]
    assert [each.at for each in parts] == ["/messages/0/content/0", "/messages/0/content/1"]


@pytest.mark.parametrize("said", [7, {"text": "a"}, True])
def test_content_that_is_neither_is_lost(said: object) -> None:
    assert content(said) == ([], [("/messages/0/content", "lost")])


def test_what_is_odd_in_a_list_is_lost_and_the_rest_is_read() -> None:
    parts, notes = content(["a", {"type": "text", "text": 7}, {"type": "text", "text": "b", "mood": "merry"}])

    assert parts == [chat.Text(text="b")]
    assert notes == [
        ("/messages/0/content/0", "lost"),
        ("/messages/0/content/1/text", "lost"),
        ("/messages/0/content/2/mood", "lost"),
    ]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            {"url": f"data:image/png;base64,{PNG}", "detail": "high"},
            chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), detail="high"),
        ),
        ({"url": "https://pictures.example/a.png"}, chat.Image(blob=chat.Blob(url="https://pictures.example/a.png"))),
        ("https://pictures.example/a.png", chat.Image(blob=chat.Blob(url="https://pictures.example/a.png"))),
    ],
)
def test_an_image_is_sent_along_or_linked(image: object, expected: chat.Image) -> None:
    assert part(type="image_url", image_url=image) == expected


@pytest.mark.parametrize("image", [{}, {"url": ""}, {"url": None}])
def test_an_image_without_an_address_is_lost(image: object) -> None:
    assert content([{"type": "image_url", "image_url": image}]) == ([], [("/messages/0/content/0", "lost")])


@pytest.mark.parametrize(("form", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mp3"), ("flac", "audio/flac")])
def test_sound_says_its_format(form: str, media_type: str) -> None:
    sound = chat.Audio(blob=chat.Blob(media_type=media_type, data="UklG"))

    assert part(type="input_audio", input_audio={"data": "UklG", "format": form}) == sound


def test_edge_52_a_file_is_a_document_with_its_name() -> None:
    file = {"file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"}

    blob = chat.Blob(media_type="application/pdf", data=PDF)
    assert part(type="file", file=file) == chat.Document(blob=blob, title="a.pdf")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ({"file_data": PDF}, chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF))),
        ({"file_id": "file-1"}, chat.Document(blob=chat.Blob(file="file-1"))),
        ({"file_data": "https://a.example/b.pdf"}, chat.Document(blob=chat.Blob(url="https://a.example/b.pdf"))),
        ({"file_data": f"data:text/plain;base64,{NOTES}"}, chat.Document(text="Two wordsü")),
        ({"file_data": NOTES, "filename": "a.md"}, chat.Document(text="Two wordsü", title="a.md")),
        ({"file_data": NOTES}, chat.Document(blob=chat.Blob(data=NOTES))),
    ],
)
def test_files_come_in_several_forms(file: dict[str, str], expected: chat.Document) -> None:
    assert part(type="file", file=file) == expected


def test_of_a_file_and_its_id_the_file_counts() -> None:
    _, notes = content([{"type": "file", "file": {"file_data": PDF, "file_id": "file-1"}}])

    assert notes == [("/messages/0/content/0/file/file_id", "lost")]


@pytest.mark.parametrize(
    "said",
    [{"type": "file"}, {"type": "file", "file": {}}, {"type": "input_audio"}, {"type": "input_audio", "input_audio": {}}],
)
def test_a_part_without_its_content_is_lost(said: dict[str, Any]) -> None:
    assert content([said]) == ([], [("/messages/0/content/0", "lost")])


def test_refusals_and_mistrals_thinking_are_parts_of_their_own() -> None:
    said = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "H"}, {"type": "text", "text": "m."}]},
        {"type": "refusal", "refusal": "No."},
    ]

    assert content(said) == ([chat.Reasoning(text="Hm."), chat.Refusal(text="No.")], [])


def test_a_kind_of_part_that_nobody_else_has_cannot_be_left_out() -> None:
    with pytest.raises(chat.CannotCarry, match="no other format has parts of the kind 'video_url'") as refused:
        content([{"type": "video_url", "video_url": {"url": "https://a.example/b.mp4"}}])

    assert refused.value.pointer == "/messages/0/content/0"


@pytest.mark.parametrize(
    ("said", "mark", "lost"),
    [
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}, chat.CacheMark(ttl="30m"), []),
        ({"cache_control": {"type": "ephemeral"}}, chat.CacheMark(), []),
        ({"cache_control": {"type": "eternal"}}, None, ["/part/cache_control"]),
        ({}, None, []),
    ],
)
def test_marks_for_the_cache_come_in_two_forms(said: dict[str, Any], mark: chat.CacheMark | None, lost: list[str]) -> None:
    report = chat.Report()

    assert read_cache_mark(chat.Fields(said, "/part", report)) == mark
    assert list(report.losses) == lost


def test_sound_cannot_be_marked_elsewhere() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "UklG"}, "prompt_cache_breakpoint": {"mode": "explicit"}}
    _, notes = content([sound])

    assert notes == [("/messages/0/content/0/prompt_cache_breakpoint", "lost")]


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        (chat.Blob(media_type="text/csv", data=NOTES), "Two wordsü"),
        (chat.Blob(media_type="text/plain", data="/w=="), None),
        (chat.Blob(media_type="text/plain", data="A"), None),
        (chat.Blob(media_type="application/pdf", data=PDF), None),
        (chat.Blob(url="https://a.example/b.txt"), None),
    ],
)
def test_a_file_of_text_is_text(blob: chat.Blob, expected: str | None) -> None:
    assert plain_text(blob) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [("Hm.", "Hm."), ([{"text": "H"}, 7, {"text": "m."}], "Hm."), (None, ""), ([{"type": "reference"}], "")],
)
def test_mistrals_thinking_is_a_text_or_a_list(said: object, expected: str) -> None:
    assert thinking_text(said) == expected
