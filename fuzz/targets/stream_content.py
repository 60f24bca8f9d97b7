"""A good answer that is written in a format and read back is the same answer: nothing is lost, added or put elsewhere."""

from __future__ import annotations

import base64
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
    seals: list[str] = attrs.field(factory=list)
    calls: dict[int, list[str]] = attrs.field(factory=dict)
    marks: dict[int, chat.Seal | None] = attrs.field(factory=dict)
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
            case chat.ReasoningEnded(seal=chat.Seal() as seal):
                said.seals.append(_untagged(seal.data))
            case chat.CallStarted(key=key, id=id, name=name, seal=mark):
                said.calls[key] = [id, name, ""]
                said.marks[key] = None if mark is not None and _untagged(mark.data) == "unsealed" else mark
            case chat.CallDelta(key=key, json=json):
                said.calls[key][2] += json
            case chat.UsageSeen(usage=usage):
                said.usage = usage
            case chat.Ended(ending=ending):
                said.reason = ending.reason
            case _:
                pass
    return said


def _untagged(data: str) -> str:
    """Return a seal without what says whose it is: Messages' and Gemini's clients get others' with that in front."""
    try:
        written = base64.b64decode(data, validate=True).decode()
    except ValueError:
        written = data
    return (written if written.startswith("korproxy:") else data).rpartition(":")[2]


def check(events: Stream) -> None:
    """Write the answer in each format, read it back; write what was read for each client, and read that."""
    passed = guarded(events)
    for provider in FORMATS:
        told = guarded(read(provider, streamed(provider, passed)).events)
        compare(passed, told, provider)
        for client in CLIENTS:
            again = guarded(read(client, written(client, told)).events)
            compare(passed, again, provider, client)


def compare(before: Stream, after: Stream, *way: str) -> None:
    """Compare without the difference between 0 and unknown, with all input in one number, and with what the formats can say."""
    said = [content(each) for each in (before, after)]
    for each in said:
        counts = {name: getattr(each.usage, name) or 0 for name in Usage.__struct_fields__}
        whole = counts["tokens_in"] + counts["cache_read"] + counts["cache_write"]  # Gemini knows no writing
        each.usage = Usage(tokens_in=whole, cache_read=counts["cache_read"], tokens_out=counts["tokens_out"])
        if {"anthropic-messages", "openai-responses"} & set(way):  # their calls bear no marks
            each.marks = {}
    assert said[1] == said[0], f"changed on the way through {' and '.join(way)}"


def _read(wire: bytes) -> Stream:
    format, wire, _ = read_case(wire)  # noqa: A001
    return list(read(format, wire).events)


STREAM_CONTENT = Target(name="stream_content", inputs=good_streams(plain=True), read=_read, check=check)
