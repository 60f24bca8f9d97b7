"""Refuse tools and their choice as the Responses API refuses them. Pure."""

from collections.abc import Mapping

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_refusals import check_choice, check_name, empty_array, missing, refuse, wrong_type
from korproxy_mock.openai_tool_checks import check_parameters
from korproxy_mock.responses_known import TOOLS
from korproxy_mock.responses_read import items_of
from korproxy_mock.responses_tools import Offered, offered

_MODES = ("none", "auto", "required")
_INSIDE = ("function", "custom")  # what a namespace may hold
_HOSTED = tuple(sorted(set(TOOLS) - {"function", "custom", "namespace"}))


def check_tools(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of ``tools``, of ``additional_tools`` items and of ``tool_choice``."""
    places = {"tools": body.get("tools")}
    given = body.get("input")
    for at, item in enumerate(given if isinstance(given, list) else []):
        if isinstance(item, dict) and item.get("type") == "additional_tools":
            places[f"input[{at}].tools"] = item.get("tools")
    for place, tools in places.items():
        if not isinstance(tools, list | None):
            raise wrong_type(place, "an array of objects", tools)
        for at, tool in enumerate(tools or []):
            _check_tool(f"{place}[{at}]", tool, tuple(sorted(TOOLS)))
    hosted = {str(tool["type"]) for tools in places.values() for tool in tools or []} & set(_HOSTED)
    _check_choice(body.get("tool_choice"), offered(body, items_of(body)), hosted)


def _check_tool(place: str, tool: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(place, "an object", tool)
    if tool.get("type") is None:
        raise missing(f"{place}.type")
    check_choice(f"{place}.type", tool["type"], allowed)
    if tool["type"] in _HOSTED:
        return
    check_name(f"{place}.name", tool.get("name"))
    if not isinstance(tool.get("description"), str | None):
        raise wrong_type(f"{place}.description", "a string", tool["description"])
    if tool["type"] == "function":
        check_parameters(f"{place}.parameters", tool)
    elif tool["type"] == "custom":
        _check_format(f"{place}.format", tool.get("format"))
    else:
        _check_namespace(place, tool)


def _check_format(place: str, wanted: object) -> None:
    if not isinstance(wanted, dict | None):
        raise wrong_type(place, "an object", wanted)
    if wanted is None:
        return
    check_choice(f"{place}.type", wanted.get("type"), ("text", "grammar"))
    if wanted["type"] == "grammar":
        check_choice(f"{place}.syntax", wanted.get("syntax"), ("lark", "regex"))
        if not isinstance(wanted.get("definition"), str):
            raise missing(f"{place}.definition")


def _check_namespace(place: str, tool: JsonObject) -> None:
    inside = tool.get("tools")
    if tool.get("description") is None:
        raise missing(f"{place}.description")
    if inside is None:
        raise missing(f"{place}.tools")
    if not isinstance(inside, list):
        raise wrong_type(f"{place}.tools", "an array of objects", inside)
    if not inside:
        raise empty_array(f"{place}.tools")
    for at, each in enumerate(inside):
        _check_tool(f"{place}.tools[{at}]", each, _INSIDE)


def _check_choice(choice: object, tools: tuple[Offered, ...], hosted: set[str]) -> None:
    if not isinstance(choice, str | dict | None):
        raise wrong_type("tool_choice", "one of a string or an object", choice)
    if isinstance(choice, str):
        check_choice("tool_choice", choice, _MODES)
        if choice == "required" and not tools and not hosted:
            raise refuse("Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        check_choice("tool_choice.mode", choice.get("mode"), ("auto", "required"))
        allowed = choice.get("tools")
        if not isinstance(allowed, list):
            raise wrong_type("tool_choice.tools", "an array of objects", allowed)
        for at, each in enumerate(allowed):
            if not isinstance(each, dict):
                raise wrong_type(f"tool_choice.tools[{at}]", "an object", each)
            _check_offered(each, tools, hosted)
    elif isinstance(choice, dict):
        _check_offered(choice, tools, hosted)


def _check_offered(choice: Mapping[str, object], tools: tuple[Offered, ...], hosted: set[str]) -> None:
    kind = choice.get("type")
    check_choice("tool_choice.type", kind, ("allowed_tools", "custom", "function", *_HOSTED))
    if kind in _HOSTED:
        if kind not in hosted:
            raise refuse(f"Tool choice '{kind}' not found in 'tools' parameter.", param="tool_choice")
        return
    name = choice.get("name")
    if name is None:
        raise missing("tool_choice.name")
    if not any(name in (each.name, each.full_name) and each.custom is (kind == "custom") for each in tools):
        raise refuse(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
