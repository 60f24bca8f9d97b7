"""A streamed answer, written; there and back it stays the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from korproxy.api import Usage, chat, sse_events
from korproxy.builtin.dialects.gemini_format.seals import UNSEALED
from korproxy.builtin.dialects.gemini_format.stream_reader import GeminiStreamReader
from korproxy.builtin.dialects.gemini_format.stream_writer import GeminiStreamWriter
from tests.fakes.passing import guarded
from tests.fakes.streams import good_streams

SEAL = chat.Seal(family="google", data="CiQB")
USAGE = Usage(tokens_in=5, tokens_out=2)
HEAD = {"modelVersion": "asked/for", "responseId": "abc"}


def wire(*events: chat.Event) -> bytes:
    writer = GeminiStreamWriter(chat.Asked(model="asked/for", stream=True))
    return b"".join(writer.write(each) for each in events)


def write(*events: chat.Event) -> list[Any]:
    return [json.loads(data) for _, data in sse_events(wire(chat.Started(id="abc", model="real"), *events))]


def chunk(part: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}], **HEAD}


def test_each_event_is_a_chunk_and_the_last_one_has_reason_and_usage() -> None:
    assert write(chat.TextDelta("Hel"), chat.UsageSeen(USAGE), chat.TextDelta("lo"), chat.Ended(chat.Ending(reason="end"))) == [
        chunk({"text": "Hel"}),
        chunk({"text": "lo"}),
        {
            "candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
            **HEAD,
        },
    ]


def test_edge_20_there_is_no_done() -> None:
    said = wire(chat.Started(), chat.TextDelta("Hi"), chat.Ended(chat.Ending(reason="end")))

    assert b"[DONE]" not in said
    assert said.endswith(b"}\r\n\r\n")


def test_each_fragment_of_text_leaves_at_once_and_calls_when_they_are_whole() -> None:
    writer = GeminiStreamWriter(chat.Asked(model="m"))

    assert writer.write(chat.TextDelta("a"))
    assert writer.write(chat.ReasoningDelta("b"))
    assert writer.write(chat.CallStarted(key=0, id="c", name="f")) == b""
    assert writer.write(chat.CallDelta(0, '{"a":1}')) == b""
    assert writer.write(chat.CallEnded(0))


def test_edge_6_interleaved_calls_are_two_whole_ones_in_the_order_they_began_in() -> None:
    found = write(
        chat.CallStarted(key=0, id="c0", name="f", seal=SEAL),
        chat.CallStarted(key=1, id="c1", name="g"),
        chat.CallDelta(0, '{"a":'),
        chat.CallDelta(1, '{"b":2}'),
        chat.CallDelta(0, "1}"),
        chat.CallEnded(1),
        chat.CallEnded(0),
    )

    assert found == [
        chunk({"functionCall": {"id": "c0", "name": "f", "args": {"a": 1}}, "thoughtSignature": "CiQB"}),
        chunk({"functionCall": {"id": "c1", "name": "g", "args": {"b": 2}}, "thoughtSignature": UNSEALED}),
    ]


def test_reasoning_has_its_seal_behind_it() -> None:
    assert write(chat.ReasoningDelta("plan"), chat.ReasoningEnded(seal=SEAL), chat.ReasoningEnded()) == [
        chunk({"text": "plan", "thought": True}),
        chunk({"text": "", "thought": True, "thoughtSignature": "CiQB"}),
    ]


def test_refusals_pictures_and_ends_of_texts() -> None:
    picture = chat.Image(blob=chat.Blob(media_type="image/png", data="iVBO"))

    assert write(chat.RefusalDelta("No."), chat.TextEnded(), chat.PartAdded(picture)) == [
        chunk({"text": "No."}),
        chunk({"inlineData": {"mimeType": "image/png", "data": "iVBO"}}),
    ]


def test_a_call_that_was_cut_off_is_not_told() -> None:
    torn = (chat.CallStarted(key=0, id="c", name="f"), chat.CallDelta(0, '{"a": '), chat.CallEnded(0))

    assert write(*torn) == []


def test_an_error_is_an_event_of_its_own() -> None:
    error = chat.ProviderError(status=529, kind="overloaded", message="Overloaded.", type="overloaded_error")

    assert write(chat.Failed(error)) == [{"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}]


def test_a_sign_of_life_is_an_empty_event_because_googles_sdks_know_no_comments() -> None:
    alive = GeminiStreamWriter(chat.Asked(model="m")).keep_alive()

    assert (alive, list(sse_events(alive))) == (b"\r\n\r\n", [])


def test_an_event_is_one_line_also_for_those_who_end_lines_at_more_characters() -> None:
    """As google-genai before 3.4 does, whose HTTP client uses ``str.splitlines``."""
    said = "a\x85b\u2028c\u2029d\x0b\x0c\x1c\x1d\x1ee"
    wire = GeminiStreamWriter(chat.Asked(model="m")).write(chat.TextDelta(said))
    line, end = wire.decode().splitlines()

    assert (json.loads(line.removeprefix("data: "))["candidates"][0]["content"]["parts"], end) == ([{"text": said}], "")


@given(good_streams())
def test_there_and_back_a_stream_says_the_same(events: list[chat.Event]) -> None:
    passed = guarded(events)
    reader = GeminiStreamReader()
    back = [*reader.feed(wire(*passed)), *reader.finish()]

    assert told(guarded(back)) == told(passed)


def told(events: list[chat.Event]) -> tuple[str, str, list[Any], str]:
    """Return what the format can say of *events*: text, reasoning, calls and pictures in their order, and the reason."""
    text = "".join(each.text for each in events if isinstance(each, (chat.TextDelta, chat.RefusalDelta)))
    thoughts = "".join(each.text for each in events if isinstance(each, chat.ReasoningDelta))
    calls = {each.key: each for each in events if isinstance(each, chat.CallStarted)}
    arguments = dict.fromkeys(calls, "")
    for each in events:
        if isinstance(each, chat.CallDelta):
            arguments[each.key] += each.json
    whole = {
        (call.id, call.name, _in_one_line(bytes(chat.as_object(arguments[key], freeform=call.freeform))))
        for key, call in calls.items()
        if call.freeform or chat.is_object(arguments[key])
    }
    end = next((each.ending.reason for each in events if isinstance(each, chat.Ended)), "")
    same = {"stop_sequence": "end", "pause": "end", "context": "length"}
    reason = "tools" if whole and end not in {"refusal", "length", "context"} else same.get(end, end)
    return text, thoughts, sorted(whole), reason


def _in_one_line(text: bytes) -> bytes:
    """Return JSON as it is written: an escape stands for what ends a line somewhere, and means the same."""
    return text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029").replace(b"\xc2\x85", b"\\u0085")
