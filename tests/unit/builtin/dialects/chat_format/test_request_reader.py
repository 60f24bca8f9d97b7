"""A client's request as a whole."""

from __future__ import annotations

import json

import pytest

from korproxy.api import BadRequest, chat
from korproxy.builtin.dialects.chat_format.request_reader import read_request
from tests.unit.builtin.dialects.chat_format.said import asked, read, text, user

FUNCTION = {"type": "function", "function": {"name": "read"}}


def test_the_smallest_request_is_read() -> None:
    report = chat.Report()
    body = b'{"model": "gpt-x", "messages": [{"role": "user", "content": "Hi"}]}'

    assert read_request(body, report) == (chat.Conversation(turns=(user(text("Hi")),)), chat.Asked(model="gpt-x"))
    assert report.notes == []


def test_what_the_answer_needs_is_remembered() -> None:
    patch = {"type": "custom", "custom": {"name": "patch"}}

    assert asked(stream=True, stream_options={"include_usage": True}, tools=[FUNCTION, patch]) == chat.Asked(
        model="gpt-x", stream=True, usage=True, freeform=frozenset({"patch"})
    )


def test_tools_of_old_are_answered_as_of_old_one_at_a_time() -> None:
    functions = [{"name": "read"}]
    conversation, _ = read(functions=functions)

    assert (asked(functions=functions).legacy, conversation.options.parallel) == (True, False)
    assert (asked(functions=functions, tools=[FUNCTION]).legacy, asked(tools=[FUNCTION]).legacy) == (False, False)


@pytest.mark.parametrize(
    ("options", "stream", "usage", "note"),
    [
        ({"include_usage": True}, True, True, []),
        ({"include_usage": False}, True, False, []),
        ({"include_usage": True}, False, False, [("/stream_options", "lost")]),
        ({"include_obfuscation": True}, True, False, [("/stream_options/include_obfuscation", "mapped")]),
        ({"mood": "merry"}, True, False, [("/stream_options/mood", "lost")]),
    ],
)
def test_edge_66_options_of_a_stream_count_for_streams_only(
    options: object, stream: bool, usage: bool, note: list[tuple[str, str]]
) -> None:
    _, notes = read(stream=stream, stream_options=options)

    assert (asked(stream=stream, stream_options=options).usage, notes) == (usage, note)


def test_fields_that_nobody_knows_are_lost_and_not_refused() -> None:
    _, notes = read(transforms=["middle-out"], mood={"merry": True}, nothing=None)

    assert notes == [("/transforms", "lost"), ("/mood", "lost")]


def test_half_a_surrogate_pair_is_replaced() -> None:
    body = b'{"model": "m", "messages": [{"role": "user", "content": "cut \\ud83d"}]}'
    conversation, _ = read_request(body, chat.Report())

    assert conversation.turns == (user(text("cut \ufffd")),)


@pytest.mark.code("KP-SYS-509")
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not a JSON object: "),
        (b"{", "The body is not a JSON object: "),
        (b"[" * 100_000, "The body is not a JSON object: it is nested too deeply."),
        (b"[]", "The body is not a JSON object but of the type list."),
        (b'{"model": "m"}', "The body is not a request of this format: `messages` must be a list."),
        (b'{"model": "m", "messages": "Hi"}', "The body is not a request of this format: `messages` must be a list."),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(body, chat.Report())

    assert refused.value.code == "KP-SYS-509"
    assert refused.value.detail.startswith(detail)


@pytest.mark.code("KP-SYS-519")
@pytest.mark.parametrize("model", [None, "", 7])
def test_a_request_names_its_model(model: object) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(json.dumps({"model": model, "messages": []}).encode(), chat.Report())

    assert refused.value.code == "KP-SYS-519"
