from __future__ import annotations

import pytest

from korproxy.builtin.dialects.openai_chat import OpenAIChat
from korproxy.errors.exceptions import KorproxyError, ProviderLost
from korproxy.gateway.frames import FrameCutter
from korproxy.gateway.passage import Unchanged, cut_off
from korproxy.models.outcome import Usage

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def late(exc: KorproxyError) -> bytes:
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
