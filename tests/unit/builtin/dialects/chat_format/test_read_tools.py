"""Tools and the choice among them."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.chat_format.said import read

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}


def tools(*said: dict[str, Any]) -> tuple[chat.Tool | chat.HostedTool, ...]:
    conversation, notes = read(tools=list(said))
    assert notes == []
    return conversation.tools


def test_a_function_is_read_with_all_that_it_has() -> None:
    function = {"name": "read", "description": "Reads", "parameters": SCHEMA, "strict": True}
    (tool,) = tools({"type": "function", "function": function, "cache_control": {"type": "ephemeral"}})

    assert tool == chat.Tool(name="read", description="Reads", schema=SCHEMA, strict=True, cache=chat.CacheMark())
    assert tool.at == "/tools/0"
    assert isinstance(tool, chat.Tool)
    assert tool.pointers == {"schema": "/tools/0/function/parameters", "strict": "/tools/0/function/strict"}


@pytest.mark.parametrize(
    "said",
    [
        {"type": "function", "function": {"name": "read"}},
        {"function": {"name": "read"}},
        {"type": "function", "name": "read"},
        {"type": "function", "function": {"name": "read", "description": None, "parameters": None, "strict": None}},
    ],
)
def test_a_name_is_enough(said: dict[str, Any]) -> None:
    assert tools(said) == (chat.Tool(name="read"),)


def test_custom_tools_are_called_with_bare_text() -> None:
    grammar = {"type": "grammar", "grammar": {"definition": "start: WORD", "syntax": "lark"}}
    said = [
        {"type": "custom", "custom": {"name": "patch", "description": "Patches", "format": grammar}},
        {"type": "custom", "custom": {"name": "note", "format": {"type": "text"}}},
        {"type": "custom", "custom": {"name": "say"}},
    ]

    assert tools(*said) == (
        chat.Tool(name="patch", description="Patches", freeform=True, grammar="lark grammar:\nstart: WORD"),
        chat.Tool(name="note", freeform=True),
        chat.Tool(name="say", freeform=True),
    )


def test_a_form_of_input_that_nobody_knows_is_lost() -> None:
    conversation, notes = read(tools=[{"type": "custom", "custom": {"name": "say", "format": {"type": "song"}}}])

    assert conversation.tools == (chat.Tool(name="say", freeform=True),)
    assert notes == [("/tools/0/custom/format", "lost")]


def test_other_tools_are_run_by_the_provider() -> None:
    said = {"type": "code_interpreter", "container": "auto"}

    assert tools(said) == (chat.HostedTool(kind="code_interpreter", settings={"container": "auto"}, at="/tools/0"),)


def test_a_search_among_the_tools_is_one_as_in_the_responses_api() -> None:
    found = tools({"type": "web_search", "search_context_size": "low", "user_location": {"city": "Graz"}})

    settings = {"search_context_size": "low", "user_location": {"city": "Graz"}}
    assert found == (chat.HostedTool(kind="web_search", settings=settings, at="/tools/0"),)


def test_web_search_is_wished_for_in_a_field_of_its_own() -> None:
    place = {"type": "approximate", "approximate": {"city": "Graz", "country": "AT"}}
    conversation, notes = read(web_search_options={"search_context_size": "low", "user_location": place})

    settings = {"search_context_size": "low", "user_location": {"city": "Graz", "country": "AT"}}
    assert conversation.tools == (chat.HostedTool(kind="web_search", settings=settings, at="/web_search_options"),)
    assert notes == []


def test_what_nobody_knows_of_a_search_is_lost() -> None:
    _, notes = read(web_search_options={"depth": 3, "user_location": {"type": "exact", "approximate": {"street": "x"}}})

    at = "/web_search_options"
    assert notes == [
        (f"{at}/user_location/approximate/street", "lost"),
        (f"{at}/user_location/type", "lost"),
        (f"{at}/depth", "lost"),
    ]


def test_functions_of_old_are_tools() -> None:
    conversation, notes = read(functions=[{"name": "read", "parameters": SCHEMA}], function_call={"name": "read"})

    assert conversation.tools == (chat.Tool(name="read", schema=SCHEMA),)
    assert conversation.choice == chat.ToolChoice(mode="any", names=("read",))
    assert (conversation.tools[0].at, conversation.choice.at) == ("/functions/0", "/function_call")
    assert notes == []


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"type": "function", "function": {"description": "Reads"}}, "/tools/0"),
        ({"type": "custom", "custom": {"description": "Reads"}}, "/tools/0"),
        ({"type": "function", "function": {"name": "read", "parameters": "none"}}, "/tools/0/function/parameters"),
        ({"type": "function", "function": {"name": "read", "mood": "merry"}}, "/tools/0/function/mood"),
        ({"type": "function", "function": {"name": "read"}, "mood": "merry"}, "/tools/0/mood"),
    ],
)
def test_what_cannot_be_read_is_lost(said: dict[str, Any], pointer: str) -> None:
    _, notes = read(tools=[said])

    assert (pointer, "lost") in notes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("auto", chat.ToolChoice(mode="auto")),
        ("none", chat.ToolChoice(mode="none")),
        ("required", chat.ToolChoice(mode="any")),
        ({"type": "function", "function": {"name": "a"}}, chat.ToolChoice(mode="any", names=("a",))),
        ({"type": "custom", "custom": {"name": "a"}}, chat.ToolChoice(mode="any", names=("a",))),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [
                        {"type": "function", "function": {"name": "a"}},
                        {"type": "custom", "custom": {"name": "b"}},
                    ],
                },
            },
            chat.ToolChoice(mode="auto", names=("a", "b")),
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "a"}}]},
            },
            chat.ToolChoice(mode="any", names=("a",)),
        ),
        (None, None),
    ],
)
def test_each_choice_is_understood(said: object, expected: chat.ToolChoice | None) -> None:
    conversation, notes = read(tool_choice=said)

    assert (conversation.choice, notes) == (expected, [])


@pytest.mark.parametrize("said", ["some", 7, {"type": "mcp"}, {"type": "function", "function": {}}, {"type": "allowed_tools"}])
def test_a_choice_that_nobody_knows_is_lost(said: object) -> None:
    conversation, notes = read(tool_choice=said)

    assert conversation.choice is None
    assert ("/tool_choice", "lost") in notes


def test_an_allowed_tool_without_a_name_is_lost() -> None:
    said = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {}}]}}
    _, notes = read(tool_choice=said)

    assert notes == [("/tool_choice/allowed_tools/tools/0", "lost")]
