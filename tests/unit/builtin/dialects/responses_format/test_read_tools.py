"""Tools, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from tests.unit.builtin.dialects.responses_format.talk import Notes, asked, read

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
READ = {"type": "function", "name": "read", "description": "Reads", "parameters": SCHEMA, "strict": True}


def tools(*said: dict[str, Any]) -> tuple[tuple[chat.Tool | chat.HostedTool, ...], Notes]:
    conversation, notes = read(tools=list(said))
    return conversation.tools, notes


def test_a_function_is_read_with_all_that_it_has() -> None:
    (tool,), notes = tools(READ)

    assert isinstance(tool, chat.Tool)
    assert (tool, notes) == (chat.Tool(name="read", description="Reads", schema=SCHEMA, strict=True), [])
    assert (tool.at, tool.pointers) == ("/tools/0", {"schema": "/tools/0/parameters", "strict": "/tools/0/strict"})


@pytest.mark.parametrize("tool", [{"type": "function", "name": "read", "parameters": None, "strict": None}, {"name": "read"}])
def test_a_function_may_say_its_name_only(tool: dict[str, Any]) -> None:
    assert tools(tool) == ((chat.Tool(name="read"),), [])


def test_a_function_as_chat_completions_has_it_is_one_too() -> None:
    assert tools({"type": "function", "function": {"name": "read", "parameters": SCHEMA}}) == (
        (chat.Tool(name="read", schema=SCHEMA),),
        [],
    )


@pytest.mark.parametrize("tool", [{"type": "function", "parameters": SCHEMA}, {"type": "custom", "description": "Patches"}])
def test_a_tool_without_a_name_is_lost(tool: dict[str, Any]) -> None:
    assert tools(tool) == ((), [("/tools/0", "lost")])


def test_what_only_openai_does_with_tools_is_told() -> None:
    _, notes = tools(
        {**READ, "defer_loading": True, "allowed_callers": ["direct"], "output_schema": SCHEMA, "async": True},
        {**READ, "name": "b", "allowed_callers": ["programmatic"], "async": False, "mood": "merry"},
    )

    assert notes == [
        ("/tools/0/output_schema", "lost"),
        ("/tools/0/async", "lost"),
        ("/tools/0/defer_loading", "mapped"),
        ("/tools/0/allowed_callers", "mapped"),
        ("/tools/1/async", "mapped"),
        ("/tools/1/allowed_callers", "lost"),
        ("/tools/1/mood", "lost"),
    ]


@pytest.mark.parametrize(
    ("form", "grammar", "note"),
    [
        (None, None, []),
        ({"type": "text"}, None, [("/tools/0/format", "mapped")]),
        ({"type": "grammar", "syntax": "lark", "definition": "start: A"}, "lark grammar:\nstart: A", []),
        ({"type": "grammar", "definition": "start: A"}, "start: A", []),
        ({"type": "grammar", "syntax": "lark"}, None, [("/tools/0/format", "lost")]),
        ({"type": "dance"}, None, [("/tools/0/format", "lost")]),
    ],
)
def test_edge_40_a_custom_tool_takes_bare_text_with_its_grammar(form: Any, grammar: str | None, note: Notes) -> None:
    custom = {"type": "custom", "name": "patch", "description": "Patches", "format": form}

    assert tools(custom) == ((chat.Tool(name="patch", description="Patches", freeform=True, grammar=grammar),), note)
    assert asked(tools=[custom]).freeform == {"patch"}


def test_edge_41_tools_of_a_namespace_have_its_name_in_front() -> None:
    files = {
        "type": "namespace",
        "name": "files",
        "description": "Of the project.",
        "tools": [READ, {"type": "custom", "name": "patch"}],
    }
    found, notes = tools(files)

    assert found == (
        chat.Tool(
            name="files__read", description="Reads\n\nAbout all tools in files: Of the project.", schema=SCHEMA, strict=True
        ),
        chat.Tool(name="files__patch", freeform=True),
    )
    assert [each.at for each in found] == ["/tools/0/tools/0", "/tools/0/tools/1"]
    assert notes == [("/tools/0/description", "mapped")]
    assert asked(tools=[files]).namespaces == {"files__read": ("files", "read"), "files__patch": ("files", "patch")}
    assert asked(tools=[files]).freeform == {"files__patch"}


def test_a_namespace_without_a_name_or_without_tools_is_of_no_use() -> None:
    nameless = {"type": "namespace", "tools": [{"type": "function", "name": "read"}]}
    empty = {"type": "namespace", "name": "a", "description": "Empty.", "tools": []}

    assert tools(nameless, empty) == ((chat.Tool(name="read"),), [("/tools/1/description", "lost")])


def test_edge_34_a_name_in_a_namespace_that_is_taken_gets_another_one() -> None:
    files = {"type": "namespace", "name": "files", "tools": [READ]}
    found, _ = tools(files, {**READ, "name": "files__read"})

    assert [each.name for each in found if isinstance(each, chat.Tool)] == ["files__read_2", "files__read"]
    assert asked(tools=[files, {**READ, "name": "files__read"}]).namespaces == {"files__read_2": ("files", "read")}


@pytest.mark.parametrize("kind", ["web_search", "web_search_2025_08_26", "web_search_preview"])
def test_each_search_of_the_web_is_one(kind: str) -> None:
    search = {"type": kind, "search_context_size": "low"}

    settings = {"search_context_size": "low"}
    assert tools(search) == ((chat.HostedTool(kind="web_search", settings=settings, at="/tools/0"),), [])


def test_edge_68_a_search_is_read_with_what_others_know_of_it() -> None:
    place = {"type": "approximate", "city": "Graz", "region": None}
    filters = {"allowed_domains": ["a.example"], "blocked_domains": ["b.example"]}
    search = {"type": "web_search", "filters": filters, "user_location": place, "external_web_access": True, "odd": 1}
    found, notes = tools(search)

    settings = {"allowed_domains": ["a.example"], "user_location": {"city": "Graz"}}
    assert found == (chat.HostedTool(kind="web_search", settings=settings, at="/tools/0"),)
    assert notes == [
        ("/tools/0/external_web_access", "mapped"),
        ("/tools/0/filters/blocked_domains", "lost"),
        ("/tools/0/odd", "lost"),
    ]


def test_a_search_that_may_not_go_into_the_web_is_another_tool() -> None:
    found, notes = tools({"type": "web_search", "external_web_access": False, "search_context_size": "low"})

    assert (found, notes) == ((chat.HostedTool(kind="web_search of stored pages", at="/tools/0"),), [])


@pytest.mark.parametrize("kind", ["file_search", "mcp", "code_interpreter", "image_generation", "tool_search"])
def test_tools_of_openais_own_keep_their_kind(kind: str) -> None:
    (tool,), notes = tools({"type": kind, "server_label": "x"})

    assert (tool, notes) == (chat.HostedTool(kind=kind, settings={"server_label": "x"}), [])
    assert tool.at == "/tools/0"


@pytest.mark.parametrize(
    "tool",
    [
        *({"type": kind} for kind in ("apply_patch", "computer", "computer_use_preview", "local_shell", "shell")),
        {"type": "shell", "environment": {"type": "local"}},
    ],
)
def test_tools_that_the_client_runs_and_only_openais_models_call_are_refused(tool: dict[str, Any]) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        tools(READ, tool)

    assert caught.value.pointer == "/tools/1"


def test_a_shell_in_a_container_is_run_by_openai() -> None:
    (tool,), notes = tools({"type": "shell", "environment": {"type": "container_auto"}})

    assert (tool, notes) == (chat.HostedTool(kind="shell", settings={"environment": {"type": "container_auto"}}), [])


def test_edge_41_tools_that_come_with_the_conversation_are_tools() -> None:
    conversation, notes = read(
        {"type": "additional_tools", "role": "developer", "id": "at_1", "tools": [{**READ, "name": "list"}]},
        {"role": "user", "content": "Hi"},
        {"type": "tool_search_output", "call_id": "a", "execution": "client", "tools": [{**READ, "name": "find"}]},
        tools=[READ],
    )

    assert [each.name for each in conversation.functions] == ["read", "list", "find"]
    assert [each.at for each in conversation.functions] == ["/tools/0", "/input/0/tools/0", "/input/2/tools/0"]
    assert len(conversation.turns) == 1
    assert notes == [
        ("/input/0/role", "mapped"),
        ("/input/0/id", "mapped"),
        ("/input/2/call_id", "lost"),
        ("/input/2/execution", "lost"),
    ]


def test_of_two_tools_with_one_name_the_later_counts() -> None:
    conversation, notes = read(
        {"type": "additional_tools", "tools": [{**READ, "description": "Reads more"}]},
        tools=[READ, {"type": "web_search"}],
    )

    assert conversation.tools[1:] == (chat.Tool(name="read", description="Reads more", schema=SCHEMA, strict=True),)
    assert notes == [("/tools/0", "lost")]
