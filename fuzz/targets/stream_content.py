"""A good answer that is written in a format and read back is the same answer: nothing is lost, added or put elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from fuzz.target import Target
from fuzz.targets.translated_cuts import FORMATS, read_case, streamed
from korproxy.api import Usage, chat
from tests.fakes.passing import CLIENTS, guarded, read, written
from tests.fakes.streams import good_streams

Stream = list[chat.Event]


@attrs.define
class Content:
    """What an answer says, in a form that all formats can say: how it is divided into pieces and blocks does not count."""

    text: str = ""
    reasoning: str = ""
    calls: dict[int, list[str]] = attrs.field(factory=dict)
    usage: Usage = attrs.field(factory=Usage)
    reason: str = ""


def content(events: Iterable[chat.Event]) -> Content:
    """Return what *events* say."""
    said = Content()
    for event in events:
        match event:
            case chat.TextDelta(text=text):
                said.text += text
            case chat.ReasoningDelta(text=text):
                said.reasoning += text
            case chat.CallStarted(key=key, id=id, name=name):
                said.calls[key] = [id, name, ""]
            case chat.CallDelta(key=key, json=json):
                said.calls[key][2] += json
            case chat.UsageSeen(usage=usage):
                said.usage = usage
            case chat.Ended(ending=ending):
                said.reason = ending.reason
            case _:
                pass
    return said


def check(events: Stream) -> None:
    """Write the answer in each format, read it back; write what was read for both clients, and read that."""
    passed = guarded(events)
    original = _plain(content(passed))
    for provider in FORMATS:
        told = guarded(read(provider, streamed(provider, passed)).events)
        assert _plain(content(told)) == original, f"changed by {provider}"
        for client in CLIENTS:
            again = guarded(read(client, written(client, told)).events)
            assert _plain(content(again)) == original, f"changed between {provider} and {client}"


def _plain(said: Content) -> Content:
    """Return *said* without the difference between 0 and unknown, and with all input in one number where caches are mixed."""
    usage = said.usage
    counts = {field.name: getattr(usage, field.name) or 0 for field in attrs.fields(Usage)}
    whole = counts["tokens_in"] + counts["cache_read"] + counts["cache_write"]
    return attrs.evolve(said, usage=Usage(tokens_in=whole, cache_read=counts["cache_read"], tokens_out=counts["tokens_out"]))


def _read(wire: bytes) -> Stream:
    format, wire, _ = read_case(wire)  # noqa: A001
    return list(read(format, wire).events)


STREAM_CONTENT = Target(name="stream_content", inputs=good_streams(plain=True), read=_read, check=check)
