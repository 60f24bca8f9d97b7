"""Tools and the choice among them, written."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.write_tools import write_tools
from tests.unit.builtin.dialects.chat_format.said import OPENAI, PLAIN, QWEN, asking

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
CLOSED = {**SCHEMA, "additionalProperties": False}
READ = chat.Tool(name="read", description="Reads", schema=SCHEMA, at="/tools/0")
LIST = chat.Tool(name="list", at="/tools/1")
SEARCH = chat.HostedTool(kind="web_search", at="/tools/2")


def written(
    *tools: chat.Tool | chat.HostedTool, choice: chat.ToolChoice | None = None, abilities: Abilities = PLAIN, **said: Any
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    report = chat.Report()
    found = write_tools(asking(tools=tools, choice=choice, **said), abilities, report)
    return dict(found.members), [(each.pointer, each.fate) for each in report.notes]


def chosen(mode: Any = "auto", *names: str) -> chat.ToolChoice:
    return chat.ToolChoice(mode=mode, names=names, at="/tool_choice")


def named(*names: str) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": each}} for each in names]


def names_in(members: dict[str, Any]) -> list[str]:
    return [each["function"]["name"] for each in members["tools"]]


def test_a_tool_is_written_with_all_that_it_has() -> None:
    members, notes = written(chat.Tool(name="read", description="Reads", schema=CLOSED, strict=True))

    function = {"name": "read", "description": "Reads", "parameters": CLOSED, "strict": True}
    assert (members, notes) == ({"tools": [{"type": "function", "function": function}]}, [])


@pytest.mark.parametrize(
    ("schema", "strict", "expected", "lost"),
    [
        (SCHEMA, True, None, [("/tools/0/strict", "lost")]),
        (None, True, None, [("/tools/0/strict", "lost")]),
        (SCHEMA, False, False, []),
        (SCHEMA, None, None, []),
        (CLOSED, True, True, []),
    ],
)
def test_a_schema_that_leaves_something_open_is_not_sent_as_a_strict_one(
    schema: Any, strict: bool | None, expected: bool | None, lost: list[tuple[str, str]]
) -> None:
    tool = chat.Tool(name="read", schema=schema, strict=strict, at="/tools/0", pointers={"strict": "/tools/0/strict"})
    members, notes = written(tool)

    assert (members["tools"][0]["function"].get("strict"), notes) == (expected, lost)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"anyOf": [{"type": "object"}]}, {"anyOf": [{"type": "object"}]}),
        (SCHEMA, SCHEMA),
    ],
)
def test_edge_36_a_schema_is_one_of_an_object_with_properties(schema: Any, expected: Any) -> None:
    members, _ = written(chat.Tool(name="read", schema=schema))

    assert members["tools"][0]["function"]["parameters"] == expected


def test_a_tool_that_takes_bare_text_takes_an_object_with_one() -> None:
    members, notes = written(
        chat.Tool(name="patch", description="Patches", freeform=True, grammar="lark grammar:\nstart: A", at="/tools/0"),
        chat.Tool(name="say", freeform=True, grammar="a*", at="/tools/1"),
    )

    text = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    assert [each["function"] for each in members["tools"]] == [
        {
            "name": "patch",
            "description": "Patches\n\nThe input has to follow this grammar:\nlark grammar:\nstart: A",
            "parameters": text,
        },
        {"name": "say", "description": "The input has to follow this grammar:\na*", "parameters": text},
    ]
    assert notes == [("/tools/0", "mapped"), ("/tools/1", "mapped")]


def test_edge_39_without_tools_there_is_no_choice_either() -> None:
    members, notes = written(SEARCH, choice=chosen("any"), parallel=False)

    assert members == {}
    assert notes == [("/tools/2", "lost"), ("/tool_choice", "lost"), ("/parallel", "lost")]
    assert written() == ({}, [])


def test_tools_that_the_provider_runs_are_lost() -> None:
    members, notes = written(READ, SEARCH)

    assert (names_in(members), notes) == (["read"], [("/tools/2", "lost")])


def test_a_model_without_tools_gets_none() -> None:
    assert written(READ, abilities=Abilities(tools=False)) == ({}, [("/tools/0", "lost")])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (chosen("auto"), "auto"),
        (chosen("none"), "none"),
        (chosen("any"), "required"),
        (chosen("any", "read"), {"type": "function", "function": {"name": "read"}}),
    ],
)
def test_each_choice_has_its_words(choice: chat.ToolChoice | None, expected: object) -> None:
    members, notes = written(READ, LIST, choice=choice)

    assert (members.get("tool_choice"), notes) == (expected, [])


def test_openai_is_told_which_tools_may_be_called() -> None:
    members, notes = written(READ, LIST, choice=chosen("any", "read", "list"), abilities=OPENAI)

    allowed = {"mode": "required", "tools": named("read", "list")}
    assert members["tool_choice"] == {"type": "allowed_tools", "allowed_tools": allowed}
    assert notes == []


def test_others_are_only_sent_the_tools_that_may_be_called() -> None:
    members, notes = written(READ, LIST, choice=chosen("auto", "list"))

    assert (names_in(members), members["tool_choice"]) == (["list"], "auto")
    assert notes == [("/tool_choice", "mapped"), ("/tools/0", "lost")]


@pytest.mark.parametrize(
    ("choice", "expected"), [(chosen("any", "read", "gone"), {"type": "function", "function": {"name": "read"}})]
)
def test_a_choice_names_only_tools_that_are_there(choice: chat.ToolChoice, expected: object) -> None:
    members, notes = written(READ, LIST, choice=choice)

    assert (members["tool_choice"], notes) == (expected, [("/tool_choice", "lost")])
    assert "tool_choice" not in written(READ, choice=chosen("any", "gone"))[0]


@pytest.mark.parametrize(("parallel", "expected"), [(None, None), (True, None), (False, False)])
def test_only_one_call_at_a_time_is_said_and_what_everybody_does_anyway_is_not(
    parallel: bool | None, expected: bool | None
) -> None:
    members, notes = written(READ, parallel=parallel)

    assert (members.get("parallel_tool_calls"), notes) == (expected, [])


@pytest.mark.parametrize(
    ("abilities", "expected"),
    [
        (PLAIN, "required"),
        (QWEN, "required"),
        (Abilities(forced_tools="never"), "auto"),
        (Abilities(forced_tools="calm", reasoning="switch", reasoning_off=False), "auto"),
        (Abilities(forced_tools="calm", reasoning="effort", efforts=("low", "high")), "auto"),
        (Abilities(forced_tools="calm", reasoning="effort", efforts=("none", "low")), "required"),
        (Abilities(forced_tools="calm"), "required"),
    ],
)
def test_a_call_is_demanded_where_that_can_be_done(abilities: Abilities, expected: str) -> None:
    members, notes = written(READ, choice=chosen("any"), abilities=abilities)

    assert members["tool_choice"] == expected
    assert notes == ([] if expected == "required" else [("/tool_choice", "lost")])


@pytest.mark.parametrize(
    ("choice", "forced"),
    [
        (None, False),
        (chosen("auto"), False),
        (chosen("none"), False),
        (chosen("any"), True),
        (chosen("any", "read"), True),
        (chosen("any", "read", "list"), True),
        (chosen("auto", "read", "list"), False),
    ],
)
def test_it_is_known_whether_a_call_is_demanded(choice: chat.ToolChoice | None, forced: bool) -> None:
    found = write_tools(asking(tools=[READ, LIST], choice=choice), OPENAI, chat.Report())

    assert found.forced == forced


def test_marks_for_the_cache_are_lost() -> None:
    _, notes = written(chat.Tool(name="read", cache=chat.CacheMark(at="/tools/0/cache_control"), at="/tools/0"))

    assert notes == [("/tools/0/cache_control", "lost")]


def test_edge_68_a_search_is_a_wish_where_the_model_is_one_that_searches() -> None:
    settings = {"search_context_size": "low", "user_location": {"city": "Graz"}, "max_uses": 3}
    search = chat.HostedTool(kind="web_search", settings=settings, at="/t", pointers={"max_uses": "/t/max_uses"})
    members, notes = written(search, abilities=Abilities(tools=False, search="options"))

    place = {"type": "approximate", "approximate": {"city": "Graz"}}
    assert members == {"web_search_options": {"search_context_size": "low", "user_location": place}}
    assert notes == [("/t/max_uses", "lost")]


def test_a_search_is_no_tool_that_can_be_chosen() -> None:
    found = written(SEARCH, choice=chosen("any"), abilities=Abilities(search="options"))

    assert found == ({"web_search_options": {}}, [("/tool_choice", "lost")])
