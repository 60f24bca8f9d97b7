"""OpenAI's Completions: what lets its clients reach models that are talked to. No provider is asked in this format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from korproxy.api import Directions, LazyTranslator

if TYPE_CHECKING:
    from korproxy.api import chat

_WHY = "Nothing is translated into the format of completions: only clients that speak it reach providers in it."


class CompletionsTranslator(LazyTranslator):
    """Reads requests of Completions and writes its answers; see ``Translator``."""

    __slots__ = ()  # no field of its own: all that attrs makes is inherited

    def directions(self) -> Directions:
        """Import everything."""
        from korproxy.builtin.dialects.chat_format.errors import read_error, write_error
        from korproxy.builtin.dialects.completions_format.answer_writer import write_answer
        from korproxy.builtin.dialects.completions_format.request_reader import read_request
        from korproxy.builtin.dialects.completions_format.stream_writer import CompletionsStreamWriter

        return Directions(
            read_request=read_request,
            write_request=_not_written,
            read_answer=_not_read,
            write_answer=write_answer,
            stream_reader=_not_streamed,
            stream_writer=CompletionsStreamWriter,
            read_error=read_error,
            write_error=write_error,
        )


def _not_written(conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> NoReturn:
    from korproxy.api import chat

    del conversation, target, report
    raise chat.CannotCarry("", _WHY)


def _not_read(body: bytes) -> NoReturn:
    from korproxy.api import chat

    del body
    raise chat.Unreadable(_WHY)


def _not_streamed() -> NoReturn:
    from korproxy.api import chat

    raise chat.Unreadable(_WHY)
