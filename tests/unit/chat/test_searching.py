"""Web searches that the vendor runs itself."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import Abilities, chat


def searching(*tools: chat.Tool | chat.HostedTool, **choice: Any) -> chat.Conversation:
    chosen = chat.ToolChoice(**choice, at="/tool_choice") if choice else None
    return chat.Conversation(turns=(), tools=(*tools, SEARCH), choice=chosen)


SEARCH = chat.HostedTool(kind="web_search", settings={"max_uses": 3, "search_context_size": "low"}, at="/tools/9")
TOOL, ALONE = Abilities(search="tool"), Abilities(search="alone")


@pytest.mark.parametrize(("abilities", "beside"), [(TOOL, True), (TOOL, False), (ALONE, False)])
def test_a_search_goes_to_who_has_one(abilities: Abilities, *, beside: bool) -> None:
    report = chat.Report()

    assert chat.offered_search(searching(), ("tool", "alone"), abilities, report, beside=beside) is SEARCH
    assert report.notes == []


@pytest.mark.parametrize(
    ("conversation", "abilities", "why"),
    [
        (searching(), Abilities(), "the model has no web search here that KorProxy knows of"),
        (searching(), Abilities(search="options"), "the model has no web search here that KorProxy knows of"),
        (searching(), ALONE, "the model searches the web only where there are no other tools"),
        (searching(mode="none"), TOOL, "no tool may be called"),
        (searching(mode="auto", names=("read",)), TOOL, "is not among the tools that may be called"),
    ],
)
def test_a_search_that_cannot_be_had_is_lost_with_a_reason(
    conversation: chat.Conversation, abilities: Abilities, why: str
) -> None:
    report = chat.Report()

    assert chat.offered_search(conversation, ("tool", "alone"), abilities, report, beside=True) is None
    assert report.notes == [chat.Note("/tools/9", "lost", why)]


def test_of_two_searches_the_first_is_sent() -> None:
    report = chat.Report()
    first = chat.HostedTool(kind="web_search", at="/tools/0")

    assert chat.offered_search(searching(first), ("tool",), TOOL, report, beside=False) is first
    assert report.notes == [chat.Note("/tools/9", "lost", "there is a web search already")]


def test_settings_that_the_target_lacks_are_lost_where_they_stood() -> None:
    report = chat.Report()
    search = chat.HostedTool(kind="web_search", settings={"max_uses": 3, "b": 1}, at="/t", pointers={"max_uses": "/t/max_uses"})

    assert chat.carried_settings(search, {"b"}, report) == {"b": 1}
    assert report.losses == ("/t/max_uses",)


def read(value: dict[str, Any]) -> tuple[chat.HostedTool, chat.Report]:
    report = chat.Report()
    fields, settings = chat.Fields(value, "/t", report), chat.SearchSettings()
    settings.uses(fields, "uses")
    settings.size(fields, "size")
    settings.domains("allowed_domains", fields, "only")
    settings.location(fields, "where", fields.table("where"))
    return settings.made("/t"), report


def test_settings_are_read_in_words_of_no_format() -> None:
    where = {"type": "approximate", "city": "Graz", "country": "AT", "region": None}
    search, report = read({"uses": 3, "size": "low", "only": ["a.example"], "where": where})

    assert search.settings == {
        "max_uses": 3,
        "search_context_size": "low",
        "allowed_domains": ["a.example"],
        "user_location": {"city": "Graz", "country": "AT"},
    }
    assert search.pointers["allowed_domains"] == "/t/only"
    assert report.notes == []


def test_odd_settings_are_lost() -> None:
    search, report = read({"uses": "3", "only": ["a", 1], "where": {"type": "exact", "street": "x"}})

    assert (search.kind, search.settings) == ("web_search", {"user_location": {}})
    assert report.losses == ("/t/uses", "/t/only", "/t/where/type", "/t/where/street")


def test_an_empty_list_of_domains_says_nothing() -> None:
    assert read({"only": []})[0].settings == {}
