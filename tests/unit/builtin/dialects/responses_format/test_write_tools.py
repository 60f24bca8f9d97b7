"""Tools and the choice among them, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.responses_format.write_tools import write_tools
from tests.unit.builtin.dialects.responses_format.talk import OPENAI, PLAIN, Notes, asking

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
CLOSED = {**SCHEMA, "additionalProperties": False}
READ = chat.Tool(name="read", description="Reads", schema=SCHEMA, at="/tools/0")
PATCH = chat.Tool(name="patch", freeform=True, at="/tools/1")
SEARCH = chat.HostedTool(kind="web_search", at="/tools/2")
CALM = attrs.evolve(OPENAI, forced_tools="calm")


def written(
    *tools: chat.Tool | chat.HostedTool, choice: chat.ToolChoice | None = None, abilities: Abilities = OPENAI, **said: Any
) -> tuple[dict[str, Any], Notes]:
    report = chat.Report()
    found = write_tools(asking(tools=tools, choice=choice, **said), abilities, report)
    return dict(found.members), [(each.pointer, each.fate) for each in report.notes]


def chosen(mode: Any = "auto", *names: str) -> chat.ToolChoice:
    return chat.ToolChoice(mode=mode, names=names, at="/tool_choice")


def test_a_function_is_written_flat_and_not_held_to_its_schema_unasked() -> None:
    assert written(READ) == (
        {"tools": [{"type": "function", "name": "read", "description": "Reads", "parameters": SCHEMA, "strict": False}]},
        [],
    )


@pytest.mark.parametrize(
    ("schema", "strict", "expected", "lost"),
    [
        (SCHEMA, True, False, [("/tools/0/strict", "lost")]),
        (None, True, False, [("/tools/0/strict", "lost")]),
        (CLOSED, True, True, []),
        (CLOSED, False, False, []),
        (CLOSED, None, False, []),
    ],
)
def test_only_a_schema_that_leaves_nothing_open_is_a_strict_one(
    schema: Any, strict: bool | None, expected: bool, lost: Notes
) -> None:
    tool = chat.Tool(name="read", schema=schema, strict=strict, at="/tools/0", pointers={"strict": "/tools/0/strict"})
    members, notes = written(tool)

    assert (members["tools"][0]["strict"], notes) == (expected, lost)


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}])
def test_edge_36_a_schema_is_one_of_an_object_with_properties(schema: Any) -> None:
    assert written(chat.Tool(name="read", schema=schema))[0]["tools"][0]["parameters"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("tool", "more", "notes"),
    [
        (PATCH, {}, []),
        (attrs.evolve(PATCH, description="Patches"), {"description": "Patches"}, []),
        (
            attrs.evolve(PATCH, description="Patches", grammar="lark grammar:\nstart: A"),
            {"description": "Patches", "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
            [],
        ),
        (
            attrs.evolve(PATCH, description="Patches", grammar="a*"),
            {"description": "Patches\n\nThe input has to follow this grammar:\na*"},
            [("/tools/1", "mapped")],
        ),
        (
            attrs.evolve(PATCH, grammar="a*"),
            {"description": "The input has to follow this grammar:\na*"},
            [("/tools/1", "mapped")],
        ),
    ],
)
def test_edge_40_a_tool_that_takes_bare_text_is_a_custom_one(tool: chat.Tool, more: Any, notes: Notes) -> None:
    assert written(tool) == ({"tools": [{"type": "custom", "name": "patch", **more}]}, notes)


def test_edge_68_a_search_of_the_web_is_openais_others_are_lost() -> None:
    members, notes = written(SEARCH, chat.HostedTool(kind="code_execution_20250825", at="/tools/3"))

    assert (members, notes) == ({"tools": [{"type": "web_search"}]}, [("/tools/3", "lost")])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"search_context_size": "low"}, {"search_context_size": "low"}),
        ({"allowed_domains": ["a.example"]}, {"filters": {"allowed_domains": ["a.example"]}}),
        ({"user_location": {"city": "Graz"}}, {"user_location": {"type": "approximate", "city": "Graz"}}),
        ({"user_location": {}}, {"user_location": {"type": "approximate"}}),
    ],
)
def test_what_is_said_of_a_search_is_said_in_openais_words(settings: Any, said: Any) -> None:
    assert written(attrs.evolve(SEARCH, settings=settings)) == ({"tools": [{"type": "web_search", **said}]}, [])


def test_how_often_may_be_searched_is_the_limit_of_all_tools_that_openai_runs() -> None:
    pointers = {"max_uses": "/tools/2/max_uses", "blocked_domains": "/tools/2/blocked_domains"}
    search = attrs.evolve(SEARCH, settings={"max_uses": 3, "blocked_domains": ["a.example"]}, pointers=pointers)

    assert written(search) == (
        {"tools": [{"type": "web_search"}], "max_tool_calls": 3},
        [("/tools/2/blocked_domains", "lost"), ("/tools/2/max_uses", "mapped")],
    )


@pytest.mark.parametrize("search", ["none", "options"])
def test_a_model_that_is_not_known_to_search_is_not_asked_to(search: Any) -> None:
    assert written(READ, SEARCH, abilities=attrs.evolve(OPENAI, search=search))[1] == [("/tools/2", "lost")]


def test_one_search_is_enough() -> None:
    assert written(SEARCH, attrs.evolve(SEARCH, at="/tools/3")) == (
        {"tools": [{"type": "web_search"}]},
        [("/tools/3", "lost")],
    )


def test_edge_39_without_tools_there_is_no_choice_either() -> None:
    members, notes = written(chat.HostedTool(kind="mcp", at="/tools/0"), choice=chosen("any"), parallel=False)

    assert members == {}
    assert notes == [("/tools/0", "lost"), ("/tool_choice", "lost"), ("/parallel", "lost")]
    assert written() == ({}, [])


def test_a_model_without_tools_gets_none() -> None:
    assert written(READ, SEARCH, abilities=Abilities(tools=False)) == ({}, [("/tools/0", "lost"), ("/tools/2", "lost")])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (chosen("auto"), "auto"),
        (chosen("none"), "none"),
        (chosen("any"), "required"),
        (chosen("any", "read"), {"type": "function", "name": "read"}),
        (chosen("any", "patch"), {"type": "custom", "name": "patch"}),
        (
            chosen("any", "read", "patch"),
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "read"}, {"type": "custom", "name": "patch"}],
            },
        ),
        (
            chosen("auto", "read"),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "read"}]},
        ),
    ],
)
def test_each_choice_has_its_word(choice: chat.ToolChoice | None, expected: Any) -> None:
    members, notes = written(READ, PATCH, choice=choice)

    assert (members.get("tool_choice"), len(members["tools"]), notes) == (expected, 2, [])


def test_elsewhere_only_the_tools_that_may_be_called_are_sent() -> None:
    members, notes = written(READ, PATCH, choice=chosen("auto", "patch"), abilities=PLAIN)

    assert members == {"tools": [{"type": "custom", "name": "patch"}], "tool_choice": "auto"}
    assert notes == [("/tool_choice", "mapped"), ("/tools/0", "lost")]


@pytest.mark.parametrize(
    ("abilities", "expected", "notes"),
    [
        (attrs.evolve(OPENAI, forced_tools="never"), "auto", [("/tool_choice", "lost")]),
        (CALM, "required", []),
        (attrs.evolve(CALM, efforts=("low",)), "auto", [("/tool_choice", "lost")]),
        (attrs.evolve(CALM, reasoning="none"), "required", []),
    ],
)
def test_a_call_is_forced_where_the_model_can_be(abilities: Abilities, expected: str, notes: Notes) -> None:
    members, found = written(READ, choice=chosen("any"), abilities=abilities)

    assert (members["tool_choice"], found) == (expected, notes)


@pytest.mark.parametrize(("parallel", "members"), [(None, {}), (True, {}), (False, {"parallel_tool_calls": False})])
def test_one_call_at_a_time_has_to_be_asked_for(parallel: bool | None, members: dict[str, Any]) -> None:
    found, _ = written(READ, parallel=parallel)

    assert {key: value for key, value in found.items() if key != "tools"} == members


def test_marks_of_the_cache_are_lost() -> None:
    assert written(attrs.evolve(READ, cache=chat.CacheMark(at="/m")))[1] == [("/m", "lost")]
