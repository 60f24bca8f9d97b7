"""Read a Responses request for what an answer depends on. Pure, and forgiving: checks come before."""

from collections.abc import Sequence

from korproxy_mock.formats import JsonObject
from korproxy_mock.openai_read import image_at
from korproxy_mock.prompt import Image, Prompt, Tool, weigh
from korproxy_mock.responses_tools import offered

_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_SETTINGS = ("additional_tools", "configuration_update", "compaction_trigger")  # say nothing in the conversation


def items_of(body: JsonObject) -> list[JsonObject]:
    """Return the request's own input as items; a string is one user message."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def kind_of(item: JsonObject) -> str:
    """Return an item's type; a message may leave it out, and so may a reference."""
    kind = item.get("type")
    return str(kind) if kind is not None else "message" if "role" in item else "item_reference"


def read_prompt(body: JsonObject, items: Sequence[JsonObject]) -> Prompt:
    """Read a checked body; *items* is the whole conversation, also what is stored of it."""
    said = [each for each in items if kind_of(each) not in _SETTINGS]
    last = max((at for at, each in enumerate(said) if _is_user(each)), default=-1)
    content = said[last].get("content") if last >= 0 else ""
    results = _results(said)
    tools = offered(body, items)
    choice = body.get("tool_choice")
    return Prompt(
        text=text_of(content),
        turns=_turns(said[last + 1 :]),
        images=tuple(_images(content)),
        results=tuple(text_of(each.get("output")) for each in results) or None,
        result_images=tuple(image for each in results for image in _images(each.get("output"))),
        tools=tuple(Tool(name=each.full_name, schema=each.schema, raw=each.custom) for each in tools),
        may_call=choice != "none",
        forced=_forced(choice, {each.name: each.full_name for each in tools}),
        json_schema=_schema(body.get("text")),
        max_tokens=body.get("max_output_tokens"),
        tokens=count_tokens(body, items),
    )


def count_tokens(body: JsonObject, items: Sequence[JsonObject]) -> int:
    """Count what a request weighs."""
    return max(1, weigh([body.get("instructions"), list(items), body.get("tools")]) // 4)


def text_of(content: object) -> str:
    """Join the text of a message's content or of a tool's output: a string, or parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _is_user(item: JsonObject) -> bool:
    return kind_of(item) == "message" and item.get("role") == "user"


def is_models(item: JsonObject) -> bool:
    """Tell whether the model said *item*: its messages, reasoning and calls."""
    kind = kind_of(item)
    return item.get("role") == "assistant" if kind == "message" else kind == "reasoning" or kind.endswith("_call")


def _turns(items: Sequence[JsonObject]) -> int:
    """Count the runs of items that the model said; parallel calls and what stands in front of them are one turn."""
    ours = [is_models(each) for each in items]
    return sum(now and not before for before, now in zip([False, *ours], ours, strict=False))


def _results(items: Sequence[JsonObject]) -> list[JsonObject]:
    """Return what the tools gave back, if the conversation ends with that."""
    at = len(items)
    while at and kind_of(items[at - 1]) in _OUTPUTS:
        at -= 1
    return list(items[at:])


def _images(content: object) -> list[Image]:
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    images: list[Image] = []
    for part in parts:
        kind = str(part.get("type")).removeprefix("input_")
        if kind not in ("image", "file"):
            continue
        place = next((part[name] for name in ("image_url", "file_data", "file_url", "file_id") if part.get(name)), "")
        images.append(image_at(str(place), kind))
    return images


def _forced(choice: object, full_names: dict[str, str]) -> str | None:
    if choice == "required":
        return "*"
    if not isinstance(choice, dict):
        return None
    if choice.get("type") == "allowed_tools":
        allowed = choice.get("tools")
        first = allowed[0] if isinstance(allowed, list) and allowed and choice.get("mode") == "required" else None
        return _forced(first, full_names)
    name = choice.get("name")
    return full_names.get(name, name) if isinstance(name, str) else None


def _schema(text: object) -> JsonObject | None:
    wanted = text.get("format") if isinstance(text, dict) else None
    if not isinstance(wanted, dict):
        return None
    if wanted.get("type") == "json_object":
        return {"type": "object"}
    schema = wanted.get("schema") if wanted.get("type") == "json_schema" else None
    return schema if isinstance(schema, dict) else None
