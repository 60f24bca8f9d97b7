"""Tools and the choice among them, written."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from korproxy.api import Abilities, chat
from tests.unit.builtin.dialects.messages_format.said import NEW, OLD, asking, write

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
A, B, C = (chat.Tool(name=name, schema=SCHEMA, at=f"/tools/{number}") for number, name in enumerate("abc"))


def tools(
    *offered: chat.Tool | chat.HostedTool,
    choice: chat.ToolChoice | None = None,
    abilities: Abilities = OLD,
    **options: Any,
) -> tuple[Any, Any, list[tuple[str, str]]]:
    """Return the members ``tools`` and ``tool_choice`` that are written, and the notes."""
    body, notes = write(attrs.evolve(asking(**options), tools=offered, choice=choice), abilities)
    return body.get("tools"), body.get("tool_choice"), notes


def names(found: Any) -> list[str]:
    return [each["name"] for each in found]


def test_a_tool_is_written() -> None:
    tool = chat.Tool(name="a", description="Does", schema=SCHEMA, strict=False, cache=chat.CacheMark())

    assert tools(tool) == (
        [{"name": "a", "description": "Does", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}],
        None,
        [],
    )


def test_edge_36_a_tool_without_a_schema_takes_an_empty_object() -> None:
    assert tools(chat.Tool(name="a", at="/x")) == (
        [{"name": "a", "input_schema": {"type": "object", "properties": {}}}],
        None,
        [],
    )


def test_a_schema_that_had_to_be_changed_is_reported() -> None:
    found, _, notes = tools(chat.Tool(name="a", schema={"anyOf": [SCHEMA]}, at="/x"))

    assert (found[0]["input_schema"], notes) == ({**SCHEMA}, [("/x", "mapped")])


def test_a_strict_tool_has_an_exact_schema() -> None:
    exact = {**SCHEMA, "additionalProperties": False}

    assert tools(chat.Tool(name="a", schema=SCHEMA, strict=True, at="/x")) == (
        [{"name": "a", "input_schema": exact, "strict": True}],
        None,
        [("/x", "mapped")],
    )


def test_a_model_that_cannot_be_held_to_schemas_is_not_asked_to() -> None:
    tool = chat.Tool(name="a", schema=SCHEMA, strict=True, at="/x", pointers={"strict": "/x/strict"})
    found, _, notes = tools(tool, abilities=Abilities(structured=False))

    assert (found, notes) == ([{"name": "a", "input_schema": SCHEMA}], [("/x/strict", "lost")])


def test_edge_40_a_freeform_tool_takes_its_text_as_input_and_tells_the_grammar() -> None:
    found, _, notes = tools(chat.Tool(name="patch", description="Patches.", freeform=True, grammar="start: hunk+", at="/x"))

    assert found == [
        {
            "name": "patch",
            "description": "Patches.\n\nThe input has to follow this grammar:\nstart: hunk+",
            "input_schema": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]},
        }
    ]
    assert notes == [("/x", "mapped")]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (chat.ToolChoice(mode="auto"), {"type": "auto"}),
        (chat.ToolChoice(mode="none"), {"type": "none"}),
        (chat.ToolChoice(mode="any"), {"type": "any"}),
        (chat.ToolChoice(mode="any", names=("b",)), {"type": "tool", "name": "b"}),
    ],
)
def test_every_choice_has_its_word(choice: chat.ToolChoice, expected: dict[str, Any]) -> None:
    found, said, notes = tools(A, B, choice=choice)

    assert (names(found), said, notes) == (["a", "b"], expected, [])


@pytest.mark.parametrize("mode", ["auto", "any"])
def test_a_choice_among_some_leaves_the_others_out(mode: Any) -> None:
    found, said, notes = tools(A, B, C, choice=chat.ToolChoice(mode=mode, names=("a", "c"), at="/choice"))

    assert (names(found), said) == (["a", "c"], {"type": mode})
    assert notes == [("/choice", "mapped"), ("/tools/1", "lost")]


def test_a_choice_of_a_tool_that_is_not_there_is_lost() -> None:
    some = tools(A, B, choice=chat.ToolChoice(mode="any", names=("a", "x"), at="/choice"))
    none = tools(A, B, choice=chat.ToolChoice(mode="any", names=("x",), at="/choice"))

    assert (some[1], some[2]) == ({"type": "tool", "name": "a"}, [("/choice", "lost")])
    assert (none[1], none[2]) == (None, [("/choice", "lost")])


def test_a_model_that_cannot_be_forced_chooses_itself() -> None:
    abilities = Abilities(forced_tools="never")
    _, said, notes = tools(A, choice=chat.ToolChoice(mode="any", names=("a",), at="/choice"), abilities=abilities)

    assert (said, notes) == ({"type": "auto"}, [("/choice", "lost")])


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
        (chat.ToolChoice(mode="any"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (chat.ToolChoice(mode="any"), True, {"type": "any"}),
    ],
)
def test_one_call_at_a_time_is_said_in_the_choice(choice: chat.ToolChoice | None, parallel: bool, expected: Any) -> None:
    _, said, notes = tools(A, choice=choice, parallel=parallel)

    assert (said, notes) == (expected, [])


def test_one_call_at_a_time_of_none_is_lost() -> None:
    _, said, notes = tools(A, choice=chat.ToolChoice(mode="none"), parallel=False)

    assert (said, notes) == ({"type": "none"}, [("/parallel", "lost")])


def test_edge_39_without_tools_there_is_no_choice() -> None:
    assert tools(choice=chat.ToolChoice(mode="auto", at="/choice"), parallel=False) == (
        None,
        None,
        [("/choice", "lost"), ("/parallel", "lost")],
    )


def test_edge_68_tools_that_a_provider_runs_are_lost_with_the_choice_of_them() -> None:
    hosted = chat.HostedTool(kind="web_search", at="/tools/0")

    assert tools(hosted, choice=chat.ToolChoice(at="/choice")) == (None, None, [("/tools/0", "lost"), ("/choice", "lost")])


def test_a_model_without_tools_gets_none() -> None:
    assert tools(A, abilities=Abilities(tools=False)) == (None, None, [("/tools/0", "lost")])


SEARCHING = attrs.evolve(NEW, search="tool")
SETTINGS: dict[str, Any] = {"max_uses": 3, "allowed_domains": ["a.example"], "user_location": {"city": "Graz"}}


def searched(*more: chat.Tool, abilities: Abilities = SEARCHING, **settings: Any) -> Any:
    search = chat.HostedTool(kind="web_search", settings=settings, at="/search")
    return tools(*more, search, abilities=abilities)


def test_edge_68_a_web_search_goes_to_a_model_that_has_one() -> None:
    said, choice, notes = searched(**SETTINGS)

    where = {"type": "approximate", "city": "Graz"}
    assert said == [{"type": "web_search_20250305", "name": "web_search", **SETTINGS, "user_location": where}]
    assert (choice, notes) == (None, [])


def test_what_anthropics_search_cannot_be_told_is_lost() -> None:
    said, _, notes = searched(search_context_size="low", allowed_domains=["a"], blocked_domains=["b"])

    assert said == [{"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a"]}]
    assert notes == [("/search", "lost"), ("/search", "lost")]


def test_a_search_stands_beside_tools_but_for_one_of_its_name() -> None:
    beside, _, kept = searched(chat.Tool(name="read"))
    alone, _, lost = searched(chat.Tool(name="web_search"))

    assert ([each["name"] for each in beside], kept) == (["read", "web_search"], [])
    assert ([each.get("type") for each in alone], lost) == ([None], [("/search", "lost")])


def test_a_model_that_nobody_knows_searches_nothing() -> None:
    assert searched(abilities=NEW) == (None, None, [("/search", "lost")])
