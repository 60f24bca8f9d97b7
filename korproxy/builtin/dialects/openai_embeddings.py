"""OpenAI's embeddings, as clients ask for them.

Facts: ``EmbeddingCreateParams`` and ``CreateEmbeddingResponse`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from korproxy.api import Dialect, Embedder, Settings, Usage, hookimpl
from korproxy.builtin.dialects.chat_format.usage import read_usage
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.operations.dialect import OperationDialect
from korproxy.builtin.dialects.operations.embedder import LazyEmbedder


class _Answer(msgspec.Struct):
    usage: object = None


_answers = msgspec.json.Decoder(_Answer)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/embeddings``."""
    del settings
    yield OperationDialect(
        name="openai-embeddings",
        paths=("/v1/embeddings",),
        kind="embedding",
        chat=OpenAIChat(),
        read_usage=usage_of,
        embedder=LazyEmbedder(_embedder),
    )


def usage_of(body: bytes) -> Usage:
    """Return the tokens that the answer in *body* tells of."""
    try:
        return read_usage(_answers.decode(body).usage) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def _embedder() -> Embedder:
    from korproxy.builtin.dialects.chat_format.embeddings import OpenAIEmbedder

    return OpenAIEmbedder()
