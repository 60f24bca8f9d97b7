"""Refuse tools, their choice and cache breakpoints as Anthropic refuses them. Pure."""

import re
from collections.abc import Iterator

from korproxy_mock.anthropic_errors import invalid
from korproxy_mock.formats import JsonObject

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MOST_CACHE_MARKS = 4
_TTLS = ("5m", "1h")
_FIELDS = frozenset({
    "name", "description", "input_schema", "type", "cache_control", "strict", "defer_loading", "eager_input_streaming",
    "input_examples", "allowed_callers",
})  # fmt: skip
_OWN = re.compile(
    r"(bash|text_editor|memory|computer|computer_toolset|browser_toolset|web_search|web_fetch|code_execution"
    r"|tool_search_tool_bm25|tool_search_tool_regex|mcp_toolset)_\d{8}|mcp_toolset"
)
_CHOICES = {
    "auto": {"disable_parallel_tool_use"}, "any": {"disable_parallel_tool_use"},
    "tool": {"name", "disable_parallel_tool_use"}, "none": set[str](),
}  # fmt: skip


def check_tools(body: JsonObject) -> None:
    """Raise ``Refused`` for the first fault of ``tools`` and ``tool_choice``."""
    tools = body.get("tools") or []
    for at, tool in enumerate(tools):
        _check_tool(at, tool)
    names = [tool.get("name") for tool in tools]
    if len(set(names)) != len(names):
        raise invalid("tools: Tool names must be unique.")
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice.get("type")
    if not isinstance(kind, str) or kind not in _CHOICES:
        raise invalid(
            f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected tags: "
            "'any', 'auto', 'none', 'tool'"
        )
    for name in choice:
        if name not in _CHOICES[kind] and name != "type":
            raise invalid(f"tool_choice.{kind}.{name}: Extra inputs are not permitted")
    if not tools:
        raise invalid("tool_choice: tool_choice may only be specified while providing tools.")
    if kind == "tool" and choice.get("name") not in names:
        raise invalid(f"Tool '{choice.get('name')}' not found in provided tools")


def check_cache(body: JsonObject) -> None:
    """Raise ``Refused`` for too many cache breakpoints, or ones in an order that cannot be."""
    marks = list(_cache_marks(body))
    if len(marks) > _MOST_CACHE_MARKS:
        raise invalid(f"A maximum of {_MOST_CACHE_MARKS} blocks with cache_control may be provided. Found {len(marks)}.")
    short = False
    for place, mark in marks:
        if not isinstance(mark, dict) or mark.get("type") != "ephemeral":
            raise invalid(f"{place}.cache_control.type: Input should be 'ephemeral'")
        ttl = mark.get("ttl") or _TTLS[0]
        if ttl not in _TTLS:
            raise invalid(f"{place}.cache_control.ttl: Input should be '5m' or '1h'")
        if ttl == "1h" and short:
            raise invalid(
                f"{place}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
                "block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
            )
        short = short or ttl == _TTLS[0]


def _check_tool(at: int, tool: object) -> None:
    if not isinstance(tool, dict):
        raise invalid(f"tools.{at}: Input should be an object")
    kind = tool.get("type")
    place = f"tools.{at}.{kind or 'custom'}"
    if kind not in (None, "custom"):
        if not isinstance(kind, str) or not _OWN.fullmatch(kind):
            raise invalid(f"tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
        if kind.startswith("mcp_toolset"):
            return  # it has no name
    name = tool.get("name")
    if name is None:
        raise invalid(f"{place}.name: Field required")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid(f"{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if kind in (None, "custom"):  # Anthropic's own tools have no schema
        _check_custom(place, tool)


def _check_custom(place: str, tool: JsonObject) -> None:
    for field in tool:
        if field not in _FIELDS:
            raise invalid(f"{place}.{field}: Extra inputs are not permitted")
    if not isinstance(tool.get("description", ""), str | None):
        raise invalid(f"{place}.description: Input should be a valid string")
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        raise invalid(f"{place}.input_schema: " + ("Field required" if schema is None else "Input should be an object"))
    if schema.get("type") != "object":
        why = "Input should be 'object'" if "type" in schema else "Field required"
        raise invalid(f"{place}.input_schema.type: {why}")
    if {"oneOf", "anyOf", "allOf"} & schema.keys():
        raise invalid(f"{place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level")


def _cache_marks(body: JsonObject) -> Iterator[tuple[str, object]]:
    """Go through the cache breakpoints, in the order that the prompt is made of."""
    for name in ("tools", "system", "messages"):
        yield from _marks_in(name, body.get(name))


def _marks_in(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from _marks_in(f"{place}.{at}", each)
    elif isinstance(value, dict):
        yield from _marks_in(f"{place}.content", value.get("content"))
        if value.get("cache_control"):
            yield place, value["cache_control"]
