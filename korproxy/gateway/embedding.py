"""Requests for embeddings on their way into a provider's format, and the vectors on their way back. Pure."""

from __future__ import annotations

import attrs

from korproxy.chat.answer import ProviderError
from korproxy.chat.embedding import EmbeddingAsked
from korproxy.chat.report import Report
from korproxy.chat.wire import AnswerIsError, CannotCarry, Unreadable, Written
from korproxy.contracts import Dialect, Embedder
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.crossing import note_vendor_headers, refused, too_deep
from korproxy.gateway.inflate import CannotInflate, Inflater
from korproxy.gateway.routing import Candidate, embedder_of
from korproxy.gateway.translation import LONGEST, about_whole, unusable
from korproxy.models.calls import Call, RawHeaders
from korproxy.models.outcome import Usage


@attrs.frozen(kw_only=True)
class EmbeddingCrossing:
    """A request for embeddings that was written in a provider's format; what ``Crossing`` is for conversations.

    Attributes:
        count: How many vectors have to come.
    """

    back: Embedder
    away: Embedder
    asked: EmbeddingAsked
    count: int
    written: Written
    report: Report


def embedders(client: Dialect | None, provider: Dialect | None) -> tuple[Embedder, Embedder] | None:
    """Return how embeddings cross from *client* to *provider*; None where one of them is no format of embeddings."""
    back, away = embedder_of(client), embedder_of(provider)
    return None if back is None or away is None else (back, away)


def cross(call: Call, candidate: Candidate, client: Embedder, provider: Embedder) -> EmbeddingCrossing:
    """Read *call*, and write it for *candidate*.

    Raises:
        BadRequest: It is no request of its format, or the candidate's has no place for something that matters (KP-PROV-115).
    """
    report = Report()
    try:
        request, asked = client.read_request(call.path, call.body, report)
        note_vendor_headers(call, report)
        body = provider.write_request(request, candidate.model, report)
    except CannotCarry as exc:
        raise refused(exc) from None
    except RecursionError:
        raise too_deep() from None
    count, written = len(request.inputs), Written(body=body)
    return EmbeddingCrossing(back=client, away=provider, asked=asked, count=count, written=written, report=report)


@attrs.define(kw_only=True)
class Embedded:
    """The passage of vectors: nothing leaves before all of them are here.

    Attributes:
        status: Set where what came with a good status is an error.
    """

    provider: str
    crossing: EmbeddingCrossing
    inflater: Inflater = attrs.field(factory=lambda: Inflater("", longest=LONGEST))
    status: int | None = None
    usage: Usage = attrs.field(factory=Usage)
    is_stream: bool = False
    final: bool = False
    failed: bool = False
    broken: ProviderLost | None = None
    _pieces: list[bytes] = attrs.field(factory=list, repr=False)
    _size: int = 0
    _length: int | None = None
    _refusal: ProviderError | None = None

    def headers(self, passed: RawHeaders) -> RawHeaders:
        """See ``Passage``."""
        return about_whole(passed, self._length, self._refusal)

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return nothing."""
        try:
            piece = self.inflater.feed(chunk)
        except CannotInflate as exc:
            self.broken = unusable(self.provider, str(exc))
            return b""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > LONGEST:
            self.broken = unusable(self.provider, f"an answer of more than {LONGEST} bytes")
        return b""

    def end(self) -> bytes:
        """Return the whole answer."""
        back, count = self.crossing.back, self.crossing.count
        try:
            answer = self.crossing.away.read_answer(b"".join(self._pieces))
        except AnswerIsError as exc:
            self.failed, self._refusal = True, exc.error
            self.status, body = back.write_error(exc.error)
        except Unreadable as exc:
            raise unusable(self.provider, str(exc)) from None
        else:
            if len(answer.vectors) != count:
                raise unusable(self.provider, f"{len(answer.vectors)} vectors for {count} texts")
            self.usage = answer.usage
            body = back.write_answer(answer, self.crossing.asked)
        self._length = len(body)
        return body

    def as_event(self) -> bytes:
        """Return nothing: vectors are never streamed."""
        return b""

    def last_words(self, exc: KorproxyError) -> bytes:
        """See ``Passage``."""
        del exc
        return b""
