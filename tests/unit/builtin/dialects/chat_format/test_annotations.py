"""What a text rests on, in OpenAI's formats."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.annotations import cite, read_annotation, write_annotation
from korproxy.builtin.dialects.chat_format.answer_reader import read_answer
from korproxy.builtin.dialects.chat_format.answer_writer import write_answer
from tests.unit.builtin.dialects.chat_format.said import ASKED, ROLE, chunk, deltas, heard, image, text, told

A = chat.Citation(url="https://a.example/", title="A", start=2, end=5)
B = chat.Citation(url="https://b.example/")


def nested(start: Any = 2, end: Any = 5, **more: Any) -> dict[str, Any]:
    members = {"url": "https://a.example/", "title": "A", "start_index": start, "end_index": end, **more}
    return {"type": "url_citation", "url_citation": members}


def test_chat_has_it_in_an_object_of_its_own_and_responses_beside_the_type() -> None:
    assert read_annotation(nested()) == read_annotation({"type": "url_citation", **nested()["url_citation"]}) == A
    assert write_annotation(A, (2, 5)) == nested()


@pytest.mark.parametrize("odd", [7, None, {"type": "file_citation", "url": "x"}, {"type": "url_citation"}, nested(url="")])
def test_what_has_no_address_says_nothing(odd: object) -> None:
    assert read_annotation(odd) is None


def test_an_odd_place_is_none() -> None:
    assert read_annotation(nested(True, "5", title=None)) == chat.Citation(url="https://a.example/")


def test_a_citation_goes_to_the_text_that_it_is_about() -> None:
    parts: list[chat.Part] = [text("one"), chat.Reasoning(text="hm"), text("two")]
    late = chat.Citation(url="https://c.example/", start=3, end=6)

    assert cite(parts, [A, late, B]) == (
        text("one", citations=(A,)),
        chat.Reasoning(text="hm"),
        text("two", citations=(chat.Citation(url="https://c.example/", start=0, end=3), B)),
    )
    assert cite([], [A]) == ()


def test_a_whole_answer_says_what_it_cites_there_and_back() -> None:
    parts = (text("Hello", citations=(A,)), image(), text("there", citations=(A, B)))
    answer = chat.Answer(id="a", parts=parts, ending=chat.Ending(reason="end"))
    message = json.loads(write_answer(answer, ASKED))["choices"][0]["message"]
    places = [(each["url_citation"]["start_index"], each["url_citation"]["end_index"]) for each in message["annotations"]]
    begin = message["content"].index("there")

    assert places == [(2, 5), (begin + 2, begin + 5), (begin, begin + 5)]
    completion = ChatCompletion.model_validate_json(write_answer(answer, ASKED))
    cited = (completion.choices[0].message.annotations or [])[0].url_citation
    assert (cited.url, cited.title) == ("https://a.example/", "A")
    (read,) = read_answer(write_answer(answer, ASKED)).parts
    assert isinstance(read, chat.Text)
    assert [each.url for each in read.citations] == [A.url, A.url, B.url]


def test_a_stream_says_what_it_cites_with_places_in_all_of_the_text() -> None:
    events: list[chat.Event] = [
        chat.Started(id="a"),
        chat.TextDelta("one"),
        chat.TextEnded(),
        chat.TextDelta("Hello"),
        chat.Cited(A),
        chat.Cited(B),
    ]
    said = [each["annotations"] for each in deltas(told(events)) if "annotations" in each]

    whole = {"url": "https://b.example/", "title": "", "start_index": 3, "end_index": 8}
    assert said == [[nested(5, 8)], [{"type": "url_citation", "url_citation": whole}]]


def test_a_providers_stream_is_read_with_each_citation_once() -> None:
    cited = chunk({"annotations": [nested()]})
    events = heard(ROLE, chunk({"content": "Hello"}), cited, cited, chunk({}, "stop"))

    assert [each for each in events if isinstance(each, chat.TextDelta | chat.Cited)] == [
        chat.TextDelta("Hello"),
        chat.Cited(A),
    ]


def test_what_is_cited_in_front_of_the_text_is_told_behind_it() -> None:
    events = heard(ROLE, chunk({"annotations": [nested()]}), chunk({"content": "Hello"}), chunk({}, "stop"))

    assert events[1:-1] == [chat.TextDelta("Hello"), chat.Cited(A)]


def test_places_count_from_the_text_that_is_open() -> None:
    thought = chunk({"reasoning_content": "hm"})
    late = chunk({"annotations": [nested(5, 8)]})
    events = heard(ROLE, chunk({"content": "one"}), thought, chunk({"content": "Hello"}), late, chunk({}, "stop"))

    assert chat.Cited(A) in events
