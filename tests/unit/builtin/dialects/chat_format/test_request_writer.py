"""A request as a whole, written; and what it is when it is read again."""

from __future__ import annotations

import json

from hypothesis import given

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.request_reader import read_request
from korproxy.builtin.dialects.chat_format.request_writer import write_request
from tests.fakes.conversations import conversations
from tests.fakes.sayable import EVERYTHING, sayable
from tests.unit.builtin.dialects.chat_format.said import OPENAI, PLAIN, asking, assistant, call, result, text, user, write


def test_the_smallest_request_is_written() -> None:
    assert write(asking()) == ({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}, [])


def test_edge_66_options_of_a_stream_go_with_streams_only() -> None:
    body, _ = write(asking(), stream=True)

    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert write(asking())[0].keys().isdisjoint({"stream", "stream_options"})


def test_a_name_that_the_format_forbids_is_changed_everywhere_and_can_be_given_back() -> None:
    name = "mcp/server@x y"
    conversation = asking(
        user(text("Hi")),
        assistant(call(name=name)),
        user(result()),
        tools=[chat.Tool(name=name, at="/tools/0")],
        choice=chat.ToolChoice(mode="any", names=(name,)),
    )
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=PLAIN), chat.Report())
    body = json.loads(written.body)

    (sent,) = written.names
    assert written.names == {sent: name}
    assert body["tools"][0]["function"]["name"] == sent
    assert body["tool_choice"]["function"]["name"] == sent
    assert body["messages"][1]["tool_calls"][0]["function"]["name"] == sent


def test_thinking_and_options_stand_beside_the_tools() -> None:
    body, notes = write(asking(tools=[chat.Tool(name="read")], max_tokens=9, thinking=chat.Thinking(effort="high")), OPENAI)

    assert body.keys() == {"model", "max_completion_tokens", "reasoning_effort", "tools", "messages"}
    assert notes == []


@given(sayable())
def test_what_the_format_can_say_is_read_back_as_it_was(conversation: chat.Conversation) -> None:
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=EVERYTHING), report)
    again, _ = read_request(written.body, report)

    assert report.losses == ()
    assert chat.merge(again.turns) == conversation.turns
    assert (again.tools, again.choice) == (conversation.tools, conversation.choice)


@given(conversations())
def test_any_conversation_is_written_the_same_each_time_or_refused(conversation: chat.Conversation) -> None:
    target = chat.Target(model="m", stream=True, abilities=EVERYTHING)
    try:
        written = write_request(conversation, target, chat.Report())
    except chat.CannotCarry:
        return

    assert write_request(conversation, target, chat.Report()) == written
    assert json.loads(written.body)["model"] == "m"
