"""Results of tools as function responses."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.results_writer import result_parts

PNG = "iVBORw0KGgoAAAANSUhEUg=="
INLINE = {"inlineData": {"mimeType": "image/png", "data": PNG}}
PICTURE = chat.Image(blob=chat.Blob(media_type="image/png", data=PNG), at="/r/1")
GEMINI_3, GEMINI_2 = Abilities(reasoning="level"), Abilities(reasoning="budget")


def result(*parts: chat.Text | chat.Image | chat.Document, **more: Any) -> chat.ToolResult:
    return chat.ToolResult(call_id="c1", name="read", parts=parts, **more)


def written(*results: chat.ToolResult, abilities: Abilities = GEMINI_3) -> Any:
    return msgspec.json.decode(msgspec.json.encode(result_parts(results, abilities, chat.Report())))


def response(of: chat.ToolResult) -> Any:
    return written(of)[0]["functionResponse"]["response"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Sunny."], {"result": "Sunny."}),
        ([], {"result": ""}),
        ([""], {"result": ""}),
        (["a", "b"], {"result": "a\nb"}),
        (['{"temperature": 20}'], {"temperature": 20}),
        ([' {"a": {"b": [1.5, null]}}\n'], {"a": {"b": [1.5, None]}}),
        (["[1,2]"], {"result": "[1,2]"}),
        (["42"], {"result": "42"}),
        (['{"cut": '], {"result": '{"cut": '}),
        (["{}{}"], {"result": "{}{}"}),
        # Google would round the first two and refuse the others.
        (['{"id": 12345678901234567890}'], {"result": '{"id": 12345678901234567890}'}),
        (['{"n": 0.12345678901234567}'], {"result": '{"n": 0.12345678901234567}'}),
        (['{"n": 1e400}'], {"result": '{"n": 1e400}'}),
        ([r'{"n": "\ud800"}'], {"result": r'{"n": "\ud800"}'}),
        (['{"a":' * 99 + "1" + "}" * 99], {"result": '{"a":' * 99 + "1" + "}" * 99}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_result_is_an_object_whatever_the_tool_gave(texts: list[str], expected: object) -> None:
    assert response(result(*(chat.Text(text=each) for each in texts))) == expected


def test_an_object_keeps_its_bytes() -> None:
    (part,) = result_parts([result(chat.Text(text='{"b": 1.10, "a": 2}'))], GEMINI_3, chat.Report())

    assert msgspec.json.encode(part["functionResponse"]["response"]) == b'{"b": 1.10, "a": 2}'


def test_a_failure_is_told_as_one() -> None:
    assert response(result(chat.Text(text="No such file."), error=True)) == {"error": "No such file."}
    assert response(result(chat.Text(text='{"a":1}'), error=True)) == {"error": '{"a":1}'}


def test_id_and_name_go_with_it() -> None:
    assert written(result())[0]["functionResponse"] == {"id": "c1", "name": "read", "response": {"result": ""}}
    assert written(chat.ToolResult(call_id="", name="f"))[0] == {"functionResponse": {"name": "f", "response": {"result": ""}}}


def test_edge_48_a_picture_is_delivered_as_one_inside_the_response() -> None:
    assert written(result(chat.Text(text="Here."), PICTURE)) == [
        {"functionResponse": {"id": "c1", "name": "read", "response": {"result": "Here."}, "parts": [INLINE]}},
    ]


def test_edge_48_older_models_get_pictures_behind_all_responses() -> None:
    found = written(result(PICTURE), result(chat.Text(text="b")), abilities=GEMINI_2)

    assert found == [
        {"functionResponse": {"id": "c1", "name": "read", "response": {"result": ""}}},
        {"functionResponse": {"id": "c1", "name": "read", "response": {"result": "b"}}},
        {"text": "[what the tool read gave, c1:]"},
        INLINE,
    ]


def test_a_document_goes_the_same_way_and_its_text_into_the_result() -> None:
    report = chat.Report()
    pdf = chat.Document(blob=chat.Blob(media_type="application/pdf", data="JVBERi0="), title="a.pdf", at="/r/2")
    plain = chat.Document(text="Bees.", at="/r/3")
    first, label, blob = result_parts([result(pdf, plain)], GEMINI_2, report)

    assert first["functionResponse"]["response"] == {"result": "[file: a.pdf]\nBees."}
    assert (label["text"], blob["inlineData"]["mimeType"]) == ("[what the tool read gave, c1:]", "application/pdf")
    assert {(each.fate, each.pointer) for each in report.notes} == {("mapped", "/r/2"), ("mapped", "/r/3")}


def test_cache_marks_are_lost() -> None:
    report = chat.Report()
    text = chat.Text(text="x", cache=chat.CacheMark(at="/r/0/cache_control"))
    result_parts([result(text, cache=chat.CacheMark(at="/cache_control"))], GEMINI_3, report)

    assert report.losses == ("/cache_control", "/r/0/cache_control")
