"""Whole requests for providers, and the way there and back."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from korproxy.api import chat
from korproxy.builtin.dialects.messages_format.request_reader import read_request
from korproxy.builtin.dialects.messages_format.request_writer import write_request
from tests.unit.builtin.dialects.messages_format.said import (
    NEW,
    OLD,
    PDF,
    PNG,
    asking,
    assistant,
    call,
    result,
    text,
    user,
    write,
)

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def test_a_request_is_written() -> None:
    system = chat.Turn(role="system", parts=(text("Be kind."),))
    conversation = attrs.evolve(asking(system, user(text("Hi")), max_tokens=99), tools=(chat.Tool(name="Read", schema=SCHEMA),))

    assert write(conversation, stream=True) == (
        {
            "model": "claude-y",
            "max_tokens": 99,
            "stream": True,
            "system": [{"type": "text", "text": "Be kind."}],
            "tools": [{"name": "Read", "input_schema": SCHEMA}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        },
        [],
    )


def test_edge_66_a_plain_request_says_nothing_of_streams() -> None:
    assert "stream" not in write(asking())[0]


def test_edge_32_ids_fit_in_calls_and_in_results() -> None:
    body, _ = write(asking(user(text("q")), assistant(call("fs.readFile:0")), user(result("fs.readFile:0"))))

    assert body["messages"][1]["content"][0]["id"] == "fs_readFile_0"
    assert body["messages"][2]["content"][0]["tool_use_id"] == "fs_readFile_0"


def test_edge_33_and_34_names_fit_and_can_be_given_back() -> None:
    tools = tuple(chat.Tool(name=name, schema=SCHEMA) for name in ("mcp/server@x y", "mcp/server@x z", "fine"))
    turns = (user(text("q")), assistant(call("a", "mcp/server@x y")), user(result("a")))
    choice = chat.ToolChoice(mode="any", names=("mcp/server@x z",))
    written = write_request(
        attrs.evolve(asking(*turns), tools=tools, choice=choice),
        chat.Target(model="m", stream=False, abilities=OLD),
        chat.Report(),
    )
    body = json.loads(written.body)
    names = [each["name"] for each in body["tools"]]

    assert [written.names.get(each, each) for each in names] == ["mcp/server@x y", "mcp/server@x z", "fine"]
    assert body["messages"][1]["content"][0]["name"] == names[0]
    assert body["tool_choice"] == {"type": "tool", "name": names[1]}


def test_a_name_of_128_characters_fits() -> None:
    tool = chat.Tool(name="n" * 128, schema=SCHEMA)

    assert write(attrs.evolve(asking(), tools=(tool,)))[0]["tools"][0]["name"] == "n" * 128


def test_arguments_reach_the_provider_as_they_were_written() -> None:
    conversation = asking(user(text("q")), assistant(call("a", arguments='{"n": 1.10, "big": 1e400}')), user(result("a")))
    written = write_request(conversation, chat.Target(model="m", stream=False, abilities=OLD), chat.Report())

    assert b'"input":{"n": 1.10, "big": 1e400}' in written.body


def test_the_effort_and_the_form_of_the_answer_stand_together() -> None:
    exact = {"type": "object", "properties": {}, "additionalProperties": False}
    output = chat.OutputFormat(kind="schema", schema=exact)
    body, _ = write(asking(thinking=chat.Thinking(effort="low"), output=output), NEW)

    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": exact}}


def test_thinking_is_off_where_a_tool_must_be_called_or_its_thinking_is_missing() -> None:
    thinking = {"max_tokens": 9000, "thinking": chat.Thinking(budget=2048)}
    tools = (chat.Tool(name="Read", schema=SCHEMA),)
    forced, _ = write(attrs.evolve(asking(**thinking), tools=tools, choice=chat.ToolChoice(mode="any")))
    unsealed, _ = write(asking(user(text("q")), assistant(call("a")), user(result("a")), **thinking))

    assert (forced["thinking"], unsealed["thinking"]) == ({"type": "disabled"}, {"type": "disabled"})


def test_marks_are_counted_over_tools_system_and_messages() -> None:
    mark = chat.CacheMark(at="/m")
    marked = chat.Text(text="a", cache=mark)
    system = chat.Turn(role="system", parts=(marked,))
    tools = (chat.Tool(name="Read", schema=SCHEMA, cache=mark),)
    body, notes = write(attrs.evolve(asking(system, user(marked, marked, marked)), tools=tools))

    assert "cache_control" not in body["tools"][0]
    assert "cache_control" in body["system"][0]
    assert notes == [("/m", "lost")]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda each: bool(each.strip()))
LINES = WORDS.map(str.strip)  # nothing that Anthropic would have cut off at the end
MARKS = st.none() | st.just(chat.CacheMark())
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=12)
OBJECTS = st.dictionaries(WORDS, st.integers() | WORDS | st.none() | st.booleans(), max_size=3).map(json.dumps)
TEXTS = st.builds(lambda words: chat.Text(text=words), LINES)
IMAGES = st.sampled_from(
    [
        chat.Image(blob=chat.Blob(media_type="image/png", data=PNG)),
        chat.Image(blob=chat.Blob(url="https://a.example/b.png")),
    ]
)
DOCUMENTS = st.one_of(
    st.just(chat.Document(blob=chat.Blob(media_type="application/pdf", data=PDF), title="a.pdf")),
    st.builds(lambda words, title: chat.Document(text=words, title=title, context=title), WORDS, st.none() | WORDS),
)
SEALED = st.builds(lambda words, data: chat.Reasoning(text=words, seal=chat.Seal(family="anthropic", data=data)), WORDS, NAMES)
TOOLS = st.builds(
    lambda name, words, cache: chat.Tool(name=name, description=words, schema=SCHEMA, cache=cache),
    NAMES,
    st.none() | WORDS,
    MARKS,
)
CHOICES = [chat.ToolChoice(mode="auto"), chat.ToolChoice(mode="none"), chat.ToolChoice(mode="any")]
WISHED: list[chat.Effort | None] = [None, "low", "medium", "high", "xhigh", "max"]


@st.composite
def conversations(draw: st.DrawFn) -> chat.Conversation:
    """Return a conversation that the format can say as it is."""
    turns: list[chat.Turn] = []
    system = draw(st.lists(TEXTS, max_size=2))
    if system:
        turns.append(chat.Turn(role="system", parts=tuple(system)))
    calls = 0
    results: list[chat.Part] = []
    for _ in range(draw(st.integers(1, 3))):
        said = draw(st.lists(TEXTS | IMAGES | DOCUMENTS, min_size=0 if results else 1, max_size=3))
        turns.append(user(*results, *said))
        made = draw(st.lists(OBJECTS, max_size=2))
        ids = [f"toolu_{calls + number}" for number in range(len(made))]
        calls += len(made)
        spoken: list[chat.Part] = [*draw(st.lists(SEALED, max_size=1)), draw(TEXTS)]
        turns.append(assistant(*spoken, *(call(id_, draw(NAMES), each) for id_, each in zip(ids, made, strict=True))))
        results = [
            chat.ToolResult(call_id=id_, parts=tuple(draw(st.lists(TEXTS | IMAGES, max_size=2))), error=draw(st.booleans()))
            for id_ in ids
        ]
    turns.append(user(*results, draw(TEXTS)))
    tools = draw(st.lists(TOOLS, max_size=3, unique_by=lambda each: each.name))
    choice = draw(st.none() | st.sampled_from(CHOICES)) if tools else None
    return chat.Conversation(turns=tuple(turns), tools=tuple(tools), choice=choice, options=draw(wishes()))


@st.composite
def wishes(draw: st.DrawFn) -> chat.Options:
    """Return wishes that a newer model takes as they are."""
    effort = draw(st.sampled_from(WISHED))
    thinking = st.builds(lambda shown: chat.Thinking(effort=effort, shown=shown), st.booleans())
    return chat.Options(
        max_tokens=draw(st.integers(1, 128_000)),
        stop=tuple(draw(st.lists(WORDS, max_size=2))),
        thinking=draw(st.none() | thinking | st.just(chat.Thinking(effort="none"))),
        user=draw(st.none() | WORDS),
        tier=draw(st.sampled_from([None, "auto", "standard_only"])),
    )


@given(conversations())
def test_what_the_format_can_say_is_the_same_after_there_and_back(conversation: chat.Conversation) -> None:
    report = chat.Report()
    abilities = attrs.evolve(NEW, forced_tools="always")
    written = write_request(conversation, chat.Target(model="m", stream=True, abilities=abilities), report)
    found, asked = read_request(written.body, report)

    assert found == conversation
    assert asked == chat.Asked(model="m", stream=True)
    assert report.notes == []


@given(conversations())
def test_what_is_written_for_an_old_model_is_what_the_mock_takes(conversation: chat.Conversation) -> None:
    anthropic_checks = pytest.importorskip("korproxy_mock.anthropic_checks")
    body: dict[str, Any] = write(_unthought(conversation), attrs.evolve(OLD, reasoning="budget"))[0]

    anthropic_checks.check({**body, "model": "claude-sonnet-4-5"})


def _unthought(conversation: chat.Conversation) -> chat.Conversation:
    """Return *conversation* without reasoning, whose seals the mock would know to be made up."""
    turns = tuple(
        attrs.evolve(turn, parts=tuple(each for each in turn.parts if not isinstance(each, chat.Reasoning)))
        for turn in conversation.turns
    )
    return attrs.evolve(conversation, turns=turns)
