"""Content blocks of requests, read into parts: every kind that the SDK's types know."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.messages_format.said import PDF, PNG, read

EPHEMERAL = {"type": "ephemeral"}


def parts(*blocks: Any, role: str = "user") -> tuple[list[chat.Part], list[tuple[str, str]]]:
    """Return what is read of a message of *blocks*, and the notes, their pointers counted from its content."""
    conversation, notes = read(messages=[{"role": role, "content": list(blocks)}])
    front = "/messages/0/content/"
    return list(conversation.turns[0].parts), [(pointer.removeprefix(front), fate) for pointer, fate in notes]


def source(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def test_content_may_be_a_text() -> None:
    conversation, notes = read(messages=[{"role": "user", "content": "Hi"}])

    assert (conversation.turns[0].parts, notes) == ((chat.Text(text="Hi"),), [])


def test_every_part_knows_where_it_stood() -> None:
    found, _ = parts({"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": EPHEMERAL})
    last = found[1]

    assert isinstance(last, chat.Text)
    assert last.cache is not None
    assert [last.at, last.cache.at] == ["/messages/0/content/1", "/messages/0/content/1/cache_control"]


def test_text_keeps_its_cache_mark_and_loses_its_citations() -> None:
    block = {"type": "text", "text": "a", "cache_control": {**EPHEMERAL, "ttl": "1h"}, "citations": [{"type": "char_location"}]}

    assert parts(block) == ([chat.Text(text="a", cache=chat.CacheMark(ttl="1h"))], [("0/citations", "lost")])


def test_edge_27_empty_texts_are_not_read() -> None:
    assert parts({"type": "text", "text": "", "cache_control": EPHEMERAL}, {"type": "text", "text": "a"}) == (
        [chat.Text(text="a")],
        [("0/cache_control", "lost")],
    )


def test_a_cache_of_another_kind_is_lost() -> None:
    block = {"type": "text", "text": "a", "cache_control": {"type": "eternal"}}

    assert parts(block) == ([chat.Text(text="a")], [("0/cache_control", "lost")])


@pytest.mark.parametrize(
    ("given", "blob"),
    [
        (source("base64", media_type="image/png", data=PNG), chat.Blob(media_type="image/png", data=PNG)),
        (source("url", url="https://a.example/b.png"), chat.Blob(url="https://a.example/b.png")),
        (source("file", file_id="file_1"), chat.Blob(file="file_1")),
    ],
)
def test_edge_51_images_come_from_three_kinds_of_sources(given: dict[str, Any], blob: chat.Blob) -> None:
    assert parts({"type": "image", "source": given}) == ([chat.Image(blob=blob)], [])


def test_edge_98_an_image_with_a_wrong_label_gets_the_right_one() -> None:
    block = {"type": "image", "source": source("base64", media_type="image/jpeg", data=PNG)}

    assert parts(block) == (
        [chat.Image(blob=chat.Blob(media_type="image/png", data=PNG))],
        [("0/source/media_type", "mapped")],
    )


def test_what_to_do_with_large_images_is_lost() -> None:
    block = {"type": "image", "source": source("url", url="u"), "transformations": {"oversized_image": "error"}}

    assert parts(block)[1] == [("0/transformations", "lost")]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image"},
        {"type": "image", "source": "x"},
        {"type": "image", "source": source("telepathy")},
        {"type": "image", "source": source("base64")},
        {"type": "document", "source": source("url")},
        {"type": "document"},
    ],
)
def test_an_image_or_a_document_without_a_source_is_lost(block: dict[str, Any]) -> None:
    found, notes = parts(block)

    assert found == []
    assert ("0", "lost") in notes


@pytest.mark.parametrize(
    ("given", "document"),
    [
        (
            source("base64", media_type="application/pdf", data=PDF),
            chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF)),
        ),
        (source("text", media_type="text/plain", data="Words"), chat.Document(text="Words")),
        (source("content", content="Words"), chat.Document(text="Words")),
        (
            source("content", content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
            chat.Document(text="a\n\nb"),
        ),
        (source("url", url="https://a.example/b.pdf"), chat.Document(blob=chat.Blob(url="https://a.example/b.pdf"))),
        (source("file", file_id="file_1"), chat.Document(blob=chat.Blob(file="file_1"))),
    ],
)
def test_edge_52_documents_come_from_every_kind_of_source(given: dict[str, Any], document: chat.Document) -> None:
    assert parts({"type": "document", "source": given}) == ([document], [])


def test_a_document_has_a_title_and_a_context() -> None:
    block = {"type": "document", "source": source("text", data="Words"), "title": "a.txt", "context": "old"}

    assert parts({**block, "citations": {"enabled": False}, "cache_control": EPHEMERAL}) == (
        [chat.Document(text="Words", title="a.txt", context="old", cache=chat.CacheMark())],
        [("0/citations", "lost")],
    )


def test_the_images_of_a_document_stand_behind_it() -> None:
    image = {"type": "image", "source": source("url", url="u")}
    block = {"type": "document", "source": source("content", content=[{"type": "text", "text": "Map:"}, image]), "title": "t"}

    assert parts(block) == (
        [chat.Document(text="Map:", title="t"), chat.Image(blob=chat.Blob(url="u"))],
        [("0", "mapped")],
    )


def test_a_document_of_images_only_is_its_images() -> None:
    block = {"type": "document", "source": source("content", content=[{"type": "image", "source": source("url", url="u")}])}

    assert parts(block) == ([chat.Image(blob=chat.Blob(url="u"))], [("0", "mapped")])


def test_marks_and_other_blocks_inside_a_document_are_lost() -> None:
    inner = [{"type": "text", "text": "a", "cache_control": EPHEMERAL}, {"type": "video"}]

    assert parts({"type": "document", "source": source("content", content=inner)}) == (
        [chat.Document(text="a")],
        [("0/source/content/1", "lost"), ("0/source/content/0/cache_control", "lost")],
    )


def test_a_search_result_is_a_text_with_its_title_and_its_source() -> None:
    block = {
        "type": "search_result",
        "title": "Manual",
        "source": "https://a.example",
        "content": [{"type": "text", "text": "Go."}],
    }

    assert parts({**block, "citations": {"enabled": True}, "cache_control": EPHEMERAL}) == (
        [chat.Text(text="Manual\nhttps://a.example\n\nGo.", cache=chat.CacheMark())],
        [("0/citations", "lost"), ("0", "mapped")],
    )


def test_marks_inside_a_search_result_are_lost() -> None:
    block = {
        "type": "search_result",
        "title": "",
        "source": "s",
        "content": [{"type": "text", "text": "a", "cache_control": EPHEMERAL}],
    }

    assert parts(block) == ([chat.Text(text="s\n\na")], [("0/content/0/cache_control", "lost"), ("0", "mapped")])


def test_a_text_of_another_type_is_a_plain_one() -> None:
    block = {"type": "document", "source": source("text", media_type="text/html", data="<p>")}

    assert parts(block) == ([chat.Document(text="<p>")], [("0/source/media_type", "lost")])


def test_calls_keep_their_arguments_and_lose_who_called() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"b": 1, "a": 2}, "cache_control": EPHEMERAL}

    assert parts({**block, "caller": {"type": "direct"}, "toolset_name": "files"}, role="assistant") == (
        [chat.ToolCall(id="toolu_1", name="Read", arguments='{"b": 1, "a": 2}', cache=chat.CacheMark())],
        [("0/caller", "lost"), ("0/toolset_name", "lost")],
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ()),
        ("", ()),
        ("apples", (chat.Text(text="apples"),)),
        ([{"type": "text", "text": "apples"}], (chat.Text(text="apples"),)),
        ([{"type": "image", "source": source("url", url="u")}], (chat.Image(blob=chat.Blob(url="u")),)),
        ([{"type": "document", "source": source("text", data="d")}], (chat.Document(text="d"),)),
    ],
)
def test_edge_48_results_hold_texts_images_and_documents(content: Any, expected: tuple[chat.Part, ...]) -> None:
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, "is_error": True}

    assert parts(block) == ([chat.ToolResult(call_id="toolu_1", parts=expected, error=True)], [])  # type: ignore[arg-type]


def test_tools_that_were_found_are_told_as_texts() -> None:
    block = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_reference", "tool_name": "Album"}]}

    assert parts(block) == (
        [chat.ToolResult(call_id="t", parts=(chat.Text(text="Tool found: Album"),))],
        [("0/content/0", "mapped")],
    )


def test_what_no_result_can_hold_is_lost() -> None:
    content = [{"type": "browser_state", "tabs": []}, {"type": "tool_use", "id": "x"}, "words"]
    block = {"type": "tool_result", "tool_use_id": "t", "content": content, "toolset_name": "files"}

    assert parts(block) == (
        [chat.ToolResult(call_id="t")],
        [("0/toolset_name", "lost"), ("0/content/0", "lost"), ("0/content/1", "lost"), ("0/content/2", "lost")],
    )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "thinking", "thinking": "Hm.", "signature": "EqM="},
            chat.Reasoning(text="Hm.", seal=chat.Seal(family="anthropic", data="EqM=")),
        ),
        ({"type": "thinking", "thinking": "Hm.", "signature": ""}, chat.Reasoning(text="Hm.")),
        (
            {"type": "thinking", "thinking": "", "signature": "korproxy:google:Ci=="},
            chat.Reasoning(seal=chat.Seal(family="google", data="Ci==")),
        ),
        (
            {"type": "redacted_thinking", "data": "Em=="},
            chat.Reasoning(seal=chat.Seal(family="anthropic", data="Em=="), redacted=True),
        ),
        (
            {"type": "redacted_thinking", "data": "korproxy:openai:gA=="},
            chat.Reasoning(seal=chat.Seal(family="openai", data="gA=="), redacted=True),
        ),
    ],
)
def test_edge_53_thinking_knows_whose_it_is(block: dict[str, Any], expected: chat.Part) -> None:
    assert parts(block, role="assistant") == ([expected], [])


def test_thinking_that_says_nothing_is_none() -> None:
    nothing = ({"type": "thinking", "thinking": "", "signature": ""}, {"type": "redacted_thinking", "data": ""})

    assert parts(*nothing, role="assistant") == ([], [])


def test_a_summary_of_what_was_before_is_a_text() -> None:
    assert parts({"type": "compaction", "content": "They met."}, role="assistant") == (
        [chat.Text(text="They met.")],
        [("0", "mapped")],
    )


@pytest.mark.parametrize(
    "block", [{"type": "container_upload", "file_id": "f"}, {"type": "new", "x": {"y": 1}}, {"text": "x"}, "words", 3]
)
def test_a_block_that_nobody_else_knows_is_lost_as_a_whole(block: Any) -> None:
    assert parts(block, {"type": "text", "text": "a"}) == ([chat.Text(text="a")], [("0", "lost")])


def test_fields_that_nobody_knows_are_lost() -> None:
    assert parts({"type": "text", "text": "a", "mood": "merry"}) == ([chat.Text(text="a")], [("0/mood", "lost")])
