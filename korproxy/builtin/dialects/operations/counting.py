"""Counting tokens: a format's own readers and writers of conversations, round a number in place of an answer.

What is counted is what would be sent: the same reader, the same writer. Only wishes about the answer stay behind. They are no
part of the prompt, and the endpoints that count refuse most of them, so leaving them out loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from korproxy.api import Directions, Translator, Usage, chat, json_bytes, read_json, token_count

_COUNTED = ("thinking", "output")  # of the wishes; a schema for the answer is a part of the prompt
_POINTERS = (*_COUNTED, "effort", "budget", "shown")


@attrs.frozen(kw_only=True)
class Counting:
    """How one format asks for a count, and tells it.

    Attributes:
        inner: How its conversations are translated.
        read: Reads a client's question.
        ask: Makes a question of a request for an answer.
        member: Where the answer has the count.
        about: What stands beside it.
    """

    inner: Translator
    read: Callable[[str, bytes, chat.Report], tuple[chat.Conversation, chat.Asked]]
    ask: Callable[[bytes, chat.Target], bytes]
    member: str
    about: chat.JsonObject = attrs.field(factory=dict)

    def directions(self) -> Directions:
        """Return everything that translating takes; errors and streams are those of ``inner``."""
        return Directions(
            read_request=self.read_request,
            write_request=self.write_request,
            read_answer=self.read_answer,
            write_answer=self.write_answer,
            stream_reader=self.inner.stream_reader,
            stream_writer=self.inner.stream_writer,
            read_error=self.inner.read_error,
            write_error=self.inner.write_error,
        )

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
        """Read a client's question: never for a stream."""
        conversation, asked = self.read(path, body, report)
        return conversation, attrs.evolve(asked, stream=False)

    def write_request(self, conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
        """Write a question to a provider."""
        options = conversation.options
        kept = chat.Options(
            thinking=options.thinking,
            output=options.output,
            pointers={name: pointer for name, pointer in options.pointers.items() if name in _POINTERS},
        )
        written = self.inner.write_request(attrs.evolve(conversation, options=kept), target, report)
        return attrs.evolve(written, body=self.ask(written.body, target))

    def read_answer(self, body: bytes) -> chat.Answer:
        """Read a count: an answer that says nothing, and took so many tokens in.

        Raises:
            Unreadable: It holds none. A count is never made up.
            AnswerIsError: It is an error.
        """
        try:
            said = read_json(body)[0]
        except ValueError:
            raise chat.Unreadable("the answer is no JSON") from None
        count = token_count(said.get(self.member)) if isinstance(said, dict) else None
        if count is None:
            self.inner.read_answer(body)  # knows an error when it sees one
            raise chat.Unreadable(f"the answer has no number of tokens in {self.member}")
        return chat.Answer(ending=chat.Ending(reason="end"), usage=Usage(tokens_in=count))

    def write_answer(self, answer: chat.Answer, asked: chat.Asked) -> bytes:
        """Write a count for a client."""
        del asked
        return json_bytes({**self.about, self.member: answer.usage.tokens_in})
