"""Embeddings in Gemini's format: requests of one text and of a batch, answers, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from korproxy.api import BadRequest, Headers, Usage, chat
from korproxy.builtin.dialects.gemini_format.embeddings import GeminiEmbedder

EMBEDDER = GeminiEmbedder()
SINGLE, BATCH = "/v1beta/models/org/m:embedContent", "/v1/models/org/m:batchEmbedContents"


def read(path: str, body: Any) -> tuple[chat.EmbeddingRequest, chat.EmbeddingAsked, chat.Report]:
    report = chat.Report()
    return *EMBEDDER.read_request(path, json.dumps(body).encode(), report), report


def content(*texts: str) -> dict[str, Any]:
    return {"content": {"role": "user", "parts": [{"text": each} for each in texts]}}


def test_one_text_is_read_with_its_wishes() -> None:
    body = {**content("a"), "model": "models/org/m", "taskType": "T", "title": "t", "outputDimensionality": 8, "odd": 1}
    request, asked, report = read(SINGLE, body)

    assert request == chat.EmbeddingRequest(inputs=(chat.EmbeddingInput(text="a", task="T", title="t"),), dimensions=8)
    assert (asked.model, asked.single, report.losses) == ("org/m", True, ("/odd",))
    assert request.pointers == {"dimensions": "/outputDimensionality"}


def test_a_batch_is_read_in_its_order() -> None:
    body = {"requests": [{**content("a"), "odd": 1}, content("b", "c")]}
    request, asked, report = read(BATCH, body)

    assert [(each.text, each.at) for each in request.inputs] == [("a", "/requests/0/content"), ("b\nc", "/requests/1/content")]
    assert (asked.single, report.losses) == (False, ("/requests/0/odd",))
    assert report.fate("/requests/1/content/parts").fate == "mapped"


def test_an_empty_batch_is_the_providers_to_refuse() -> None:
    request, _, _ = read(BATCH, {"requests": []})

    assert EMBEDDER.write_request(request, "m", chat.Report()) == b'{"requests":[]}'


def test_proto3s_other_spelling_is_read_too() -> None:
    request, _, report = read(SINGLE, {**content("a"), "task_type": "T", "output_dimensionality": 8})

    assert (request.inputs[0].task, request.dimensions, report.losses) == ("T", 8, ())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"requests": [{**content("a"), "outputDimensionality": 3}, content("b")]}, "/requests/1"),
        ({"requests": [content("a"), {**content("b"), "outputDimensionality": 3}]}, "/requests/1/outputDimensionality"),
        ({"requests": [{"content": {"parts": [{"fileData": {}}]}}]}, "/requests/0/content/parts/0"),
    ],
)
def test_what_would_give_other_vectors_is_not_carried(body: Any, pointer: str) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        read(BATCH, body)

    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("path", "body"), [(SINGLE, {}), (SINGLE, []), (BATCH, {}), (BATCH, {"requests": [1]}), (BATCH, {"requests": [{}]})]
)
def test_what_is_no_request_is_refused(path: str, body: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        read(path, body)

    assert caught.value.code == "KP-SYS-509"


def test_a_request_is_a_batch_that_names_its_model_each_time() -> None:
    inputs = (chat.EmbeddingInput(text="a", task="T", title="t"), chat.EmbeddingInput(text="b"))
    report = chat.Report()
    body = EMBEDDER.write_request(
        chat.EmbeddingRequest(inputs=inputs, dimensions=8, user="u", pointers={"user": "/user"}), "m", report
    )

    front = {"model": "models/m", "outputDimensionality": 8}
    assert json.loads(body) == {
        "requests": [
            {**front, "content": {"parts": [{"text": "a"}]}, "taskType": "T", "title": "t"},
            {**front, "content": {"parts": [{"text": "b"}]}},
        ]
    }
    assert report.losses == ("/user",)


def test_answers_to_one_and_to_many_are_read_and_written() -> None:
    one = EMBEDDER.read_answer(b'{"embedding": {"values": [1]}, "usageMetadata": {"promptTokenCount": 3}}')
    many = EMBEDDER.read_answer(b'{"embeddings": [{"values": [1]}, {"values": [2]}]}')

    assert one == chat.EmbeddingAnswer(vectors=[[1]], usage=Usage(tokens_in=3))
    assert many == chat.EmbeddingAnswer(vectors=[[1], [2]])
    assert EMBEDDER.write_answer(one, chat.EmbeddingAsked(model="m", single=True)) == (
        b'{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}'
    )
    assert EMBEDDER.write_answer(many, chat.EmbeddingAsked(model="m")) == b'{"embeddings":[{"values":[1]},{"values":[2]}]}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"embeddings": {}}', b'{"embeddings": [1]}', b'{"embedding": {}}'])
def test_what_is_no_answer_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(chat.Unreadable):
        EMBEDDER.read_answer(body)


@pytest.mark.parametrize("wrap", ["%s", "[%s]"])
def test_an_error_with_a_good_status_is_seen(wrap: str) -> None:
    error = '{"error": {"code": 503, "message": "Busy.", "status": "UNAVAILABLE"}}'
    with pytest.raises(chat.AnswerIsError) as caught:
        EMBEDDER.read_answer((wrap % error).encode())

    assert (caught.value.error.status, caught.value.error.kind) == (503, "overloaded")


def test_errors_are_those_of_chat() -> None:
    error = EMBEDDER.read_error(404, Headers(), b'{"error": {"message": "No model.", "status": "NOT_FOUND"}}')

    assert EMBEDDER.write_error(error)[0] == 404
    EMBEDDER.load()
