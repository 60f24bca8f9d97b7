"""A provider's whole answer, read: a stream of one chunk."""

from __future__ import annotations

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.chunks import read_chunks
from korproxy.builtin.dialects.gemini_format.stream_reader import GeminiStreamReader

_SAYS_NOTHING = (chat.Started, chat.UsageSeen)


def read_answer(body: bytes) -> chat.Answer:
    """Read *body*: a response, or the list of them that Gemini streams without ``alt=sse``.

    What came whole cannot be cut, so that an answer with content may do without a reason for its end.

    Raises:
        AnswerIsError: It holds an error, or what the model wrote could not be used: the error that is told in a stream.
        Unreadable: It is neither, or holds nothing, or a call without a name.
    """
    reader = GeminiStreamReader()
    events = [*reader.read(read_chunks(body)), *reader.finish()]
    failed = next((each.error for each in events if isinstance(each, chat.Failed)), None)
    if failed is not None:
        raise chat.AnswerIsError(failed)
    if any(not isinstance(each, _SAYS_NOTHING) for each in events) and not isinstance(events[-1], chat.Ended):
        events.append(chat.Ended(chat.Ending(reason="end")))
    answer = chat.answer_of(events)
    if answer is None:
        raise chat.Unreadable("it has neither content nor a reason for that")
    return answer
