"""A translator whose readers and writers are imported when they are needed: most starts of KorProxy need none of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from korproxy.models.calls import Headers

if TYPE_CHECKING:
    from korproxy import chat
    from korproxy.contracts import StreamReader, StreamWriter


@attrs.frozen(kw_only=True)
class Directions:
    """What a format needs to be read and written, one function each; ``Translator`` says what they promise."""

    read_request: Callable[[str, bytes, chat.Report], tuple[chat.Conversation, chat.Asked]]
    write_request: Callable[[chat.Conversation, chat.Target, chat.Report], chat.Written]
    read_answer: Callable[[bytes], chat.Answer]
    write_answer: Callable[[chat.Answer, chat.Asked], bytes]
    stream_reader: Callable[[], StreamReader]
    stream_writer: Callable[[chat.Asked], StreamWriter]
    read_error: Callable[[int, Headers, bytes], chat.ProviderError]
    write_error: Callable[[chat.ProviderError], tuple[int, bytes]]


@attrs.frozen
class LazyTranslator(ABC):
    """Is a ``Translator``. A format says in ``directions`` where its readers and writers are."""

    @abstractmethod
    def directions(self) -> Directions:
        """Import the readers and writers, return them. Called once."""

    @cached_property
    def _ready(self) -> Directions:
        return self.directions()

    def load(self) -> None:
        """See ``Translator``."""
        _ = self._ready

    def read_request(self, path: str, body: bytes, report: chat.Report) -> tuple[chat.Conversation, chat.Asked]:
        """See ``Translator``."""
        return self._ready.read_request(path, body, report)

    def write_request(self, conversation: chat.Conversation, target: chat.Target, report: chat.Report) -> chat.Written:
        """See ``Translator``."""
        return self._ready.write_request(conversation, target, report)

    def without_foreign_reasoning(self, body: bytes, own: Callable[[chat.Seal], bool], report: chat.Report) -> bytes:
        """Return *body*: a format without seals has nothing that others would refuse. See ``Translator``."""
        del own, report
        return body

    def read_answer(self, body: bytes) -> chat.Answer:
        """See ``Translator``."""
        return self._ready.read_answer(body)

    def write_answer(self, answer: chat.Answer, asked: chat.Asked) -> bytes:
        """See ``Translator``."""
        return self._ready.write_answer(answer, asked)

    def stream_reader(self) -> StreamReader:
        """See ``Translator``."""
        return self._ready.stream_reader()

    def stream_writer(self, asked: chat.Asked) -> StreamWriter:
        """See ``Translator``."""
        return self._ready.stream_writer(asked)

    def read_error(self, status: int, headers: Headers, body: bytes) -> chat.ProviderError:
        """See ``Translator``."""
        return self._ready.read_error(status, headers, body)

    def write_error(self, error: chat.ProviderError) -> tuple[int, bytes]:
        """See ``Translator``."""
        return self._ready.write_error(error)
