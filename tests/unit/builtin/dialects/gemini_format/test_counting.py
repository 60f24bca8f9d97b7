"""A request of Gemini's as a question for its tokens, and such a question read."""

from __future__ import annotations

import pytest

from korproxy.api import Abilities, BadRequest, chat
from korproxy.builtin.dialects.gemini_format.counting import ask, read_question

PATH = "/v1beta/models/m:countTokens"


def test_the_question_names_the_model_once_more() -> None:
    target = chat.Target(model="tunedModels/mine", stream=False, abilities=Abilities())

    assert ask(b'{"contents":[{"x":1.10}]}', target) == (
        b'{"generateContentRequest":{"model":"tunedModels/mine","contents":[{"x":1.10}]}}'
    )


def test_places_in_a_whole_request_are_told_from_the_body_down() -> None:
    report = chat.Report()
    body = b'{"generateContentRequest":{"contents":[{"parts":[{"text":"hi","odd":1}]}],"labels":{}},"contents":[1]}'
    conversation, _ = read_question(PATH, body, report)

    assert conversation.turns[0].at == "/generateContentRequest/contents/0"
    assert report.losses == (
        "/contents",
        "/generateContentRequest/contents/0/parts/0/odd",
        "/generateContentRequest/labels",
    )


def test_arguments_in_a_whole_request_stay_as_they_were_written() -> None:
    call = b'{"functionCall":{"name":"f","args":{"a":1.10,"b":1e400}}}'
    body = b'{"x":"\\ud83d","generateContentRequest":{"contents":[{"role":"model","parts":[' + call + b"]}]}}"
    [turn] = read_question(PATH, body, chat.Report())[0].turns

    assert isinstance(turn.parts[0], chat.ToolCall)
    assert turn.parts[0].arguments == '{"a":1.10,"b":1e400}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"generateContentRequest":{}}', b'{"generateContentRequest":[]}'])
def test_what_is_no_question_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_question(PATH, body, chat.Report())

    assert caught.value.code == "KP-SYS-509"
