"""A format of one call that is no conversation: errors, streams and lists are those of its vendor's chat format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from korproxy.api import (
    AnswerReader,
    Dialect,
    Embedder,
    Fault,
    Headers,
    Kind,
    Model,
    Peek,
    PlainAnswer,
    Span,
    Translator,
    Usage,
)


def no_usage(body: bytes) -> Usage:
    """Return nothing: a count of tokens spends none."""
    del body
    return Usage()


@attrs.frozen(kw_only=True)
class OperationDialect:
    """Is a ``Dialect``.

    Attributes:
        chat: The format in which the same vendor talks.
        read_usage: Reads the tokens spent from a whole answer; must not raise, whatever it gets. None: such an answer is read
            as one of ``chat``.
        streams: Whether its answers can be streams of the events of ``chat``.
        translator, embedder: How it is translated, if it is.
    """

    name: str
    paths: Sequence[str]
    kind: Kind
    chat: Dialect
    read_usage: Callable[[bytes], Usage] | None = None
    streams: bool = False
    listed: frozenset[Kind] = frozenset()
    translator: Translator | None = None
    embedder: Embedder | None = None

    def peek(self, path: str, body: bytes) -> Peek:
        """Read the model; where there are no streams, a wish for one is nothing."""
        found = self.chat.peek(path, body)
        return attrs.evolve(found, stream=found.stream and self.streams, tools=False)

    def wants_array(self, query: bytes) -> bool:
        """Answer no: what is streamed here is events."""
        del query
        return False

    def set_model(self, body: bytes, span: Span, model: str) -> bytes:
        """Return *body* with *model* at *span*."""
        return self.chat.set_model(body, span, model)

    def reader(self, *, stream: bool) -> AnswerReader:
        """Return a reader for one answer."""
        if stream or self.read_usage is None:
            return self.chat.reader(stream=stream)
        return PlainAnswer(self.read_usage)

    def error(self, fault: Fault) -> bytes:
        """Return the body of an error."""
        return self.chat.error(fault)

    def late_error(self, fault: Fault, behind: bytes = b"") -> bytes:
        """Return the event that ends a stream which cannot go on."""
        return self.chat.late_error(fault, behind)

    def lists_models(self, path: str, query: bytes, headers: Headers) -> bool:
        """Answer no: whoever asks for a list is a client of ``chat``."""
        del path, query, headers
        return False

    def model_list(self, models: Sequence[Model]) -> bytes:
        """Return the list of ``chat``."""
        return self.chat.model_list(models)

    def model_entry(self, model: Model) -> bytes:
        """Return the entry of ``chat``."""
        return self.chat.model_entry(model)
