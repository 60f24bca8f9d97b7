from __future__ import annotations

import pytest
from msgspec import structs

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.chat.parts import Seal
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.passage import Unchanged, cut_off
from korproxy.models.outcome import Usage

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def late(exc: KorproxyError, behind: bytes) -> bytes:
    return f"<{exc.code}>".encode()


def unchanged(*, stream: bool, refused: bool = False) -> Unchanged:
    reader = OpenAIChat().reader(stream=stream)
    return Unchanged(provider="one", reader=reader, cutter=FrameCutter() if stream else None, late_error=late, refused=refused)


def test_a_stream_passes_in_whole_events_and_is_final_at_its_last_one() -> None:
    passage = unchanged(stream=True)

    assert [passage.feed(EVENT[:9]), passage.feed(EVENT[9:] + DONE[:3])] == [b"", EVENT]
    assert (passage.is_stream, passage.final, passage.failed) == (True, False, False)
    assert passage.feed(DONE[3:]) == DONE
    assert passage.final
    assert passage.end() == b""


@pytest.mark.code("KP-NET-309")
def test_a_stream_without_its_end_is_not_whole() -> None:
    passage = unchanged(stream=True)
    passage.feed(EVENT)
    with pytest.raises(ProviderLost) as caught:
        passage.end()

    assert caught.value.code == "KP-NET-309"
    assert str(caught.value) == str(cut_off("one"))
    assert passage.last_words(caught.value) == b"<KP-NET-309>"


def test_a_refusal_that_comes_as_events_needs_no_end() -> None:
    passage = unchanged(stream=True, refused=True)
    passage.feed(DONE)

    assert (passage.final, passage.end()) == (False, b"")


def test_a_plain_answer_passes_cut_as_it_comes_and_has_no_last_words() -> None:
    passage = unchanged(stream=False)
    pieces = [b'{"choices":[],"usage":', b'{"prompt_tokens":1,"completion_tokens":2}}']

    assert [passage.feed(each) for each in pieces] == pieces
    assert passage.end() == b""
    assert (passage.is_stream, passage.usage) == (False, Usage(tokens_in=1, tokens_out=2))
    assert passage.last_words(cut_off("one")) == b""


def test_status_and_headers_are_the_providers_own_and_no_event_stands_for_a_refusal() -> None:
    passage = unchanged(stream=True)
    headers = [(b"content-type", b"text/event-stream")]

    assert (passage.status, passage.headers(headers), passage.as_event(), passage.broken) == (None, headers, b"", None)


def test_seals_are_told_as_they_come_each_once() -> None:
    told: list[Seal] = []
    event = b'data: {"choices":[{"delta":{"tool_calls":[{"extra_content":{"google":{"thought_signature":"%b"}}}]}}]}\n\n'
    passage = structs.replace(unchanged(stream=True), note=told.extend)
    counts = []
    for piece in (event % b"QQ==", EVENT, (event % b"Qg==")[:-2], b"\n\n", DONE):
        passage.feed(piece)
        counts.append(len(told))
    passage.end()

    assert counts == [1, 1, 1, 2, 2]
    assert told == [Seal(family="google", data="QQ=="), Seal(family="google", data="Qg==")]


def test_seals_of_a_plain_answer_are_told_at_its_end() -> None:
    told: list[Seal] = []
    passage = structs.replace(unchanged(stream=False), note=told.extend)
    passage.feed(b'{"choices":[{"message":{"reasoning_details":[{"format":"openai-responses-v1","data":"gAAA"}]}}]}')
    before = list(told)
    passage.end()

    assert (before, told) == ([], [Seal(family="openai", data="gAAA")])


def test_a_reader_that_knows_nothing_of_seals_will_do() -> None:
    class Old:
        usage = Usage()
        ended = final = failed = False

        def feed(self, chunk: bytes) -> None: ...

        def finish(self) -> None: ...

    passage = structs.replace(unchanged(stream=False), reader=Old())

    assert (passage.feed(b"{}"), passage.end()) == (b"{}", b"")
