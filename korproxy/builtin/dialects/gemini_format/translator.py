"""Gemini's generateContent: the readers and writers in one place."""

from __future__ import annotations

import attrs

from korproxy.api import Directions, LazyTranslator


@attrs.frozen
class GeminiTranslator(LazyTranslator):
    """Reads and writes Gemini's generateContent; see ``Translator``."""

    def directions(self) -> Directions:
        """Import everything."""
        from korproxy.builtin.dialects.gemini_format.answer_reader import read_answer
        from korproxy.builtin.dialects.gemini_format.answer_writer import write_answer
        from korproxy.builtin.dialects.gemini_format.errors import read_error, write_error
        from korproxy.builtin.dialects.gemini_format.request_reader import read_request
        from korproxy.builtin.dialects.gemini_format.request_writer import write_request
        from korproxy.builtin.dialects.gemini_format.stream_reader import GeminiStreamReader
        from korproxy.builtin.dialects.gemini_format.stream_writer import GeminiStreamWriter

        return Directions(
            read_request=read_request,
            write_request=write_request,
            read_answer=read_answer,
            write_answer=write_answer,
            stream_reader=GeminiStreamReader,
            stream_writer=GeminiStreamWriter,
            read_error=read_error,
            write_error=write_error,
        )
