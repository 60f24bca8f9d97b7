"""Completions as a whole: the client's half is there, and the provider's half says that it is not."""

from __future__ import annotations

import pytest

from korproxy.api import Abilities, Headers, chat
from korproxy.builtin.dialects.completions_format.translator import CompletionsTranslator

TRANSLATOR = CompletionsTranslator()


def test_the_clients_half_is_there() -> None:
    conversation, asked = TRANSLATOR.read_request("", b'{"model": "m", "prompt": "x"}', chat.Report())
    error = TRANSLATOR.read_error(503, Headers(), b'{"error": {"message": "Busy."}}')
    answer = chat.Answer(parts=(chat.Text(text="y"),), ending=chat.Ending(reason="end"))

    assert conversation.turns[0].role == "user"
    assert b'"text":"y"' in TRANSLATOR.write_answer(answer, asked)
    assert TRANSLATOR.stream_writer(asked).keep_alive() != b""
    assert TRANSLATOR.write_error(error)[0] == 503


def test_no_provider_is_asked_in_this_format() -> None:
    target = chat.Target(model="m", stream=False, abilities=Abilities())
    with pytest.raises(chat.CannotCarry):
        TRANSLATOR.write_request(chat.Conversation(turns=()), target, chat.Report())
    with pytest.raises(chat.Unreadable):
        TRANSLATOR.read_answer(b"{}")
    with pytest.raises(chat.Unreadable):
        TRANSLATOR.stream_reader()
