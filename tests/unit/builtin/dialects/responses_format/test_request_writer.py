"""A whole request for a provider, from the neutral model."""

from __future__ import annotations

import json
from itertools import zip_longest

import attrs
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from korproxy_mock.record import Received
from korproxy_mock.replies import Rules, reply_to
from korproxy_mock.server import FORMATS

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.request_reader import read_request
from korproxy.builtin.dialects.responses_format.request_writer import write_request
from korproxy.builtin.providers import codex
from tests.fakes.conversations import conversations
from tests.fakes.sayable import EVERYTHING, sayable
from tests.fakes.settings import configured
from tests.unit.builtin.dialects.responses_format.talk import (
    OPENAI,
    PLAIN,
    SEAL,
    asking,
    assistant,
    call,
    called,
    input_text,
    message,
    output_text,
    result,
    system,
    text,
    thought,
    user,
    write,
)
from tests.unit.builtin.dialects.responses_format.talk import (
    given as gave,
)

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
READ = chat.Tool(name="read", schema=SCHEMA)
HI = user(text("Hi"))
CALLS = {"function_call", "custom_tool_call"}


def test_a_whole_request() -> None:
    said = (system(text("Be kind.")), HI, assistant(thought(), text("So."), call("a")), user(result("a")))
    conversation = asking(*said, tools=[READ], max_tokens=100, thinking=chat.Thinking(effort="high"))

    assert write(conversation, stream=True) == (
        {
            "model": "m",
            "stream": True,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "max_output_tokens": 100,
            "reasoning": {"effort": "high", "summary": "auto"},
            "tools": [{"type": "function", "name": "read", "parameters": SCHEMA, "strict": False}],
            "instructions": "Be kind.",
            "input": [
                message("user", input_text("Hi")),
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": SEAL.data},
                message("assistant", output_text("So.")),
                called("a"),
                gave("a"),
            ],
        },
        [],
    )


def test_the_smallest_request_stores_nothing_and_asks_who_does_not_reason_for_no_reasoning() -> None:
    assert write(asking(), PLAIN) == ({"model": "m", "store": False, "input": [message("user", input_text("Hi"))]}, [])


@pytest.mark.parametrize("effort", [None, "high"])
def test_edge_91_tools_are_sent_while_the_model_reasons(effort: chat.Effort | None) -> None:
    thinking = None if effort is None else chat.Thinking(effort=effort, shown=False)
    body, notes = write(asking(tools=[READ], thinking=thinking), attrs.evolve(OPENAI, tools_while_reasoning=False))

    assert len(body["tools"]) == 1
    assert body.get("reasoning") == (None if effort is None else {"effort": effort})
    assert notes == []


def test_edge_92_tools_are_sent_to_a_model_that_always_reasons() -> None:
    always = attrs.evolve(OPENAI, efforts=("low", "medium", "high", "xhigh", "max"), reasoning_off=False)
    body, notes = write(asking(tools=[READ], thinking=chat.Thinking(effort="none")), always)

    assert (len(body["tools"]), body["reasoning"]["effort"], notes) == (1, "low", [("/thinking", "mapped")])


def test_edge_33_and_34_names_that_openai_forbids_are_changed_everywhere_and_can_be_given_back() -> None:
    names = ("mcp/server@x y", "mcp.server.x.y", "a_long_name_" * 8)
    conversation = asking(
        HI,
        assistant(*(call(f"c{at}", name) for at, name in enumerate(names))),
        tools=[chat.Tool(name=each) for each in names],
        choice=chat.ToolChoice(mode="any", names=names[:1]),
    )
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=OPENAI), chat.Report())
    body = json.loads(written.body)

    new = [each["name"] for each in body["tools"]]
    assert [written.names[each] for each in new] == list(names)
    assert [each["name"] for each in body["input"] if each["type"] == "function_call"] == new
    assert body["tool_choice"] == {"type": "function", "name": new[0]}
    assert max(map(len, new)) <= 64


@given(sayable())
def test_what_was_written_reads_as_it_was(conversation: chat.Conversation) -> None:
    options = attrs.evolve(conversation.options, stop=())  # the format has none
    conversation = attrs.evolve(conversation, options=options)
    report = chat.Report()
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=EVERYTHING), report)
    again, asked = read_request(written.body, report)

    assert report.losses == ()
    assert asked.model == "m"
    assert _said(again) == _said(conversation)


def _said(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* without what is always said: whether schemas are strict, how a form is called, what is shown."""
    options, tools = conversation.options, conversation.functions
    thinking, output = options.thinking, options.output
    if thinking is not None:
        thinking = attrs.evolve(thinking, shown=None)
    if output is not None:
        output = attrs.evolve(output, name=None)
    return attrs.evolve(
        conversation,
        turns=chat.merge(conversation.turns),
        tools=tuple(attrs.evolve(each, strict=each.strict or None) for each in tools),
        options=attrs.evolve(options, thinking=thinking, output=output),
    )


@given(conversations(), st.sampled_from(["gpt-6-sol", "gpt-6.2-astra", "gpt-5.4", "gpt-5-mini", "gpt-4o", "o3"]))
def test_whatever_is_written_is_what_openai_takes(conversation: chat.Conversation, model: str) -> None:
    (provider,) = codex.korproxy_providers(configured("codex"))
    target = chat.Target(model=model, stream=False, abilities=provider.abilities(model))
    try:
        body = write_request(conversation, target, chat.Report()).body
    except chat.CannotCarry:
        reject()
    key = [("authorization", "Bearer k")]
    reply = reply_to(
        Received(method="POST", path="/v1/responses", headers=key, body=body), 1, FORMATS, Rules(), lambda *_: None
    )
    code = None if reply.status == 200 else json.loads(reply.body)["error"]["code"]

    said = "invalid_encrypted_content" if json.loads(body)["input"] else "missing_required_parameter"  # seals are made up here
    assert code in {None, said}


@given(conversations(), st.sampled_from([OPENAI, PLAIN, EVERYTHING]))
def test_whatever_is_written_keeps_the_rules_of_the_format(conversation: chat.Conversation, abilities: Abilities) -> None:
    try:
        written = write_request(conversation, chat.Target(model="m", stream=False, abilities=abilities), chat.Report())
    except chat.CannotCarry:
        reject()
    body = json.loads(written.body)
    calls = [each["call_id"] for each in body["input"] if each["type"] in CALLS]
    outputs = [each["call_id"] for each in body["input"] if each["type"].endswith("_output")]

    assert sorted(calls) == sorted(outputs) == sorted(set(calls))
    assert all(0 < len(each) <= 64 for each in calls)
    seen: set[str] = set()
    for item, following in zip_longest(body["input"], body["input"][1:], fillvalue={"type": "nothing"}):
        assert "id" not in item
        if item["type"] in CALLS:
            seen.add(item["call_id"])
        elif item["type"].endswith("_output"):
            assert item["call_id"] in seen
        elif item["type"] == "reasoning":
            assert following["type"] in {"reasoning", *CALLS} or following["role"] == "assistant"
        else:
            assert item["content"]
    for tool in body.get("tools", ()):
        assert tool["type"] == "web_search" or 0 < len(tool["name"]) <= 64
    again, _ = read_request(written.body, chat.Report())
    assert again.turns or not body["input"]
