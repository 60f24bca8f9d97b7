"""Gemini's count of tokens, as clients ask for it.

Facts: Google's API reference (ai.google.dev/api/tokens) and ``CountTokensResponse`` of google-genai 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from korproxy.api import Dialect, Directions, LazyTranslator, Settings, Translator, hookimpl
from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.gemini_format.named_models import NamedModels
from korproxy.builtin.dialects.gemini_format.translator import GeminiTranslator
from korproxy.builtin.dialects.operations.dialect import no_usage


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``:countTokens``."""
    del settings
    yield NamedModels(
        name="gemini-count",
        paths=("/v1beta/models/{model}:countTokens", "/v1/models/{model}:countTokens"),
        kind="count",
        read_usage=no_usage,
        chat=Gemini(),
        inside=("generateContentRequest", "generate_content_request"),
        translator=GeminiCountTranslator(),
    )


@attrs.frozen
class GeminiCountTranslator(LazyTranslator):
    """Reads and writes counts of Gemini's; see ``Translator``."""

    inner: Translator = attrs.field(factory=GeminiTranslator)

    def directions(self) -> Directions:
        """Import everything."""
        self.inner.load()
        from korproxy.builtin.dialects.gemini_format.counting import ask, read_question
        from korproxy.builtin.dialects.operations.counting import Counting

        return Counting(inner=self.inner, read=read_question, ask=ask, member="totalTokens").directions()
