"""Refuse tools, their choice and their schemas as OpenAI refuses them. Pure."""

import json
from collections.abc import Iterator

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_refusals import check_choice, check_name, empty_array, missing, refuse, wrong_type

_CHOICES = ("none", "auto", "required")
_DEEPEST = 60  # deeper ones are not looked into


def check_tools(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of ``tools`` and ``tool_choice``."""
    tools = body.get("tools")
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None and body[name] != "none":
                raise refuse(f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.", param=name)
        return
    if not isinstance(tools, list):
        raise wrong_type("tools", "an array of objects", tools)
    if not tools:
        raise empty_array("tools")
    for at, tool in enumerate(tools):
        _check_tool(f"tools[{at}]", tool)
    _check_tool_choice(body.get("tool_choice"), [tool[tool["type"]]["name"] for tool in tools])


def check_schema(place: str, owner: str, schema: JsonObject, *, strict: bool, code: str | None = None) -> None:
    """Raise ``Refused`` for the first fault of a schema.

    Args:
        place: The parameter to name.
        owner: Whose schema it is, in OpenAI's words.
        schema: Of an object, at its top.
        strict: Everything must be required, and nothing may be added.
        code: Of the refusal; None: a function's, and none for others.
    """
    code = "invalid_function_parameters" if owner.startswith("function") else code
    for context, why in _schema_faults(schema, (), strict=strict):
        raise refuse(f"Invalid schema for {owner}: In context={context!r}, {why}", param=place, code=code)


def _check_tool(place: str, tool: object) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(place, "an object", tool)
    check_choice(f"{place}.type", tool.get("type"), ("function", "custom"))
    holder = tool.get(tool["type"])
    if not isinstance(holder, dict):
        raise missing(f"{place}.{tool['type']}")
    check_name(f"{place}.{tool['type']}.name", holder.get("name"))
    if tool["type"] == "function":
        check_parameters(f"{place}.function.parameters", holder)


def check_parameters(param: str, function: JsonObject) -> None:
    """Raise ``Refused`` for the first fault in the schema of what *function* takes; it stands at *param*."""
    schema = function.get("parameters")
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise wrong_type(param, "an object", schema)
    if schema and schema.get("type") != "object":
        raise refuse(
            f"Invalid schema for function '{function['name']}': schema must be a JSON Schema of 'type: \"object\"', "
            f"got 'type: {json.dumps(schema.get('type'))}'.",
            param=param,
            code="invalid_function_parameters",
        )
    check_schema(param, f"function '{function['name']}'", schema, strict=function.get("strict") is True)


def _check_tool_choice(choice: object, names: list[str]) -> None:
    if not isinstance(choice, str | dict | None):
        raise wrong_type("tool_choice", "one of a string or an object", choice)
    if isinstance(choice, str):
        check_choice("tool_choice", choice, _CHOICES)
    if not isinstance(choice, dict):
        return
    check_choice("tool_choice.type", choice.get("type"), ("function", "custom", "allowed_tools"))
    holder = choice.get(choice["type"])
    if not isinstance(holder, dict):
        raise missing(f"tool_choice.{choice['type']}")
    if choice["type"] != "allowed_tools":
        if holder.get("name") not in names:
            raise refuse(f"Tool choice '{holder.get('name')}' not found in 'tools' parameter.", param="tool_choice")
        return
    check_choice("tool_choice.allowed_tools.mode", holder.get("mode"), ("auto", "required"))
    allowed = holder.get("tools")
    if not isinstance(allowed, list):
        raise wrong_type("tool_choice.allowed_tools.tools", "an array of objects", allowed)
    for each in allowed:
        chosen = each.get(str(each.get("type"))) if isinstance(each, dict) else None
        if not isinstance(chosen, dict) or chosen.get("name") not in names:
            raise refuse("Allowed tools must be a subset of the 'tools' parameter.", param="tool_choice.allowed_tools.tools")


def _schema_faults(schema: object, context: tuple[str, ...], *, strict: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(schema, dict) or not schema or len(context) > _DEEPEST:
        return
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    properties = schema.get("properties")
    if "object" in kinds and not isinstance(properties, dict) and not context:
        yield context, "object schema missing properties."
    if "array" in kinds and "items" not in schema and "prefixItems" not in schema:
        yield context, "array schema missing items."
    if strict and "object" in kinds:
        yield from _strict_faults(schema, context)
    for name, each in (properties if isinstance(properties, dict) else {}).items():
        yield from _schema_faults(each, (*context, "properties", str(name)), strict=strict)
    if "items" in schema:
        yield from _schema_faults(schema["items"], (*context, "items"), strict=strict)
    for key in ("anyOf", "$defs"):
        inner = schema.get(key)
        inside = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        for name, each in inside:
            yield from _schema_faults(each, (*context, key, str(name)), strict=strict)


def _strict_faults(schema: JsonObject, context: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if schema.get("additionalProperties") is not False:
        yield context, "'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties"), schema.get("required")
    names = list(properties) if isinstance(properties, dict) else []
    absent = [name for name in names if name not in (required if isinstance(required, list) else [])]
    if absent:
        yield (
            context,
            "'required' is required to be supplied and to be an array including every key in properties. "
            f"Missing '{absent[0]}'.",
        )
