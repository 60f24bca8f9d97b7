"""Gemini's embeddings, as clients ask for them: of one text, or of a batch.

Facts: Google's API reference (ai.google.dev/api/embeddings) and ``EmbedContentResponse`` of google-genai 3.6, which asks for a
batch even for one text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from korproxy.api import Dialect, Embedder, Settings, Usage, hookimpl
from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.gemini_format.named_models import NamedModels
from korproxy.builtin.dialects.gemini_format.usage import read_usage
from korproxy.builtin.dialects.operations.embedder import LazyEmbedder


class _Answer(msgspec.Struct):
    usage: Any = msgspec.field(default=None, name="usageMetadata")


_answers = msgspec.json.Decoder(_Answer)


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``:embedContent`` and ``:batchEmbedContents``."""
    del settings
    yield NamedModels(
        name="gemini-embeddings",
        paths=tuple(
            f"{version}/models/{{model}}:{method}"
            for version in ("/v1beta", "/v1")
            for method in ("embedContent", "batchEmbedContents")
        ),
        kind="embedding",
        chat=Gemini(),
        inside=("requests",),
        read_usage=usage_of,
        embedder=LazyEmbedder(_embedder),
    )


def usage_of(body: bytes) -> Usage:
    """Return the tokens that the answer in *body* tells of: newer models do."""
    try:
        return read_usage(_answers.decode(body).usage) or Usage()
    except (ValueError, RecursionError):
        return Usage()


def _embedder() -> Embedder:
    from korproxy.builtin.dialects.gemini_format.embeddings import GeminiEmbedder

    return GeminiEmbedder()
