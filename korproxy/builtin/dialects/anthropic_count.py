"""Anthropic's count of tokens, as clients ask for it. Claude Code does before it compacts, and for the size of its context.

Facts: ``MessageCountTokensParams`` and ``MessageTokensCount`` of Anthropic's Python SDK 2.14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from korproxy.api import Dialect, Directions, LazyTranslator, Settings, Translator, hookimpl
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator
from korproxy.builtin.dialects.operations.dialect import OperationDialect, no_usage

if TYPE_CHECKING:
    from korproxy.api import chat


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/messages/count_tokens``."""
    del settings
    yield OperationDialect(
        name="anthropic-count",
        paths=("/v1/messages/count_tokens",),
        kind="count",
        read_usage=no_usage,
        chat=AnthropicMessages(),
        translator=AnthropicCountTranslator(),
    )


@attrs.frozen
class AnthropicCountTranslator(LazyTranslator):
    """Reads and writes counts of Anthropic's; see ``Translator``."""

    inner: Translator = attrs.field(factory=MessagesTranslator)

    def directions(self) -> Directions:
        """Import everything."""
        self.inner.load()
        from korproxy.builtin.dialects.messages_format.counting import ask
        from korproxy.builtin.dialects.operations.counting import Counting

        return Counting(inner=self.inner, read=self.inner.read_request, ask=ask, member="input_tokens").directions()

    def without_foreign_reasoning(self, body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
        """Take out what Anthropic would refuse of a conversation: it refuses it where it counts, too."""
        return self.inner.without_foreign_reasoning(body, own, report)
