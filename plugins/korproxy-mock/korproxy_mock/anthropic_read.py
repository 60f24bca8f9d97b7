"""Read a Messages request for what an answer depends on. Pure, and forgiving: checks come before."""

import base64
import binascii
from hashlib import sha256

from korproxy_mock.formats import JsonObject
from korproxy_mock.prompt import Image, Prompt, Tool, weigh


def read_prompt(body: JsonObject) -> Prompt:
    """Read a checked body."""
    messages = [each for each in body.get("messages") or [] if isinstance(each, dict)]
    last = _last_said(messages)
    blocks = blocks_of(messages[last]) if last >= 0 else []
    results = _results(messages)
    choice = body.get("tool_choice") or {}
    forced = {"any": "*", "tool": choice.get("name")}.get(str(choice.get("type")))
    return Prompt(
        text="\n".join(str(block.get("text")) for block in blocks if block.get("type") == "text"),
        turns=sum(each.get("role") == "assistant" for each in messages[last + 1 :]),
        images=tuple(image for block in blocks if (image := _image(block))),
        results=tuple(_result_text(each) for each in results) or None,
        result_images=tuple(image for each in results for block in blocks_of(each) if (image := _image(block))),
        tools=tuple(_tools(body)),
        may_call=choice.get("type") != "none",
        forced=forced,
        json_schema=_schema(body),
        max_tokens=body.get("max_tokens"),
        stop_sequences=tuple(body.get("stop_sequences") or ()),
        tokens=max(1, weigh([body.get("system"), messages, body.get("tools")]) // 4),
    )


def blocks_of(message: JsonObject) -> list[JsonObject]:
    """Return a message's content as blocks, whichever way it is written."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []


def signature_for(thinking: str) -> str:
    """Sign *thinking*: the mock knows its own signatures again, as Anthropic does, and refuses foreign ones."""
    return "Eq" + base64.b64encode(sha256(f"korproxy-mock {thinking}".encode("utf-8", "replace")).digest() * 2).decode()


def _last_said(messages: list[JsonObject]) -> int:
    """Find the last user message that says something itself; tool results alone do not."""
    for at in range(len(messages) - 1, -1, -1):
        kinds = {str(block.get("type")) for block in blocks_of(messages[at])}
        if messages[at].get("role") == "user" and kinds - {"tool_result"}:
            return at
    return -1


def _results(messages: list[JsonObject]) -> list[JsonObject]:
    """Return what the tools gave back, if the conversation ends with that and nothing is said after it."""
    users = [message for message in messages if message.get("role") != "system"]
    blocks = blocks_of(users[-1]) if users else []
    if not blocks or blocks[-1].get("type") != "tool_result":
        return []
    return [block for block in blocks if block.get("type") == "tool_result"]


def _result_text(result: JsonObject) -> str:
    return "\n".join(str(block.get("text")) for block in blocks_of(result) if block.get("type") == "text")


def _image(block: JsonObject) -> Image | None:
    source = block.get("source")
    if block.get("type") not in ("image", "document") or not isinstance(source, dict):
        return None
    kind = str(source.get("media_type") or block["type"])
    if source.get("type") in ("url", "file"):
        return Image(media_type=kind, address=str(source.get("url") or source.get("file_id")))
    if source.get("type") == "text":
        return Image(media_type=kind, data=str(source.get("data")).encode("utf-8", "replace"))
    return Image(media_type=kind, data=decoded(source.get("data")))


def decoded(data: object) -> bytes | None:
    """Decode base64; None if it is none."""
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _tools(body: JsonObject) -> list[Tool]:
    tools = [each for each in body.get("tools") or [] if isinstance(each, dict)]
    return [
        Tool(name=str(each.get("name")), schema=schema)
        for each in tools
        if isinstance(schema := each.get("input_schema") or {}, dict)
    ]


def _schema(body: JsonObject) -> JsonObject | None:
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return schema if isinstance(schema, dict) else None
