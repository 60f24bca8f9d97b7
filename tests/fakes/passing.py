"""Streams on their way through KorProxy's readers, guard and writers, without a gateway around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import attrs

from korproxy.api import Dialect, Fault, Translator, chat
from korproxy.builtin.dialects.anthropic_messages import AnthropicMessages
from korproxy.builtin.dialects.gemini import Gemini
from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.builtin.dialects.openai_responses import OpenAIResponses
from korproxy.errors.exceptions import ProviderLost
from korproxy.gateway.crossing import Crossing
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.translation import Translated
from tests.fakes.gemini_checks import gemini_faults
from tests.fakes.response_checks import responses_faults
from tests.fakes.stream_checks import chat_faults, messages_faults

DIALECTS: dict[str, Dialect] = {each.name: each for each in (OpenAIChat(), AnthropicMessages(), Gemini(), OpenAIResponses())}
FORMATS = tuple(DIALECTS)
CLIENTS = ("openai-chat", "anthropic-messages", "gemini", "openai-responses")
TWO_CLIENTS = CLIENTS[:2]  # for tests that write the requests themselves: model and messages are members of both
BROKEN = chat.Failed(chat.ProviderError(status=502, kind="server", message="the stream broke off"))


def translator(format: str) -> Translator:  # noqa: A002 -- the word for it
    """Return how *format* is translated."""
    found = DIALECTS[format].translator
    assert found is not None, f"{format} cannot be translated"
    return found


@attrs.frozen
class Told:
    """What a reader made of a stream, up to where it found that this is not its format."""

    events: tuple[chat.Event, ...]
    readable: bool = True


def read(format: str, wire: bytes, cuts: Sequence[int] = ()) -> Told:  # noqa: A002
    """Read *wire* as it comes from a network that cuts it at *cuts*."""
    reader = translator(format).stream_reader()
    cutter = FrameCutter()
    told: list[chat.Event] = []
    try:
        for start, end in pairwise([0, *cuts, len(wire)]):
            whole = cutter.feed(wire[start:end])
            if whole:
                told += reader.feed(whole)
        if cutter.tail:
            told += reader.feed(cutter.tail)
        told += reader.finish()
    except chat.Unreadable:
        return Told(tuple(told), readable=False)
    return Told(tuple(told))


def guarded(events: Iterable[chat.Event]) -> list[chat.Event]:
    """Return what a guard lets through. A stream that breaks a rule or just stops ends with an error, as a gateway makes it."""
    guard = chat.StreamGuard()
    passed: list[chat.Event] = []
    try:
        for event in events:
            passed += guard.check(event)
    except chat.BrokenStream:
        pass
    return passed if guard.over else [*passed, *guard.check(BROKEN)]


def written(format: str, events: Iterable[chat.Event], *, usage: bool = True) -> bytes:  # noqa: A002
    """Write *events*, which have passed a guard, as a client gets them."""
    return b"".join(pieces_written(format, events, usage=usage))


def pieces_written(format: str, events: Iterable[chat.Event], *, usage: bool = True) -> list[bytes]:  # noqa: A002
    """Write *events* as above; return what leaves for each of them."""
    writer = translator(format).stream_writer(chat.Asked(model="asked-for", stream=True, usage=usage, created=1790000000))
    return [writer.write(event) for event in events]


def carried(provider: str, client: str, wire: bytes, cuts: Sequence[int] = ()) -> bytes:
    """Return what a client gets of a provider's stream, its errors included."""
    asked = chat.Asked(model="asked-for", stream=True, usage=True, created=1790000000)
    report, done = chat.Report(), chat.Written(body=b"{}")
    crossing = Crossing(back=translator(client), away=translator(provider), asked=asked, written=done, report=report)
    passage = Translated(
        provider="fuzz",
        crossing=crossing,
        events=True,
        late_error=lambda exc, behind: DIALECTS[client].late_error(Fault(code=exc.code, status=502, message=str(exc)), behind),
        watch=lambda _: None,
        note=lambda _: None,
    )
    said = b""
    try:
        for start, end in pairwise([0, *cuts, len(wire)]):
            said += passage.feed(wire[start:end])
            if passage.broken is not None and passage.status is None:
                return said + passage.last_words(passage.broken)
        said += passage.end()
    except ProviderLost as exc:
        said += passage.last_words(exc)
    return b"" if passage.status is not None else said


def faults(client: str, stream: bytes, *, wants_usage: bool = True) -> list[str]:
    """Return what a client would trip over in *stream*."""
    if client == "openai-chat":
        return chat_faults(stream, wants_usage=wants_usage)
    checkers = {"anthropic-messages": messages_faults, "gemini": gemini_faults, "openai-responses": responses_faults}
    return checkers[client](stream)
