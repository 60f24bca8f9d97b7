"""OpenAI's count of tokens, as clients of Responses ask for it.

Facts: ``InputTokenCountParams`` and ``InputTokenCountResponse`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Dialect, Directions, LazyTranslator, Settings, Translator, hookimpl
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.builtin.dialects.operations.dialect import OperationDialect, no_usage
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator

if TYPE_CHECKING:
    from korproxy.api import chat


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/responses/input_tokens``."""
    del settings
    yield OperationDialect(
        name="responses-count",
        paths=("/v1/responses/input_tokens",),
        kind="count",
        chat=OpenAIResponses(),
        read_usage=no_usage,
        translator=ResponsesCountTranslator(),
    )


@attrs.frozen
class ResponsesCountTranslator(LazyTranslator):
    """Reads and writes counts of Responses; see ``Translator``."""

    inner: Translator = attrs.field(factory=ResponsesTranslator)

    def directions(self) -> Directions:
        """Import everything."""
        self.inner.load()
        from korproxy.builtin.dialects.operations.counting import Counting
        from korproxy.builtin.dialects.responses_format.counting import ask

        about = {"object": "response.input_tokens"}
        read = self.inner.read_request
        return Counting(inner=self.inner, read=read, ask=ask, member="input_tokens", about=about).directions()

    def without_foreign_reasoning(self, body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
        """Take out what OpenAI would refuse of a conversation: it refuses it where it counts, too."""
        return self.inner.without_foreign_reasoning(body, own, report)
