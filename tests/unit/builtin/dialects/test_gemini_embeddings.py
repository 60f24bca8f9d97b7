"""Gemini's embeddings as a format of its own."""

from __future__ import annotations

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.gemini_embeddings import korproxy_dialects, usage_of
from korproxy.gateway.routing import embedder_of
from tests.fakes.settings import FakeSettings

PATHS = (
    "/v1beta/models/{model}:embedContent",
    "/v1beta/models/{model}:batchEmbedContents",
    "/v1/models/{model}:embedContent",
    "/v1/models/{model}:batchEmbedContents",
)


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    embedder = embedder_of(dialect)

    assert (dialect.name, tuple(dialect.paths), dialect.kind) == ("gemini-embeddings", PATHS, "embedding")
    assert embedder is not None
    assert embedder.read_answer(b'{"embedding": {"values": [1]}}') == chat.EmbeddingAnswer(vectors=[[1]])


def test_each_request_of_a_batch_names_the_model_that_is_asked() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    body = b'{"requests":[{"model":"models/one/m"},{"model":"models/one/m"}]}'
    peek = dialect.peek("/v1/models/one/m:batchEmbedContents", body)

    assert peek.span is not None
    assert dialect.set_model(body, peek.span, "m") == b'{"requests":[{"model":"models/m"},{"model":"models/m"}]}'


@pytest.mark.parametrize(
    ("body", "usage"),
    [(b'{"usageMetadata": {"promptTokenCount": 4}}', Usage(tokens_in=4)), (b"{}", Usage()), (b"[]", Usage())],
)
def test_the_tokens_of_an_answer_that_passes_are_read(body: bytes, usage: Usage) -> None:
    assert usage_of(body) == usage
