"""OpenAI's embeddings as a format of its own."""

from __future__ import annotations

from korproxy.api import chat
from korproxy.builtin.dialects.openai_embeddings import korproxy_dialects
from korproxy.gateway.routing import embedder_of
from tests.fakes.settings import FakeSettings


def test_the_hook_offers_the_format() -> None:
    [dialect] = korproxy_dialects(FakeSettings())
    embedder = embedder_of(dialect)

    assert (dialect.name, dialect.paths, dialect.kind, dialect.translator) == (
        "openai-embeddings",
        ("/v1/embeddings",),
        "embedding",
        None,
    )
    assert embedder is not None
    assert embedder.read_answer(b'{"data": [{"embedding": [1, 2]}]}') == chat.EmbeddingAnswer(vectors=[[1, 2]])
