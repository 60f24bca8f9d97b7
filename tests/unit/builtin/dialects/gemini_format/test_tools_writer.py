"""Tools and the choice among them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.tools_writer import write_tools

READ = chat.Tool(name="read", description="Read a file.", schema={"type": "object", "properties": {"p": {"type": "string"}}})
LIST = chat.Tool(name="list", at="/tools/1")
SEARCH = chat.HostedTool(kind="web_search", at="/tools/2")


def written(
    *tools: chat.Tool | chat.HostedTool, choice: chat.ToolChoice | None = None, abilities: Abilities | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    report = chat.Report()
    conversation = chat.Conversation(turns=(), tools=tools, choice=choice)
    found = write_tools(conversation, abilities or Abilities(), report)
    return msgspec.json.decode(msgspec.json.encode(found)), {each.pointer: each.fate for each in report.notes}


def calling(choice: chat.ToolChoice, **more: Any) -> Any:
    return written(READ, LIST, choice=choice, **more)[0]["toolConfig"]["functionCallingConfig"]


def test_tools_are_declared_with_their_arguments() -> None:
    declared = [
        {
            "name": "read",
            "description": "Read a file.",
            "parameters": {"type": "OBJECT", "properties": {"p": {"type": "STRING"}}},
        },
        {"name": "list"},
    ]

    assert written(READ, LIST) == ({"tools": [{"functionDeclarations": declared}]}, {})


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (chat.ToolChoice(mode="auto"), {"mode": "AUTO"}),
        (chat.ToolChoice(mode="none"), {"mode": "NONE"}),
        (chat.ToolChoice(mode="any"), {"mode": "ANY"}),
        (chat.ToolChoice(mode="any", names=("read",)), {"mode": "ANY", "allowedFunctionNames": ["read"]}),
        (chat.ToolChoice(mode="none", names=("read",)), {"mode": "NONE"}),
    ],
)
def test_names_are_allowed_only_where_one_must_be_called(choice: chat.ToolChoice, expected: dict[str, Any]) -> None:
    assert calling(choice) == expected


def test_where_some_may_be_called_only_they_are_sent() -> None:
    found, fates = written(READ, LIST, choice=chat.ToolChoice(names=("read",), at="/tool_choice"))

    assert [each["name"] for each in found["tools"][0]["functionDeclarations"]] == ["read"]
    assert found["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
    assert fates == {"/tool_choice": "mapped", "/tools/1": "lost"}


def test_a_model_that_cannot_be_forced_chooses_itself() -> None:
    choice = chat.ToolChoice(mode="any", at="/tool_choice")

    assert calling(choice, abilities=Abilities(forced_tools="never")) == {"mode": "AUTO"}
    assert written(READ, choice=choice, abilities=Abilities(forced_tools="never"))[1] == {"/tool_choice": "lost"}


def test_a_tool_of_the_vendors_own_is_lost_and_so_is_the_choice_of_it() -> None:
    choice = chat.ToolChoice(mode="any", names=("web_search",), at="/tool_choice")

    assert written(SEARCH, choice=choice) == ({}, {"/tools/2": "lost", "/tool_choice": "lost"})
    found, fates = written(READ, SEARCH, choice=choice)
    assert found["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
    assert fates == {"/tools/2": "lost", "/tool_choice": "lost"}


def test_edge_39_a_choice_without_tools_goes() -> None:
    assert written(choice=chat.ToolChoice(mode="any", at="/tool_choice")) == ({}, {"/tool_choice": "lost"})


def test_edge_38_what_only_others_have_is_stripped_and_reported() -> None:
    tool = chat.Tool(
        name="read", strict=True, cache=chat.CacheMark(at="/tools/0/cache_control"), pointers={"strict": "/tools/0/strict"}
    )

    assert written(tool) == (
        {"tools": [{"functionDeclarations": [{"name": "read"}]}]},
        {"/tools/0/strict": "lost", "/tools/0/cache_control": "lost"},
    )


def test_a_tool_that_need_not_be_strict_loses_nothing() -> None:
    assert written(chat.Tool(name="read", strict=False, pointers={"strict": "/tools/0/strict"}))[1] == {}


def test_a_tool_of_bare_text_takes_an_object_with_it() -> None:
    tool = chat.Tool(name="apply_patch", description="Patch.", freeform=True, grammar="start: x", at="/tools/0")
    found, fates = written(tool)

    assert found["tools"][0]["functionDeclarations"] == [
        {
            "name": "apply_patch",
            "description": "Patch.\n\nThe input has to follow this grammar:\nstart: x",
            "parameters": {"type": "OBJECT", "properties": {"input": {"type": "STRING"}}, "required": ["input"]},
        }
    ]
    assert fates == {"/tools/0": "mapped"}


def test_a_second_tool_of_one_name_is_lost() -> None:
    found, fates = written(LIST, chat.Tool(name="list", at="/tools/9"))

    assert len(found["tools"][0]["functionDeclarations"]) == 1
    assert fates == {"/tools/9": "lost"}


def test_what_is_lost_of_a_schema_is_reported_by_its_pointer() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "$id": "x"}}}
    tool = chat.Tool(name="f", schema=schema, pointers={"schema": "/tools/0/input_schema"})

    assert written(tool)[1] == {"/tools/0/input_schema/properties/a/$id": "lost"}
    assert written(chat.Tool(name="f", schema=schema))[1] == {}


def test_a_schema_that_refers_to_itself_is_refused_with_the_tools_name() -> None:
    schema = {"properties": {"a": {"$ref": "#"}}}
    with pytest.raises(chat.CannotCarry, match="The tool 'f': The schema refers to itself") as known:
        written(chat.Tool(name="f", schema=schema, at="/tools/0", pointers={"schema": "/tools/0/input_schema"}))
    with pytest.raises(chat.CannotCarry) as unknown:
        written(chat.Tool(name="f", schema=schema, at="/tools/0"))

    assert (known.value.pointer, unknown.value.pointer) == ("/tools/0/input_schema/properties/a/$ref", "/tools/0")


def test_a_model_without_tools_refuses_them() -> None:
    with pytest.raises(chat.CannotCarry, match="calls no tools") as caught:
        written(LIST, abilities=Abilities(tools=False))

    assert caught.value.pointer == "/tools/1"


ALONE, BESIDE = Abilities(search="alone"), Abilities(search="tool")


def test_edge_68_a_web_search_is_googles() -> None:
    for abilities in (ALONE, BESIDE):
        assert written(SEARCH, abilities=abilities) == ({"tools": [{"googleSearch": {}}]}, {})


def test_a_search_beside_functions_is_told_in_the_answer() -> None:
    choice = chat.ToolChoice(mode="auto", at="/tool_choice")
    found, fates = written(LIST, SEARCH, choice=choice, abilities=BESIDE)

    assert found == {
        "tools": [{"functionDeclarations": [{"name": "list"}]}, {"googleSearch": {}}],
        "toolConfig": {"includeServerSideToolInvocations": True, "functionCallingConfig": {"mode": "AUTO"}},
    }
    assert fates == {}


def test_before_gemini_3_functions_win() -> None:
    found, fates = written(LIST, SEARCH, abilities=ALONE)

    assert (found, fates) == ({"tools": [{"functionDeclarations": [{"name": "list"}]}]}, {"/tools/2": "lost"})


def test_googles_search_has_no_settings() -> None:
    search = chat.HostedTool(kind="web_search", settings={"max_uses": 3}, at="/t", pointers={"max_uses": "/t/max_uses"})

    assert written(search, abilities=BESIDE) == ({"tools": [{"googleSearch": {}}]}, {"/t/max_uses": "lost"})


def test_a_choice_of_functions_goes_with_them() -> None:
    choice = chat.ToolChoice(mode="any", at="/tool_choice")

    assert written(SEARCH, choice=choice, abilities=BESIDE) == ({"tools": [{"googleSearch": {}}]}, {"/tool_choice": "lost"})
