"""Refuse content blocks as Anthropic refuses them: kinds, fields, media, signatures. Pure."""

import re

from korproxy_mock.anthropic_errors import invalid
from korproxy_mock.anthropic_read import decoded, signature_for
from korproxy_mock.formats import JsonObject
from korproxy_mock.media import sniffed

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_SOURCES = {"image": ("base64", "url", "file"), "document": ("base64", "url", "file", "text", "content")}
_RESULTS = (
    "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result", "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result", "tool_search_tool_result", "mcp_tool_use", "mcp_tool_result",
)  # fmt: skip
BLOCKS = {
    "user": {"text", "image", "document", "search_result", "tool_result", "container_upload", "tool_reference"},
    "assistant": {
        "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "compaction", "container_upload", *_RESULTS,
    },
    "system": {"text"},
}  # fmt: skip
_EVERY_BLOCK = frozenset().union(*BLOCKS.values())
_FIELDS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "transformations", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "tool_use": {"id", "name", "input", "caller", "toolset_name", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}


def check_text(where: str, place: str, block: JsonObject) -> None:
    """Raise ``Refused`` unless a text block holds text."""
    if not isinstance(block.get("text"), str):
        raise invalid(f"{place}.text: " + ("Field required" if "text" not in block else "Input should be a valid string"))
    if not block["text"]:
        raise invalid(f"{where}: text content blocks must be non-empty")
    if not block["text"].strip():
        raise invalid(f"{where}: text content blocks must contain non-whitespace text")


def check_block(place: str, role: str, block: object) -> None:
    """Raise ``Refused`` for the first fault of a block in a message of *role*."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(kind, str) or kind not in _EVERY_BLOCK:
        tags = ", ".join(f"'{each}'" for each in sorted(_EVERY_BLOCK))
        raise invalid(f"{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}")
    if kind not in BLOCKS[role]:
        raise invalid(f"{place}: `{kind}` blocks are not permitted in `{role}` messages")
    for name in block if kind in _FIELDS else ():
        if name not in _FIELDS[kind] and name != "type":
            raise invalid(f"{place}.{kind}.{name}: Extra inputs are not permitted")
    if kind == "text":
        check_text("messages", f"{place}.text", block)
    elif kind in ("image", "document"):
        _check_source(f"{place}.{kind}.source", kind, block.get("source"))
    elif kind == "tool_use":
        _check_tool_use(f"{place}.tool_use", block)
    elif kind == "tool_result":
        _check_tool_result(place, block)
    elif kind in ("thinking", "redacted_thinking"):
        _check_reasoning(place, kind, block)


def _check_source(place: str, kind: str, source: object) -> None:
    if not isinstance(source, dict) or source.get("type") not in _SOURCES[kind]:
        raise invalid(f"{place}: Field required")
    wanted = {"url": "url", "file": "file_id", "base64": "media_type"}.get(source["type"])
    if wanted and not isinstance(source.get(wanted), str):
        raise invalid(f"{place}.{source['type']}.{wanted}: Field required")
    if source["type"] != "base64":
        return
    if kind == "image" and source["media_type"] not in _IMAGE_TYPES:
        raise invalid(f"{place}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
    if kind == "document" and source["media_type"] != "application/pdf":
        raise invalid(f"{place}.base64.media_type: Input should be 'application/pdf'")
    data = decoded(source.get("data"))
    if data is None:
        raise invalid(f"{place}.base64: invalid base64 data")
    real = sniffed(data)  # bytes that are no image at all pass: tests may send any
    if kind == "image" and real not in {None, source["media_type"]}:
        raise invalid(
            f"{place}.base64: The image was specified using the {source['media_type']} media type, but the image appears to "
            f"be a {real} image"
        )


def _check_tool_use(place: str, block: JsonObject) -> None:
    for name in ("id", "name", "input"):
        if name not in block:
            raise invalid(f"{place}.{name}: Field required")
    if not isinstance(block["id"], str) or not _ID.fullmatch(block["id"]):
        raise invalid(f"{place}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    if not isinstance(block["name"], str) or not _NAME.fullmatch(block["name"]):
        raise invalid(f"{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if not isinstance(block["input"], dict):
        raise invalid(f"{place}.input: Input should be an object")


def _check_tool_result(place: str, block: JsonObject) -> None:
    if not isinstance(block.get("tool_use_id"), str):
        raise invalid(f"{place}.tool_result.tool_use_id: Field required")
    if not _ID.fullmatch(block["tool_use_id"]):
        raise invalid(f"{place}.tool_result.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    content = block.get("content")
    if not isinstance(content, str | list | None):
        raise invalid(f"{place}.tool_result.content: Input should be a valid list")
    for index, inner in enumerate(content if isinstance(content, list) else []):
        if isinstance(inner, dict) and inner.get("type") == "tool_result":
            raise invalid(f"{place}.tool_result.content.{index}: Input tag 'tool_result' is not expected here")
        check_block(f"{place}.tool_result.content.{index}", "user", inner)


def _check_reasoning(place: str, kind: str, block: JsonObject) -> None:
    for name in ("data",) if kind == "redacted_thinking" else ("thinking", "signature"):
        if not isinstance(block.get(name), str):
            raise invalid(f"{place}.{kind}.{name}: Field required")
    if kind == "redacted_thinking" and not block["data"]:
        raise invalid(f"{place}: Invalid `data` in `redacted_thinking` block")
    if kind == "thinking" and block["signature"] != signature_for(block["thinking"]):
        raise invalid(f"{place}: Invalid `signature` in `thinking` block")
