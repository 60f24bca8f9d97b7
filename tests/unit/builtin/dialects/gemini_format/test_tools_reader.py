"""Tools and the choice among them, read."""

from __future__ import annotations

from typing import Any

import pytest

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.tools_reader import read_choice, read_tools


def tools(*given: Any) -> tuple[list[Any], dict[str, str]]:
    report = chat.Report()
    found = list(read_tools(chat.Fields({"tools": list(given)}, "", report)))
    return found, {each.pointer: each.fate for each in report.notes}


def choice(**calling: Any) -> tuple[chat.ToolChoice | None, dict[str, str]]:
    report = chat.Report()
    found = read_choice(chat.Fields({"toolConfig": {"functionCallingConfig": calling}}, "", report))
    return found, {each.pointer: each.fate for each in report.notes}


def test_functions_are_tools_with_json_schema() -> None:
    found, fates = tools(
        {
            "functionDeclarations": [
                {
                    "name": "read",
                    "description": "Read.",
                    "parameters": {"type": "OBJECT", "properties": {"p": {"type": "STRING"}}},
                },
                {"name": "list", "parametersJsonSchema": {"type": "object", "$defs": {}}},
                {"name": "now"},
            ]
        }
    )

    assert found == [
        chat.Tool(name="read", description="Read.", schema={"type": "object", "properties": {"p": {"type": "string"}}}),
        chat.Tool(name="list", schema={"type": "object", "$defs": {}}),
        chat.Tool(name="now"),
    ]
    assert [each.at for each in found] == [f"/tools/0/functionDeclarations/{number}" for number in range(3)]
    assert found[1].pointers == {"schema": "/tools/0/functionDeclarations/1/parametersJsonSchema"}
    assert fates == {}


def test_edge_47_snake_case_is_read() -> None:
    found, fates = tools({"function_declarations": [{"name": "f", "parameters_json_schema": {"type": "object"}}]})

    assert (found, fates) == ([chat.Tool(name="f", schema={"type": "object"})], {})
    report = chat.Report()
    config = {"tool_config": {"function_calling_config": {"mode": "any", "allowed_function_names": ["f"]}}}
    assert read_choice(chat.Fields(config, "", report)) == chat.ToolChoice(mode="any", names=("f",))


@pytest.mark.parametrize("key", ["googleSearch", "google_search"])
def test_edge_68_a_web_search_is_read_with_what_others_know_of_it(key: str) -> None:
    found, fates = tools({key: {"excludeDomains": ["a.example"], "timeRangeFilter": {"startTime": "x"}}})

    assert found == [chat.HostedTool(kind="web_search", settings={"blocked_domains": ["a.example"]}, at=f"/tools/0/{key}")]
    assert fates == {f"/tools/0/{key}/timeRangeFilter": "lost"}


def test_tools_that_google_runs_are_hosted() -> None:
    found, fates = tools({"googleSearch": {}}, {"codeExecution": {"x": 1}}, {"urlContext": True, "google_search": None})

    assert found == [
        chat.HostedTool(kind="web_search"),
        chat.HostedTool(kind="codeExecution", settings={"x": 1}),
        chat.HostedTool(kind="urlContext"),
    ]
    assert ([each.at for each in found], fates) == (
        ["/tools/0/googleSearch", "/tools/1/codeExecution", "/tools/2/urlContext"],
        {},
    )


@pytest.mark.parametrize("key", ["computerUse", "computer_use"])
def test_a_tool_that_the_client_runs_and_only_geminis_models_know_is_refused(key: str) -> None:
    with pytest.raises(chat.CannotCarry) as caught:
        tools({"googleSearch": {}}, {key: {"environment": "ENVIRONMENT_BROWSER"}})

    assert caught.value.pointer == f"/tools/1/{key}"


def test_what_only_gemini_is_told_is_lost() -> None:
    declared = {"name": "f", "response": {"type": "STRING"}, "behavior": "BLOCKING", "new": 1}

    assert tools({"functionDeclarations": [declared, {"description": "nameless"}]})[1] == {
        "/tools/0/functionDeclarations/0/response": "lost",
        "/tools/0/functionDeclarations/0/behavior": "lost",
        "/tools/0/functionDeclarations/0/new": "lost",
        "/tools/0/functionDeclarations/1": "lost",
    }


@pytest.mark.parametrize(
    ("calling", "expected"),
    [
        ({"mode": "AUTO"}, chat.ToolChoice(mode="auto")),
        ({"mode": "NONE"}, chat.ToolChoice(mode="none")),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, chat.ToolChoice(mode="any", names=("f",))),
        ({}, chat.ToolChoice(mode="auto")),
    ],
)
def test_modes_are_read(calling: Any, expected: chat.ToolChoice) -> None:
    assert choice(**calling) == (expected, {})


def test_odd_choices_are_reported() -> None:
    at = "/toolConfig/functionCallingConfig"

    assert choice(mode="VALIDATED") == (chat.ToolChoice(mode="auto"), {f"{at}/mode": "mapped"})
    assert choice(mode="MAYBE", allowedFunctionNames="f", x=1) == (
        chat.ToolChoice(mode="auto"),
        {f"{at}/mode": "lost", f"{at}/allowedFunctionNames": "lost", f"{at}/x": "lost"},
    )


def test_without_a_choice_there_is_none() -> None:
    report = chat.Report()

    assert read_choice(chat.Fields({}, "", report)) is None
    assert read_choice(chat.Fields({"toolConfig": {"retrievalConfig": {}}}, "", report)) is None
    assert report.losses == ("/toolConfig/retrievalConfig",)
