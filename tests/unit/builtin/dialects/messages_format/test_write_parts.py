"""Parts as content blocks."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.marks import Marks
from korproxy.builtin.dialects.messages_format.write_parts import PartWriter
from tests.unit.builtin.dialects.messages_format.said import PDF, PNG

ALL = Abilities(family="anthropic")


def blocks(*parts: chat.Part, abilities: Abilities = ALL) -> tuple[list[Any], list[tuple[str, str]]]:
    """Return the blocks of *parts* and the notes on them."""
    marks, report = Marks(), chat.Report()
    writer = PartWriter(abilities, report, marks)
    found = [block for part in parts for block in writer.blocks(part)]
    marks.settle(report)
    return found, [(each.pointer, each.fate) for each in report.notes]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_text_keeps_its_cache_mark() -> None:
    part = chat.Text(text="a", cache=chat.CacheMark(ttl="1h"))

    assert blocks(part) == ([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}], [])


def test_edge_98_an_image_goes_with_the_type_that_its_bytes_show() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/jpeg", data=PNG), at="/x")

    assert blocks(image) == (
        [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}],
        [("/x", "mapped")],
    )


def test_edge_51_an_image_on_the_web_goes_as_a_link() -> None:
    image = chat.Image(blob=chat.Blob(url="https://a.example/b.png"), at="/x")

    assert blocks(image) == ([{"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}}], [])


def test_the_level_of_detail_has_no_place() -> None:
    image = chat.Image(blob=chat.Blob(url="u"), detail="high", at="/x")

    assert blocks(image)[1] == [("/x", "mapped")]


@pytest.mark.parametrize(
    ("part", "abilities"),
    [
        (chat.Image(blob=chat.Blob(url="u"), at="/x"), Abilities(image_links=False)),
        (chat.Image(blob=chat.Blob(file="file-1"), at="/x"), ALL),
        (chat.Image(blob=chat.Blob(media_type="image/svg+xml", data=base64_of("<svg/>")), at="/x"), ALL),
        (chat.Image(blob=chat.Blob(data="AAAA"), at="/x"), ALL),
        (chat.Document(blob=chat.Blob(file="file-1"), at="/x"), ALL),
        (chat.Document(blob=chat.Blob(media_type="application/zip", data="UEsDBA=="), at="/x"), ALL),
        (chat.Document(blob=chat.Blob(data="AAAA"), at="/x"), ALL),
        (chat.Document(blob=chat.Blob(media_type="text/plain", data="/w=="), at="/x"), ALL),
        (chat.Audio(blob=chat.Blob(media_type="audio/wav", data="AAAA"), at="/x"), ALL),
    ],
)
def test_what_means_something_else_when_it_is_missing_cannot_be_carried(part: chat.Part, abilities: Abilities) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        blocks(part, abilities=abilities)

    assert caught.value.pointer == "/x"


def test_a_model_that_sees_nothing_is_told_that_there_was_something() -> None:
    image = chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), at="/x")
    documents = [chat.Document(blob=chat.Blob(data=PDF), title=title, at="/y") for title in ("a.pdf", None)]
    blind = Abilities(images=False, documents=False)

    assert blocks(image, *documents, abilities=blind) == (
        [
            {"type": "text", "text": "[an image that this model cannot see]"},
            {"type": "text", "text": "[the document a.pdf that this model cannot see]"},
            {"type": "text", "text": "[a document that this model cannot see]"},
        ],
        [("/x", "lost"), ("/y", "lost"), ("/y", "lost")],
    )


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (
            chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF)),
            {"type": "base64", "media_type": "application/pdf", "data": PDF},
        ),
        (chat.Document(blob=chat.Blob(data=PDF)), {"type": "base64", "media_type": "application/pdf", "data": PDF}),
        (chat.Document(blob=chat.Blob(url="u")), {"type": "url", "url": "u"}),
        (chat.Document(text="Words"), {"type": "text", "media_type": "text/plain", "data": "Words"}),
        (
            chat.Document(blob=chat.Blob(media_type="text/csv", data=base64_of("a,b"))),
            {"type": "text", "media_type": "text/plain", "data": "a,b"},
        ),
        (chat.Document(blob=chat.Blob(data=base64_of("ä"))), {"type": "text", "media_type": "text/plain", "data": "ä"}),
    ],
)
def test_edge_52_documents_go_as_pdf_as_text_or_as_a_link(document: chat.Document, source: dict[str, Any]) -> None:
    assert blocks(document)[0] == [{"type": "document", "source": source}]


def test_edge_52_a_document_keeps_its_name() -> None:
    document = chat.Document(text="Words", title="a.txt", context="old", cache=chat.CacheMark())

    (block,), notes = blocks(document)
    assert (block["title"], block["context"], block["cache_control"], notes) == ("a.txt", "old", {"type": "ephemeral"}, [])


def test_a_file_that_is_an_image_goes_as_one() -> None:
    (block,), _ = blocks(chat.Document(blob=chat.Blob(media_type="image/jpg", data="/9j/4AAQ"), at="/x"))

    assert block == {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}}


def test_own_reasoning_goes_back_as_it_came() -> None:
    seal = chat.Seal(family="anthropic", data="EqM=")

    assert blocks(chat.Reasoning(text="Hm", seal=seal), chat.Reasoning(seal=seal, redacted=True)) == (
        [{"type": "thinking", "thinking": "Hm", "signature": "EqM="}, {"type": "redacted_thinking", "data": "EqM="}],
        [],
    )


def test_a_refusal_is_a_text() -> None:
    assert blocks(chat.Refusal(text="No.", at="/x")) == ([{"type": "text", "text": "No."}], [("/x", "mapped")])


def test_calls_keep_their_arguments() -> None:
    part = chat.ToolCall(id="t", name="n", arguments='{"n": 1.10}', cache=chat.CacheMark())
    (block,), notes = blocks(part)

    assert bytes(block.pop("input")) == b'{"n": 1.10}'
    assert (block, notes) == ({"type": "tool_use", "id": "t", "name": "n", "cache_control": {"type": "ephemeral"}}, [])


@pytest.mark.parametrize(
    ("arguments", "expected", "fates"),
    [
        ("", b"{}", []),
        (" ", b"{}", []),
        ("null", b"{}", ["mapped"]),
        ("[1]", b'{"value":[1]}', ["mapped"]),
        ("rubbish", b'{"_raw":"rubbish"}', ["mapped"]),
        ('{"a":"b', b'{"a":"b"}', ["mapped"]),
    ],
)
def test_edge_26_arguments_that_are_no_object_are_made_one(arguments: str, expected: bytes, fates: list[str]) -> None:
    (block,), notes = blocks(chat.ToolCall(id="t", name="n", arguments=arguments, at="/x"))

    assert (bytes(block["input"]), [fate for _, fate in notes]) == (expected, fates)


def test_edge_40_a_freeform_call_has_its_text_as_input() -> None:
    (block,), notes = blocks(chat.ToolCall(id="t", name="n", arguments="*** Begin", freeform=True, at="/x"))

    assert (bytes(block["input"]), notes) == (b'{"input":"*** Begin"}', [("/x", "mapped")])


def test_edge_48_results_keep_their_images() -> None:
    parts = (chat.Text(text="Here:"), chat.Image(blob=chat.Blob(media_type="image/png", data=PNG)))
    part = chat.ToolResult(call_id="t", parts=parts, error=True, cache=chat.CacheMark())

    assert blocks(part)[0] == [
        {
            "type": "tool_result",
            "tool_use_id": "t",
            "content": [
                {"type": "text", "text": "Here:"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            ],
            "is_error": True,
            "cache_control": {"type": "ephemeral"},
        }
    ]


def test_a_result_of_nothing_has_no_content() -> None:
    assert blocks(chat.ToolResult(call_id="t")) == ([{"type": "tool_result", "tool_use_id": "t"}], [])
