"""OpenAI's embeddings as a format of its own."""

from __future__ import annotations

import pytest

from korproxy.api import Usage, chat
from korproxy.builtin.dialects.openai_embeddings import korproxy_dialects, usage_of
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


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"usage": {"prompt_tokens": 4, "total_tokens": 4}}', Usage(tokens_in=4)),
        (b'{"usage": 4}', Usage()),
        (b"{}", Usage()),
        (b"no JSON", Usage()),
    ],
)
def test_the_tokens_of_an_answer_that_passes_are_read(body: bytes, usage: Usage) -> None:
    assert usage_of(body) == usage
