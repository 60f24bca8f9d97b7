"""What an answer rests on, in Gemini's words."""

from __future__ import annotations

import json
from typing import Any

from google.genai.types import GenerateContentResponse
from hypothesis import given

from korproxy.api import chat, sse_events
from korproxy.builtin.dialects.gemini_format.answer_reader import read_answer
from korproxy.builtin.dialects.gemini_format.answer_writer import write_answer
from korproxy.builtin.dialects.gemini_format.stream_writer import GeminiStreamWriter
from tests.fakes.conversations import answers
from tests.unit.builtin.dialects.gemini_format.said import answer, inner, told

A = chat.Citation(url="https://a.example/", title="A")
ASKED = chat.Asked(model="asked/for", stream=True)
END = chat.Ended(chat.Ending(reason="end"))


def web(name: str) -> dict[str, Any]:
    return {"web": {"uri": f"https://{name}.example/", "title": name.upper()}}


def support(start: int, end: int, *chunks: Any, **more: Any) -> dict[str, Any]:
    return {"segment": {"startIndex": start, "endIndex": end, **more}, "groundingChunkIndices": list(chunks)}


def grounded(said: dict[str, Any], *supports: dict[str, Any], chunks: Any = None) -> dict[str, Any]:
    metadata = {"groundingChunks": [web("a"), web("b")] if chunks is None else chunks, "groundingSupports": list(supports)}
    said["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["rain"], **metadata}
    return said


def cited(*chunks: object) -> list[chat.Citation]:
    return [each.citation for each in told(*chunks) if isinstance(each, chat.Cited)]


def page(name: str, *place: int) -> chat.Citation:
    start, end = place or (None, None)
    return chat.Citation(url=f"https://{name}.example/", title=name.upper(), start=start, end=end)


def test_places_are_bytes_there_and_characters_here() -> None:
    whole = grounded(answer({"text": "Über Köln"}, reason="STOP"), support(6, 11, 0, text="Köln"), support(0, 5, 1, 0))

    assert cited(whole) == [page("a", 5, 9), page("b", 0, 4), page("a", 0, 4)]


def test_a_page_that_no_piece_rests_on_is_cited_all_the_same() -> None:
    assert cited(grounded(answer({"text": "Hi"}, reason="STOP"))) == [page("a"), page("b")]


def test_a_place_where_other_text_stands_is_none() -> None:
    whole = grounded(
        answer({"text": "Hi"}, reason="STOP"), support(0, 2, 0, text="Ho"), support(0, 9, 1), chunks=[web("a"), web("b")]
    )

    assert cited(whole) == [page("a"), page("b")]


def test_odd_metadata_cites_what_can_be_told() -> None:
    odd = [7, {"web": {"title": "x"}}, {"retrievedContext": {"uri": "x"}}, {"web": {"uri": "https://a.example/"}}]
    whole = grounded(answer({"text": "Hi"}, reason="STOP"), support(0, 2, 0, 9, "x", -1, 3), {"segment": 7}, chunks=odd)

    assert cited(whole) == [chat.Citation(url="https://a.example/", start=0, end=2)]
    said = answer({"text": "Hi"}, reason="STOP")
    said["candidates"][0]["groundingMetadata"] = "none"
    assert cited(said) == []


def test_a_stream_cites_behind_its_text_with_places_in_all_of_it() -> None:
    last = grounded(answer({"text": "ln", "thoughtSignature": "CiQB"}, reason="STOP"), support(0, 5, 0, text="Köln"))
    events = inner(told(answer({"text": "Kö"}), last))

    assert events[:4] == [chat.TextDelta("Kö"), chat.TextDelta("ln"), chat.Cited(page("a", 0, 4)), chat.Cited(page("b"))]


def test_a_place_in_a_stream_counts_in_all_of_its_text_first() -> None:
    last = grounded(answer({"text": "ha"}, reason="STOP"), support(0, 2, 0, text="ha"), chunks=[web("a")])

    assert cited(answer({"text": "ha "}), last) == [page("a", 0, 2)]


def test_what_comes_with_the_end_is_about_the_text_before_it() -> None:
    last = grounded(answer({"text": "", "thoughtSignature": "CiQB"}, reason="STOP"), chunks=[web("a")])
    events = inner(told(answer({"text": "Hi"}), last, last))

    assert events[:2] == [chat.TextDelta("Hi"), chat.Cited(page("a"))]
    assert events.count(chat.Cited(page("a"))) == 1


def test_a_place_may_count_in_its_part() -> None:
    parts = ({"text": "plan", "thought": True}, {"text": "Hel"}, {"text": "lo"})
    whole = grounded(answer(*parts, reason="STOP"), support(0, 2, 0, partIndex=2, text="lo"), chunks=[web("a")])

    assert cited(whole) == [page("a", 3, 5)]


def test_a_tool_that_google_runs_says_nothing() -> None:
    call = {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "x"}, "thoughtSignature": "CiQB"}
    result = {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "x", "response": {}}, "thoughtSignature": "CiQB"}

    assert inner(told(answer(call, result, {"text": "Hi"}, reason="STOP"))) == [chat.TextDelta("Hi")]


def test_a_stream_tells_what_it_cites_at_its_end() -> None:
    writer = GeminiStreamWriter(ASKED)
    place = chat.Citation(url="https://a.example/", title="A", start=0, end=4)
    events: list[chat.Event] = [
        chat.TextDelta("é"),
        chat.TextEnded(),
        chat.TextDelta("Köln"),
        chat.Cited(place),
        chat.Cited(A),
        END,
    ]
    stream = b"".join(writer.write(each) for each in (chat.Started(id="abc"), *events))
    chunks = [json.loads(data) for _, data in sse_events(stream)]

    metadata = {
        "groundingChunks": [web("a")],
        "groundingSupports": [support(2, 7, 0, text="Köln")],
    }
    assert [each["candidates"][0].get("groundingMetadata") for each in chunks] == [None, None, metadata]
    assert cited(*chunks) == [chat.Citation(url="https://a.example/", title="A", start=1, end=5)]


def test_a_whole_answer_tells_which_part_it_is() -> None:
    place = chat.Citation(url="https://a.example/", title="A", start=0, end=1)
    parts = (chat.Reasoning(text="hm"), chat.Text(text="Hi", citations=(place, A)))
    body = write_answer(chat.Answer(parts=parts, ending=chat.Ending(reason="end")), ASKED)

    response = GenerateContentResponse.model_validate_json(body)
    found = (response.candidates or [])[0].grounding_metadata
    assert found is not None
    assert [(each.web and each.web.uri) for each in found.grounding_chunks or ()] == ["https://a.example/"]
    segment = (found.grounding_supports or [])[0].segment
    assert segment is not None
    assert (segment.part_index, segment.start_index, segment.end_index, segment.text) == (1, 0, 1, "H")
    assert read_answer(body).parts[-1] == chat.Text(text="Hi", citations=(place,))


@given(answers())
def test_every_page_that_is_cited_comes_back(whole: chat.Answer) -> None:
    def pages(found: chat.Answer) -> set[tuple[str, str]]:
        return {(page.url, page.title) for each in found.parts if isinstance(each, chat.Text) for page in each.citations}

    body = write_answer(chat.settle(whole), ASKED)
    assert pages(read_answer(body)) == pages(chat.settle(whole))
