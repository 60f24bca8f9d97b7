"""A count in place of an answer: what is asked, and what is taken for a count."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import Abilities, BadRequest, Headers, Usage, chat
from korproxy.builtin.dialects.messages_format.translator import MessagesTranslator
from korproxy.builtin.dialects.operations.counting import Counting

PATH = "/v1/messages/count_tokens"
TARGET = chat.Target(model="m", stream=False, abilities=Abilities())
COUNTING = Counting(
    inner=MessagesTranslator(),
    read=MessagesTranslator().read_request,
    ask=lambda body, target: b"%b of %b" % (target.model.encode(), body),
    member="input_tokens",
    about={"object": "count"},
)
ASKED = chat.Asked(model="m")


def test_nobody_streams_a_count() -> None:
    body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'

    assert COUNTING.read_request(PATH, body, chat.Report())[1].stream is False


def test_wishes_about_the_answer_are_not_asked_and_not_lost() -> None:
    pointers = {"choices": "/n", "seed": "/seed", "max_tokens": "/max_tokens", "logprobs": "/logprobs", "user": "/user"}
    options = chat.Options(choices=3, seed=7, max_tokens=10**9, logprobs=True, user="u", stop=("a",), pointers=pointers)
    conversation = chat.Conversation(turns=(chat.Turn(role="user", parts=(chat.Text(text="hi"),)),), options=options)
    report = chat.Report()
    written = COUNTING.write_request(conversation, TARGET, report)
    front, _, body = written.body.partition(b" of ")

    assert front == b"m"
    assert json.loads(body) == {
        "model": "m",
        "max_tokens": 32000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert report.notes == []


def test_how_much_to_think_and_a_schema_for_the_answer_are_asked() -> None:
    thinking = chat.Thinking(budget=2000)
    output = chat.OutputFormat(kind="schema", schema={"type": "object", "properties": {}, "additionalProperties": False})
    conversation = chat.Conversation(
        turns=(chat.Turn(role="user", parts=(chat.Text(text="hi"),)),), options=chat.Options(thinking=thinking, output=output)
    )
    target = chat.Target(model="m", stream=False, abilities=Abilities(reasoning="budget"))
    body = json.loads(COUNTING.write_request(conversation, target, chat.Report()).body.partition(b" of ")[2])

    assert body["thinking"]["budget_tokens"] == 2000
    assert body["output_config"]["format"]["type"] == "json_schema"


@given(st.integers(0, 2**53))
def test_a_count_comes_back_as_it_came(count: int) -> None:
    answer = COUNTING.read_answer(json.dumps({"input_tokens": count, "more": [1]}).encode())

    assert answer == chat.Answer(ending=chat.Ending(reason="end"), usage=Usage(tokens_in=count))
    assert json.loads(COUNTING.write_answer(answer, ASKED)) == {"object": "count", "input_tokens": count}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the answer is no JSON"),
        (b"<html>", "the answer is no JSON"),
        (b"[]", "the answer has no content"),
        (b"{}", "the answer has no content"),
        (b'{"content": []}', "the answer has no number of tokens in input_tokens"),
        (b'{"input_tokens": true, "content": []}', "the answer has no number of tokens in input_tokens"),
        (b'{"input_tokens": -1, "content": []}', "the answer has no number of tokens in input_tokens"),
    ],
)
def test_what_is_no_count_is_not_made_one(body: bytes, why: str) -> None:
    with pytest.raises(chat.Unreadable) as caught:
        COUNTING.read_answer(body)

    assert str(caught.value) == why


def test_an_error_with_a_good_status_is_seen() -> None:
    with pytest.raises(chat.AnswerIsError) as caught:
        COUNTING.read_answer(b'{"type": "error", "error": {"type": "overloaded_error", "message": "Busy."}}')

    assert (caught.value.error.kind, caught.value.error.message) == ("overloaded", "Busy.")


def test_the_rest_is_that_of_the_chat_format() -> None:
    directions = COUNTING.directions()
    error = directions.read_error(404, Headers(), b'{"error": {"type": "not_found_error", "message": "No model."}}')

    assert directions.write_error(error)[0] == 404
    assert list(directions.stream_reader().finish()) == []
    assert b"event: error" in directions.stream_writer(ASKED).write(chat.Failed(error))
    with pytest.raises(BadRequest):
        directions.read_request(PATH, b"{}", chat.Report())
