"""OpenAI's compaction of conversations, as Codex asks for it. It passes to who has it: the result is sealed by its maker.

Facts: ``ResponseCompactParams`` and ``CompactedResponse`` of OpenAI's Python SDK 3.57. Where there is none, a client is told
so, and compacts by itself: Codex asks only providers of which it was told that they can.
"""

from __future__ import annotations

from collections.abc import Iterable

from korproxy.api import Dialect, Settings, hookimpl
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.builtin.dialects.operations.dialect import OperationDialect
from korproxy.builtin.dialects.responses_format.translator import ResponsesTranslator


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/responses/compact``.

    No other format serves its kind, so nothing is ever translated. The translator is there for what it takes out of a request
    that passes: the reasoning of others, which would be refused here as anywhere.
    """
    del settings
    yield OperationDialect(
        name="responses-compact",
        paths=("/v1/responses/compact",),
        kind="other",
        chat=OpenAIResponses(),
        translator=ResponsesTranslator(),
    )
