"""The format as a whole. Each direction is imported when it is first used: most programs need few of them, and start sooner."""

from __future__ import annotations

import attrs

from korproxy.api import Headers, StreamReader, StreamWriter, chat


@attrs.frozen
class ChatTranslator:
    """Reads and writes OpenAI Chat Completions; see ``Translator``."""

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
        """Read a client's request."""
        from korproxy.builtin.dialects.chat_format.request_reader import read_request

        del path
        return read_request(body, report)

    def write_request(self, conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
        """Write a request to a provider."""
        from korproxy.builtin.dialects.chat_format.request_writer import write_request

        return write_request(conversation, target, report)

    def without_foreign_reasoning(self, body: bytes, family: str, report: chat.Report) -> bytes:
        """Return *body*: no vendor of this format refuses what another one's reasoning leaves in it."""
        del family, report
        return body

    def read_answer(self, body: bytes) -> chat.Answer:
        """Read a provider's whole answer."""
        from korproxy.builtin.dialects.chat_format.answer_reader import read_answer

        return read_answer(body)

    def write_answer(self, answer: chat.Answer, asked: chat.Asked) -> bytes:
        """Write a whole answer to a client."""
        from korproxy.builtin.dialects.chat_format.answer_writer import write_answer

        return write_answer(answer, asked)

    def stream_reader(self) -> StreamReader:
        """Return a reader for one answer."""
        from korproxy.builtin.dialects.chat_format.stream_reader import ChatStreamReader

        return ChatStreamReader()

    def stream_writer(self, asked: chat.Asked) -> StreamWriter:
        """Return a writer for one answer."""
        from korproxy.builtin.dialects.chat_format.stream_writer import ChatStreamWriter

        return ChatStreamWriter(asked)

    def read_error(self, status: int, headers: Headers, body: bytes) -> chat.ProviderError:
        """Read a provider's error."""
        from korproxy.builtin.dialects.chat_format.errors import read_error

        return read_error(status, headers, body)

    def write_error(self, error: chat.ProviderError) -> tuple[int, bytes]:
        """Write a provider's error to a client."""
        from korproxy.builtin.dialects.chat_format.errors import write_error

        return write_error(error)
