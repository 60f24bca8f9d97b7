"""OpenAI's Completions, as clients speak it: tools that complete code, and old programs.

Facts: ``CompletionCreateParams`` and ``Completion`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Iterable

from korproxy.api import Dialect, Settings, hookimpl
from korproxy.builtin.dialects.completions_format.translator import CompletionsTranslator
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.operations.dialect import OperationDialect


@hookimpl
def korproxy_dialects(settings: Settings) -> Iterable[Dialect]:
    """Offer the format of ``/v1/completions``. Its streams have the ends and the usage of Chat's."""
    del settings
    yield OperationDialect(
        name="openai-completions",
        paths=("/v1/completions",),
        kind="completion",
        chat=OpenAIChat(),
        streams=True,
        translator=CompletionsTranslator(),
    )
