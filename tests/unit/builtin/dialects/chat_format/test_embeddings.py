"""Embeddings in OpenAI's format: requests, answers, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import BadRequest, Headers, Usage, chat
from korproxy.builtin.dialects.chat_format.embeddings import OpenAIEmbedder

EMBEDDER = OpenAIEmbedder()


def read(**body: Any) -> tuple[chat.EmbeddingRequest, chat.EmbeddingAsked, chat.Report]:
    report = chat.Report()
    request, asked = EMBEDDER.read_request("/v1/embeddings", json.dumps({"model": "m", **body}).encode(), report)
    return request, asked, report


def test_one_text_or_many_are_read() -> None:
    one, asked, _ = read(input="a", dimensions=8, user="u")
    many, _, report = read(input=["a", "b"])

    assert one == chat.EmbeddingRequest(inputs=(chat.EmbeddingInput(text="a"),), dimensions=8, user="u")
    assert [(each.text, each.at) for each in many.inputs] == [("a", "/input/0"), ("b", "/input/1")]
    assert (asked.model, asked.base64, report.notes) == ("m", False, [])


@pytest.mark.parametrize(
    ("encoding", "base64", "losses"),
    [(None, False, ()), ("float", False, ()), ("base64", True, ()), ("int8", False, ("/encoding_format",))],
)
def test_the_encoding_is_remembered_for_the_answer(encoding: str | None, base64: bool, losses: tuple[str, ...]) -> None:
    _, asked, report = read(input="a", encoding_format=encoding)

    assert (asked.base64, report.losses) == (base64, losses)


@pytest.mark.parametrize("said", [[1, 2], [[1], [2]], ["a", 1]])
def test_tokens_of_another_vendor_are_not_carried(said: Any) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        read(input=said)

    assert caught.value.pointer == "/input"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": None}, "KP-SYS-509"),
        ({"input": {"text": "a"}}, "KP-SYS-509"),
        ({"input": ["a", None]}, "KP-SYS-509"),
        ({"input": [True]}, "KP-SYS-509"),
        ({"input": "a", "model": ""}, "KP-SYS-519"),
    ],
)
def test_what_is_no_request_is_refused(body: dict[str, Any], code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(**body)

    assert caught.value.code == code


def test_a_request_asks_for_numbers_and_tells_what_is_left_out() -> None:
    one = chat.EmbeddingInput(text="a", task="T", title="t", pointers={"task": "/taskType", "title": "/title"})
    report = chat.Report()
    body = EMBEDDER.write_request(chat.EmbeddingRequest(inputs=(one,), dimensions=8, user="u"), "n", report)

    assert json.loads(body) == {"model": "n", "input": ["a"], "dimensions": 8, "user": "u"}
    assert report.losses == ("/taskType", "/title")


def test_vectors_come_in_the_order_of_their_numbers() -> None:
    rows = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    twice = [{"index": 0, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    usage = {"prompt_tokens": 3, "total_tokens": 3}

    assert EMBEDDER.read_answer(json.dumps({"data": rows, "usage": usage}).encode()) == chat.EmbeddingAnswer(
        vectors=[[1], [2]], usage=Usage(tokens_in=3)
    )
    assert EMBEDDER.read_answer(json.dumps({"data": twice}).encode()).vectors == [[2], [1]]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": {}}', b'{"data": [1]}', b'{"data": [{}]}'])
def test_what_is_no_answer_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        EMBEDDER.read_answer(body)


def test_an_error_with_a_good_status_is_seen() -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        EMBEDDER.read_answer(b'{"error": {"message": "Busy.", "code": "server_is_overloaded"}}')

    assert caught.value.error.kind == "overloaded"


def test_an_answer_has_all_that_the_sdk_demands() -> None:
    answer = chat.EmbeddingAnswer(vectors=[[1, 0.5]], usage=Usage(tokens_in=3, cache_read=1))
    plain = json.loads(EMBEDDER.write_answer(answer, chat.EmbeddingAsked(model="m")))
    coded = json.loads(EMBEDDER.write_answer(answer, chat.EmbeddingAsked(model="m", base64=True)))

    assert plain == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [1, 0.5]}],
        "model": "m",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    assert coded["data"][0]["embedding"] == "AACAPwAAAD8="


def test_errors_are_those_of_chat() -> None:
    error = EMBEDDER.read_error(404, Headers(), b'{"error": {"message": "No model.", "code": "model_not_found"}}')

    assert EMBEDDER.write_error(error)[0] == 404
    EMBEDDER.load()
