"""Refuse conversations as Anthropic refuses them: roles, blocks, tool pairs, signatures. Pure."""

import re

from korproxy_mock import models
from korproxy_mock.anthropic_errors import invalid
from korproxy_mock.anthropic_read import blocks_of, decoded, signature_for
from korproxy_mock.formats import JsonObject

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_RESULTS = (
    "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result", "tool_search_tool_result", "mcp_tool_use", "mcp_tool_result",
)  # fmt: skip
_BLOCKS = {
    "user": {"text", "image", "document", "search_result", "tool_result", "container_upload", "tool_reference"},
    "assistant": {
        "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "compaction", "container_upload", *_RESULTS,
    },
    "system": {"text"},
}  # fmt: skip
_EVERY_BLOCK = frozenset().union(*_BLOCKS.values())
_SYSTEM_TURNS = (5, 0)  # the first generation that takes them inside ``messages``


def check_messages(messages: list[object], model: str) -> None:
    """Raise ``Refused`` for the first fault in *messages*."""
    if not messages:
        raise invalid("messages: at least one message is required")
    checked = [_check_message(at, each, model, final=at == len(messages) - 1) for at, each in enumerate(messages)]
    if checked[0]["role"] == "assistant":
        raise invalid('messages: first message must use the "user" role')
    _check_pairs(checked)
    if checked[-1]["role"] == "assistant":
        _check_prefill(checked[-1], model)


def check_text(where: str, place: str, block: JsonObject) -> None:
    """Raise ``Refused`` unless a text block holds text."""
    if not isinstance(block.get("text"), str):
        raise invalid(f"{place}.text: " + ("Field required" if "text" not in block else "Input should be a valid string"))
    if not block["text"]:
        raise invalid(f"{where}: text content blocks must be non-empty")
    if not block["text"].strip():
        raise invalid(f"{where}: text content blocks must contain non-whitespace text")


def _check_message(at: int, message: object, model: str, *, final: bool) -> JsonObject:
    if not isinstance(message, dict):
        raise invalid(f"messages.{at}: Input should be an object")
    role = message.get("role")
    if not isinstance(role, str) or role not in _BLOCKS:
        raise invalid(f"messages.{at}.role: " + ("Field required" if role is None else "Input should be 'user' or 'assistant'"))
    if role == "system" and (0, 0) < models.claude(model)[1] < _SYSTEM_TURNS:
        raise invalid(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" '
            "as an input message role."
        )
    content = message.get("content")
    if not isinstance(content, str | list):
        why = "Field required" if "content" not in message else "Input should be a valid list"
        raise invalid(f"messages.{at}.content: {why}")
    if not content and not (final and role == "assistant"):
        raise invalid(
            f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
        )
    for index, block in enumerate(content if isinstance(content, list) else []):
        _check_block(f"messages.{at}.content.{index}", role, block)
    return message


def _check_block(place: str, role: str, block: object) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(kind, str) or kind not in _EVERY_BLOCK:
        tags = ", ".join(f"'{each}'" for each in sorted(_EVERY_BLOCK))
        raise invalid(f"{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}")
    if kind not in _BLOCKS[role]:
        raise invalid(f"{place}: `{kind}` blocks are not permitted in `{role}` messages")
    if kind == "text":
        check_text("messages", f"{place}.text", block)
    elif kind in ("image", "document"):
        _check_source(f"{place}.{kind}.source", kind, block.get("source"))
    elif kind == "tool_use":
        _check_tool_use(f"{place}.tool_use", block)
    elif kind == "tool_result":
        _check_tool_result(place, block)
    elif kind == "thinking":
        _check_thinking(place, block)


def _check_source(place: str, kind: str, source: object) -> None:
    if not isinstance(source, dict) or source.get("type") not in ("base64", "url", "file", "text", "content"):
        raise invalid(f"{place}: Field required")
    if source["type"] != "base64":
        return
    if kind == "image" and source.get("media_type") not in _IMAGE_TYPES:
        raise invalid(f"{place}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
    if decoded(source.get("data")) is None:
        raise invalid(f"{place}.base64: invalid base64 data")


def _check_tool_use(place: str, block: JsonObject) -> None:
    for name in ("id", "name", "input"):
        if name not in block:
            raise invalid(f"{place}.{name}: Field required")
    if not isinstance(block["id"], str) or not _ID.fullmatch(block["id"]):
        raise invalid(f"{place}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    if not isinstance(block["input"], dict):
        raise invalid(f"{place}.input: Input should be an object")


def _check_tool_result(place: str, block: JsonObject) -> None:
    if not isinstance(block.get("tool_use_id"), str):
        raise invalid(f"{place}.tool_result.tool_use_id: Field required")
    content = block.get("content")
    if not isinstance(content, str | list | None):
        raise invalid(f"{place}.tool_result.content: Input should be a valid list")
    for index, inner in enumerate(content if isinstance(content, list) else []):
        if isinstance(inner, dict) and inner.get("type") == "tool_result":
            raise invalid(f"{place}.tool_result.content.{index}: Input tag 'tool_result' is not expected here")
        _check_block(f"{place}.tool_result.content.{index}", "user", inner)


def _check_thinking(place: str, block: JsonObject) -> None:
    for name in ("thinking", "signature"):
        if not isinstance(block.get(name), str):
            raise invalid(f"{place}.thinking.{name}: Field required")
    if block["signature"] != signature_for(block["thinking"]):
        raise invalid(f"{place}: Invalid `signature` in `thinking` block")


def _check_pairs(messages: list[JsonObject]) -> None:
    """Every ``tool_use`` is answered in the very next message, and every answer has its question in the one before."""
    asked: list[str] = []
    for at, message in enumerate(messages):
        blocks = blocks_of(message)
        answered = [block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"]
        _check_answers(at, blocks, asked)
        if missing := [each for each in asked if each not in answered]:
            raise invalid(_unanswered(at - 1, missing))
        asked = [block["id"] for block in blocks if block.get("type") == "tool_use"]
        if len(set(asked)) != len(asked):
            raise invalid(f"messages.{at}: `tool_use` ids must be unique")
    if asked:
        raise invalid(_unanswered(len(messages) - 1, asked))


def _check_answers(at: int, blocks: list[JsonObject], asked: list[str]) -> None:
    for index, block in enumerate(blocks):
        if block.get("type") == "tool_result" and block["tool_use_id"] not in asked:
            raise invalid(
                f"messages.{at}.content.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` block in the "
                "previous message."
            )


def _unanswered(at: int, missing: list[str]) -> str:
    return (
        f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}. "
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


def _check_prefill(message: JsonObject, model: str) -> None:
    if models.claude_refuses_prefill(model):
        raise invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
    blocks = blocks_of(message)
    if blocks and str(blocks[-1].get("text") or "") != str(blocks[-1].get("text") or "").rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")
