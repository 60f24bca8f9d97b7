"""Which tools a target is sent, and which choice among them."""

from __future__ import annotations

import pytest

from korproxy.api import Abilities, chat

TOOLS = (
    chat.Tool(name="read", at="/tools/0"),
    chat.HostedTool(kind="web_search", at="/tools/1"),
    chat.Tool(name="write", at="/tools/2"),
)


def choosing(*names: str) -> chat.Conversation:
    return chat.Conversation(turns=(), tools=TOOLS, choice=chat.ToolChoice(mode="any", names=names, at="/tool_choice"))


@pytest.mark.parametrize(
    ("names", "known"),
    [(("read", "write"), ("read", "write")), ((), ()), (("read", "web_search", "gone"), ("read",)), (("gone",), None)],
)
def test_a_choice_names_only_tools_that_are_there(names: tuple[str, ...], known: tuple[str, ...] | None) -> None:
    report = chat.Report()
    choice = chat.known_choice(choosing(*names), report)

    assert (choice and choice.names) == known
    assert report.losses == (() if known == names else ("/tool_choice",))


def test_where_nothing_is_chosen_there_is_no_choice() -> None:
    assert chat.known_choice(chat.Conversation(turns=(), tools=TOOLS), chat.Report()) is None


def test_all_tools_are_offered_that_the_provider_does_not_run() -> None:
    report = chat.Report()
    code = chat.HostedTool(kind="code_execution_20250825", at="/tools/3")
    conversation = chat.Conversation(turns=(), tools=(*TOOLS, code))

    assert list(chat.offered_tools(conversation, (), Abilities(), report)) == [TOOLS[0], TOOLS[2]]
    why = "a tool that the provider runs (code_execution_20250825) is not translated"
    assert report.notes == [chat.Note("/tools/3", "lost", why)]


def test_of_a_choice_only_the_named_tools_are_offered() -> None:
    report = chat.Report()

    assert list(chat.offered_tools(choosing("write"), ("write",), Abilities(), report)) == [TOOLS[2]]
    assert [(each.pointer, each.fate) for each in report.notes] == [
        *(("/tool_choice", "mapped"), ("/tools/0", "lost")),
    ]


def test_a_model_that_calls_no_tools_is_offered_none() -> None:
    report = chat.Report()

    assert list(chat.offered_tools(choosing(), (), Abilities(tools=False), report)) == []
    assert report.fate("/tools/2") == chat.Note("/tools/2", "lost", "the model takes no tools")


def test_what_was_said_of_a_tool_elsewhere_is_lost_with_it() -> None:
    report = chat.Report()
    pointers = {"schema": "/tools/0/tools/0/parameters", "about": "/tools/0/description"}
    tool = chat.Tool(name="read", at="/tools/0/tools/0", pointers=pointers)

    assert list(chat.offered_tools(chat.Conversation(turns=(), tools=(tool,)), (), Abilities(tools=False), report)) == []
    assert report.losses == ("/tools/0/tools/0", "/tools/0/description")
