"""A request in no format."""

from __future__ import annotations

import attrs

from korproxy.api import chat

SECRET = "what the user wrote"


def test_functions_are_the_tools_that_the_client_runs() -> None:
    tools = (chat.Tool(name="a"), chat.HostedTool(kind="web_search"), chat.Tool(name="b"))
    assert chat.Conversation(turns=(), tools=tools).functions == [tools[0], tools[2]]


def test_what_the_client_did_not_say_is_none_or_empty() -> None:
    said = attrs.asdict(chat.Options())
    assert {key for key, value in said.items() if value not in (None, (), {})} == set()
    assert (chat.Thinking().effort, chat.Thinking().budget, chat.Thinking().shown) == (None, None, None)


def test_options_know_where_they_stood_and_are_equal_wherever() -> None:
    options = chat.Options(max_tokens=5, pointers={"max_tokens": "/max_tokens"})
    assert options == chat.Options(max_tokens=5)
    assert options.pointers["max_tokens"] == "/max_tokens"


def test_efforts_rise() -> None:
    assert ("none", *chat.BUDGETS) == chat.EFFORTS
    assert sorted(chat.BUDGETS.values()) == list(chat.BUDGETS.values())


def test_no_content_is_in_a_repr() -> None:
    tool = chat.Tool(name="a", description=SECRET, schema={"title": SECRET}, grammar=SECRET)
    output = chat.OutputFormat(kind="schema", schema={"title": SECRET}, description=SECRET)
    turn = chat.Turn(role="user", parts=(chat.Text(text=SECRET),))
    asked = chat.Conversation(turns=(turn,), tools=(tool,), options=chat.Options(output=output))
    assert SECRET not in repr(asked)
