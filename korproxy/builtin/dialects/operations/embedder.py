"""An embedder that is imported when it is needed: most starts of KorProxy need none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Embedder, Headers

if TYPE_CHECKING:
    from korproxy.api import chat


@attrs.frozen
class LazyEmbedder:
    """Is an ``Embedder``, and does what the one that *imported* returns does. Called once."""

    imported: Callable[[], Embedder]

    @cached_property
    def _ready(self) -> Embedder:
        return self.imported()

    def load(self) -> None:
        """See ``Embedder``."""
        self._ready.load()

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.EmbeddingRequest, chat.EmbeddingAsked]:
        """See ``Embedder``."""
        return self._ready.read_request(path, body, report)

    def write_request(self, request: chat.EmbeddingRequest, model: str, report: chat.Report) -> bytes:
        """See ``Embedder``."""
        return self._ready.write_request(request, model, report)

    def read_answer(self, body: bytes) -> chat.EmbeddingAnswer:
        """See ``Embedder``."""
        return self._ready.read_answer(body)

    def write_answer(self, answer: chat.EmbeddingAnswer, asked: chat.EmbeddingAsked) -> bytes:
        """See ``Embedder``."""
        return self._ready.write_answer(answer, asked)

    def read_error(self, status: int, headers: Headers, body: bytes) -> chat.ProviderError:
        """See ``Embedder``."""
        return self._ready.read_error(status, headers, body)

    def write_error(self, error: chat.ProviderError) -> tuple[int, bytes]:
        """See ``Embedder``."""
        return self._ready.write_error(error)
