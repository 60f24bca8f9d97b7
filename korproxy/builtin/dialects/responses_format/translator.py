"""OpenAI Responses: the readers and writers in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from korproxy.api import Directions, LazyTranslator

if TYPE_CHECKING:
    from korproxy.api import chat


class ResponsesTranslator(LazyTranslator):
    """Reads and writes OpenAI Responses; see ``Translator``."""

    __slots__ = ()  # no field of its own: all that attrs makes is inherited

    def directions(self) -> Directions:
        """Import everything."""
        from korproxy.builtin.dialects.responses_format.answer_reader import read_answer
        from korproxy.builtin.dialects.responses_format.answer_writer import write_answer
        from korproxy.builtin.dialects.responses_format.errors import read_error, write_error
        from korproxy.builtin.dialects.responses_format.request_reader import read_request
        from korproxy.builtin.dialects.responses_format.request_writer import write_request
        from korproxy.builtin.dialects.responses_format.stream_reader import ResponsesStreamReader
        from korproxy.builtin.dialects.responses_format.stream_writer import ResponsesStreamWriter

        return Directions(
            read_request=lambda _, body, report: read_request(body, report),
            write_request=write_request,
            read_answer=read_answer,
            write_answer=write_answer,
            stream_reader=ResponsesStreamReader,
            stream_writer=ResponsesStreamWriter,
            read_error=read_error,
            write_error=write_error,
        )

    def without_foreign_reasoning(self, body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
        """Take encrypted content out that the provider would refuse. See ``Translator``."""
        return _cleaner()(body, own, report)


@cache
def _cleaner() -> Callable[[bytes, Callable[[chat.Seal], bool], chat.Report], bytes]:
    """Import it with the first request; an ``import`` in each would cost as much as its work."""
    from korproxy.builtin.dialects.responses_format.foreign_reasoning import without_foreign_reasoning

    return without_foreign_reasoning
