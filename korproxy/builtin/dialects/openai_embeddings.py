"""OpenAI's embeddings, as clients ask for them.

Facts: ``EmbeddingCreateParams`` and ``CreateEmbeddingResponse`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Iterable

from korproxy.api import Dialect, Embedder, Settings, hookimpl
from korproxy.builtin.dialects.chat_format.usage import usage_of_body
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.operations.dialect import OperationDialect
from korproxy.builtin.dialects.operations.embedder import LazyEmbedder


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/embeddings``."""
    del settings
    yield OperationDialect(
        name="openai-embeddings",
        paths=("/v1/embeddings",),
        kind="embedding",
        chat=OpenAIChat(),
        read_usage=usage_of_body,
        embedder=LazyEmbedder(_embedder),
    )


def _embedder() -> Embedder:
    from korproxy.builtin.dialects.chat_format.embeddings import OpenAIEmbedder

    return OpenAIEmbedder()
