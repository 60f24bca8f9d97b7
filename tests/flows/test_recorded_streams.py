"""Streams in the shapes of all vendors (tests/corpora): relayed byte for byte however they are cut, never ended in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from korproxy.models.outcome import Usage
from tests.fakes.byte_client import PATHS, send
from tests.fakes.echo_upstream import Framing, Scripted, open_echo
from tests.fakes.gateway import open_gateway, provider_at

FEW = settings(max_examples=settings().max_examples // 5)  # for each of the streams
CORPUS = Path(__file__).parent.parent / "corpora" / "streams"
STREAMS = {each.stem: each.read_bytes() for each in sorted(CORPUS.glob("*.sse"))}

# What KorProxy reads from each stream on its way: input without cache, from the cache, into the cache, output.
USAGE = {
    "anthropic-citations": (640, 0, 0, 12),
    "anthropic-crlf-comments": (14, 0, 0, 3),
    "anthropic-error": (31, 0, 0, 1),
    "anthropic-line-separators": (44, 0, 0, 30),
    "anthropic-long-event": (9, 0, 0, 60000),
    "anthropic-redacted-thinking": (88, 512, 0, 40),
    "anthropic-text": (25, 0, 0, 17),
    "anthropic-thinking": (61, 0, 0, 73),
    "anthropic-tools": (472, 2048, 96, 89),
    "anthropic-web-search": (10682, 0, 0, 510),
    "azure-filters": (19, None, None, 4),
    "dashscope-crlf": (18, 8, None, 14),
    "deepseek-reasoning": (18, 0, None, 15),
    "moonshot-usage-in-choice": (7, 4, None, 6),
    "openai-choices": (15, 0, 0, 18),
    "openai-parallel-tools": (311, 0, 0, 58),
    "openai-responses-chatgpt": (1043, 14080, 0, 57),
    "openai-responses-incomplete": (70, 0, 0, 32),
    "openai-responses-open-model": (68, 0, None, 19),
    "openai-responses-text": (31, 0, 0, 22),
    "openai-responses-tools": (234, 2048, 128, 190),
    "openai-responses-web-search": (8320, 0, 0, 41),
    "openai-usage": (180, 1024, 0, 9),
    "openrouter-comments": (548, 1500, None, 31),
}

# The part of the output that was reasoning; in the other streams nobody says.
REASONING = {
    "anthropic-redacted-thinking": 33,
    "anthropic-thinking": 41,
    "deepseek-reasoning": 10,
    "openai-choices": 0,
    "openai-parallel-tools": 24,
    "openai-responses-chatgpt": 30,
    "openai-responses-incomplete": 20,
    "openai-responses-open-model": 0,
    "openai-responses-text": 0,
    "openai-responses-tools": 96,
    "openai-responses-web-search": 0,
    "openai-usage": 0,
    "openrouter-comments": 12,
}


def path_of(name: str) -> str:
    formats = {"anthropic-": "anthropic-messages", "openai-responses-": "openai-responses"}
    return PATHS[next((each for prefix, each in formats.items() if name.startswith(prefix)), "openai-chat")]


def delicate(wire: bytes) -> list[int]:
    """Return the places where a cut is most likely to do harm: inside characters, line ends and event borders."""
    inside = [at for at in range(1, len(wire)) if wire[at] & 0xC0 == 0x80]
    return inside + [each.start() + 1 for each in re.finditer(rb"\r\n|\n\n", wire)] + [len(wire) - 1]


def pieces_of(data: st.DataObject, wire: bytes) -> list[bytes]:
    places = st.one_of(st.integers(1, len(wire) - 1), st.sampled_from(delicate(wire)))
    at = sorted(data.draw(st.sets(places, max_size=40)))
    return [wire[start:end] for start, end in zip([0, *at], [*at, len(wire)], strict=True)]


def streamed(pieces: Sequence[bytes], *, framing: Framing = "chunked", whole: bool = True) -> Scripted:
    return Scripted(headers=[("content-type", "text/event-stream")], pieces=pieces, framing=framing, whole=whole)


@pytest.mark.parametrize("name", STREAMS)
@FEW
@given(st.data(), st.sampled_from(["chunked", "close"]))
async def test_a_recorded_stream_is_relayed_byte_for_byte(name: str, data: st.DataObject, framing: Framing) -> None:
    wire = STREAMS[name]
    scripted = streamed(pieces_of(data, wire), framing=framing)
    async with open_echo(scripted) as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, path_of(name), [b'{"model":"m","stream":true}'], chunked=False)
    [finished] = gateway.finished  # the server has ended, so it is there

    uncached, read, write, out = USAGE.get(name, (None, None, None, None))
    assert (answer.status, answer.headers["content-type"], answer.whole) == (200, "text/event-stream", True)
    assert answer.body == wire
    booked = ("refused", "KP-PROV-102") if name.endswith("-error") else ("ok", None)
    assert (finished.outcome, finished.code, finished.bytes_out) == (*booked, len(wire))
    thought = REASONING.get(name)
    assert finished.usage == Usage(tokens_in=uncached, cache_read=read, cache_write=write, tokens_out=out, reasoning=thought)


BYTE_BY_BYTE = ("anthropic-line-separators", "dashscope-crlf", "deepseek-reasoning")


@pytest.mark.parametrize("name", BYTE_BY_BYTE)
async def test_a_stream_that_comes_in_single_bytes_is_relayed_byte_for_byte(name: str) -> None:
    wire = STREAMS[name]
    scripted = streamed([bytes([each]) for each in wire])
    async with open_echo(scripted) as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, path_of(name), [b'{"model":"m","stream":true}'], chunked=False)

    assert answer.body == wire


def events_of(wire: bytes) -> list[bytes]:
    """Return the events and comments in *wire*, each with the blank line that ends it."""
    return [each[0] for each in re.finditer(rb".+?(?:\r\n\r\n|\n\n)", wire, re.DOTALL)]


LAST = ("message_stop", "error", "response.completed", "response.incomplete", "response.failed")


def is_an_end(event: bytes) -> bool:
    """Whether a client takes the stream for complete, or for failed, once it has read *event*."""
    for line in event.splitlines():
        text = line.removeprefix(b"data:").strip()
        if not line.startswith(b"data:"):
            continue
        if text == b"[DONE]":
            return True
        said: Any = json.loads(text)
        if said.get("type") in LAST or any(each["finish_reason"] for each in said.get("choices", ())):
            return True
    return False


@pytest.mark.parametrize("name", STREAMS)
@FEW
@given(st.data(), st.booleans())
async def test_a_stream_cut_anywhere_before_its_end_is_never_taken_for_whole(
    name: str, data: st.DataObject, closed_properly: bool
) -> None:
    wire = STREAMS[name]
    events = events_of(wire)
    ends = [0, *accumulate(map(len, events))]
    last = next(number for number, event in enumerate(events) if is_an_end(event))
    at = data.draw(st.integers(1, ends[last]))
    scripted = streamed(pieces_of(data, wire[:at]) if at > 1 else [wire[:1]], whole=closed_properly)
    async with open_echo(scripted) as echo, open_gateway(provider_at(echo.url)) as gateway:
        answer = await send(gateway, path_of(name), [b'{"model":"m","stream":true}'], chunked=False)
    [finished] = gateway.finished  # the server has ended, so it is there

    # A cut between the last CR and its LF loses the event: a CR that may be half a CRLF is not given out (gateway/frames.py).
    whole_events = with_lf(wire[: max(end for end in ends if end <= at)])
    assert b"".join(events) == wire
    assert (finished.outcome, finished.code) == ("failed", "KP-NET-309")
    if whole_events:
        got = with_lf(answer.body)
        assert (answer.status, answer.whole, got[: len(whole_events)]) == (200, True, whole_events)
        assert "KP-NET-309" in message_in(got[len(whole_events) :])
    else:
        assert (answer.status, answer.headers["x-korproxy-error"]) == (502, "KP-NET-309")


def with_lf(wire: bytes) -> bytes:
    return wire.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def message_in(wire: bytes) -> str:
    """Return the message of the error event that *wire* is; Responses has a second one, which says the same."""
    event, *second = events_of(wire)
    [line] = [each for each in event.splitlines() if each.startswith(b"data:")]
    message = str(json.loads(line[5:])["error"]["message"])
    assert all(json.dumps(message, ensure_ascii=False).encode() in each for each in second)
    return message
