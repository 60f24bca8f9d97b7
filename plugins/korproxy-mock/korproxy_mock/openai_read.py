"""Read a Chat Completions request for what an answer depends on. Pure, and forgiving: checks come before."""

import base64
import binascii

from korproxy_mock.directives import has_directives
from korproxy_mock.formats import JsonObject
from korproxy_mock.prompt import Image, Prompt, Tool, weigh


def read_prompt(body: JsonObject) -> Prompt:
    """Read a checked body."""
    messages = [each for each in body.get("messages") or [] if isinstance(each, dict)]
    shown = _shown_by_tools(messages)
    said = messages[: len(messages) - len(shown)]
    users = [at for at, each in enumerate(said) if each.get("role") == "user"]
    last = users[-1] if users else -1
    content = said[last].get("content") if users else ""
    choice = body.get("tool_choice")
    return Prompt(
        text=text_of(content),
        turns=sum(each.get("role") == "assistant" for each in said[last + 1 :]),
        images=tuple(_images(content)),
        results=_results(said),
        result_images=tuple(image for message in shown for image in _images(message.get("content"))),
        tools=tuple(_tools(body)),
        may_call=choice != "none",
        forced=_forced(choice),
        json_schema=_schema(body.get("response_format")),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        tokens=max(1, weigh([messages, body.get("tools")]) // 4),
    )


def text_of(content: object) -> str:
    """Join the text of a message's content: a string, or parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _shown_by_tools(messages: list[JsonObject]) -> list[JsonObject]:
    """Return the user message at the end that shows the images of tools' results, which have no place in those themselves.

    One with directives is the user's own, whatever it shows.
    """
    after_tools = len(messages) > 1 and messages[-1].get("role") == "user" and messages[-2].get("role") == "tool"
    content = messages[-1].get("content") if after_tools else None
    return [messages[-1]] if _images(content) and not has_directives(text_of(content)) else []


def _results(messages: list[JsonObject]) -> tuple[str, ...] | None:
    """Return what the tools gave back, if the conversation ends with that."""
    results: list[str] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        results.insert(0, text_of(message.get("content")))
    return tuple(results) or None


def _images(content: object) -> list[Image]:
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    images: list[Image] = []
    for part in parts:
        holder = part.get(str(part.get("type")))
        if not isinstance(holder, dict):
            continue
        if part["type"] == "image_url":
            images.append(image_at(str(holder.get("url")), "image"))
        elif part["type"] == "file" and isinstance(holder.get("file_data"), str):
            images.append(image_at(holder["file_data"], "file"))
        elif part["type"] == "input_audio":
            images.append(Image(media_type=f"audio/{holder.get('format')}", data=decoded(str(holder.get("data")))))
    return images


def image_at(address: str, otherwise: str) -> Image:
    """Read a data URL, or keep the address; *otherwise* is then what it is."""
    if not address.startswith("data:"):
        return Image(media_type=otherwise, address=address)
    head, _, data = address.removeprefix("data:").partition(",")
    return Image(media_type=head.partition(";")[0], data=decoded(data))


def decoded(data: str) -> bytes | None:
    """Decode base64; None if it is none."""
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None


def _tools(body: JsonObject) -> list[Tool]:
    functions = [each.get("function") for each in body.get("tools") or [] if isinstance(each, dict)]
    return [
        Tool(name=str(each.get("name")), schema=each.get("parameters") or {})
        for each in functions
        if isinstance(each, dict) and isinstance(each.get("parameters") or {}, dict)
    ]


def _forced(choice: object) -> str | None:
    if choice == "required":
        return "*"
    function = choice.get("function") if isinstance(choice, dict) else None
    return str(function.get("name")) if isinstance(function, dict) else None


def _schema(response_format: object) -> JsonObject | None:
    if not isinstance(response_format, dict):
        return None
    if response_format.get("type") == "json_object":
        return {"type": "object"}
    holder = response_format.get("json_schema")
    schema = holder.get("schema") if isinstance(holder, dict) else None
    return schema if isinstance(schema, dict) else None
