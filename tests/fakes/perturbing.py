"""Another legal value in the place of a leaf of a request: small enough to mean the same, so that only its being sent shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes import pointers

SENTINEL = "zq7kx"  # stands in no request of the corpus; short, so that names keep it
_SIGNATURES = frozenset({"thoughtSignature", "thought_signature"})
_DATA_URL = re.compile(r"(data:[^,]*;base64,)(.*)", re.DOTALL)
_SCHEMAS = (
    *("/parameters/", "/input_schema/", "/schema/"),
    *("/parametersJsonSchema/", "/responseSchema/", "/responseJsonSchema/", "/parameters_json_schema/", "/response_schema/"),
)

# A word by which the rest of its object is told, or which has to fit the rest: another one would need another rest.
DISCRIMINATORS = frozenset({"type", "role", "media_type", "mimeType", "mime_type"})

# Types with the same rest, by the key of their object and by their own word.
SAME_SHAPE: Mapping[str, Mapping[str, str]] = {
    "tool_choice": {"any": "auto"},
    "response_format": {"text": "json_object", "json_object": "text"},
    "thinking": {"disabled": "between_tools", "between_tools": "disabled"},
}

# Legal words, by the key they stand at.
WORDS: Mapping[str, Sequence[Sequence[str]]] = {
    "aspectRatio": [["1:1", "16:9"]],
    "allowed_callers": [["direct", "code_execution_20250825"]],
    "country": [["AT", "DE"]],
    "detail": [["auto", "low", "high", "original"]],
    "display": [["summarized", "omitted"]],
    "effort": [["low", "medium", "high", "xhigh", "max"]],
    "error_code": [
        ["unavailable", "too_many_requests"],
        ["max_uses_exceeded", "unavailable"],
        ["file_not_found", "unavailable"],
    ],
    "file_type": [["text", "image", "pdf"]],
    "format": [["wav", "mp3"], ["anthropic", "google"], ["anthropic-claude-v1", "google-gemini-v1"]],
    "function_call": [["none", "auto"]],
    "modalities": [["text", "audio"]],
    "language": [["PYTHON"]],
    "level": [["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"]],
    "mediaProcessing": [["STATIC", "AGENTIC"]],
    "mediaResolution": [["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_HIGH"]],
    "media_resolution": [["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_HIGH"]],
    "method": [["SEVERITY", "PROBABILITY"]],
    "mode": [
        ["AUTO", "NONE"],
        ["ANY", "AUTO"],
        ["NONE", "AUTO"],
        ["VALIDATED", "ANY"],
        ["VERBATIM", "SMART"],
        ["auto", "required"],
        ["implicit", "explicit"],
        ["score", "block"],
        ["explicit"],
    ],
    "outcome": [["OUTCOME_OK", "OUTCOME_FAILED"]],
    "oversized_image": [["downsize", "error"]],
    "prompt_cache_retention": [["in_memory", "24h"]],
    "reasoning_effort": [["none", "minimal", "low", "medium", "high", "xhigh", "max"]],
    "responseMimeType": [["text/plain", "application/json"]],
    "responseModalities": [["TEXT"]],
    "response_mime_type": [["text/plain", "application/json"]],
    "response_modalities": [["TEXT"]],
    "response_inclusion": [["full", "excluded"]],
    "scheduling": [["SILENT", "WHEN_IDLE", "INTERRUPT"]],
    "search_context_size": [["low", "medium", "high"]],
    "serviceTier": [["standard", "flex", "priority"]],
    "service_tier": [["standard", "flex"], ["auto", "standard_only"], ["auto", "default", "flex", "scale", "priority", "fast"]],
    "speed": [["standard", "fast"]],
    "syntax": [["lark", "regex"]],
    "thinkingLevel": [["LOW", "MEDIUM", "HIGH"]],
    "threshold": [["BLOCK_ONLY_HIGH", "BLOCK_NONE", "BLOCK_MEDIUM_AND_ABOVE", "OFF"]],
    "timezone": [["Europe/Vienna", "Europe/Berlin"]],
    "tool_choice": [["none", "auto", "required"]],
    "ttl": [["5m", "1h"], ["30m", "12h"]],
    "toolType": [["GOOGLE_SEARCH_WEB", "URL_CONTEXT"]],
    "verbosity": [["low", "medium", "high"]],
    "voice": [["coral", "sage"]],
}


def other(body: Any, pointer: str) -> Any:
    """Return another legal value for the leaf at *pointer*; None where there is none (a fixed word, null, an empty object)."""
    value = pointers.at(body, pointer)
    key = _last_name(pointer)
    match value:
        case bool():
            return not value
        case int():  # not above a limit that it may stand at
            return value - 1 if key.startswith("max") or key == "temperature" else value + 1
        case float():
            return round(value + 0.05, 4)
        case str():
            return _other_word(body, pointer, key, value)
    return None


def _other_word(body: Any, pointer: str, key: str, value: str) -> str | None:
    if any(part in f"{pointer}/" for part in _SCHEMAS):
        return _other_in_schema(body, pointer, value)
    if key == "type":
        return SAME_SHAPE.get(_last_name(pointer.removesuffix("/type")), {}).get(value)
    return None if key in DISCRIMINATORS or _is_fixed_name(body, pointer) else _other_text(body, pointer, key, value)


def _other_text(body: Any, pointer: str, key: str, value: str) -> str | None:
    for words in WORDS.get(key, ()):
        if value in words:
            rest = [word for word in words if word != value]
            return rest[0] if rest else None
    if found := _DATA_URL.fullmatch(value):
        return found[1] + _other_base64(found[2])
    if key in _SIGNATURES or (key == "data" and _source_kind(body, pointer) in {"base64", "input_audio", "inlineData"}):
        return _other_base64(value)
    if key == "arguments":
        return json.dumps(_other_arguments(json.loads(value)), separators=(",", ":"))
    if value.startswith("x-anthropic-billing-header"):
        return f"{value} {SENTINEL}"
    return value + SENTINEL


def _other_in_schema(body: Any, pointer: str, value: str) -> str | None:
    parent, _, last = pointer.rpartition("/")
    if last == "type":
        other = {"string": "integer", "integer": "string", "number": "integer"}.get(value.lower())
        return other.upper() if other and value.isupper() else other
    if last.isdecimal() and parent.endswith("/required"):
        schema = pointers.at(body, parent.removesuffix("/required"))
        return next((name for name in schema["properties"] if name not in schema["required"]), None)
    if last.isdecimal() and parent.endswith(("/type", "/propertyOrdering", "/property_ordering")):
        return None
    return value + SENTINEL


def _other_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    key, value = next(((key, value) for key, value in arguments.items() if isinstance(value, str)), ("path", ""))
    return {**arguments, key: value + SENTINEL}


def _other_base64(data: str) -> str:
    """Change a byte far behind what shows the type."""
    raw = bytearray(base64.b64decode(data))
    raw[-6] ^= 1
    return base64.b64encode(raw).decode()


def _source_kind(body: Any, pointer: str) -> str:
    outer = pointer.rpartition("/")[0]
    if outer.endswith(("/inlineData", "/inline_data")):
        return "inlineData"
    return "input_audio" if outer.endswith("/input_audio") else str(pointers.at(body, outer).get("type"))


def _is_fixed_name(body: Any, pointer: str) -> bool:
    """A tool of the vendor's own has one name only."""
    outer, _, last = pointer.rpartition("/")
    if last != "name":
        return False
    kind = pointers.at(body, outer).get("type")
    return kind not in {None, "custom", "tool_use", "tool", "tool_reference", "url", "mcp_tool_use"}


def _last_name(pointer: str) -> str:
    return next((key for key in reversed(pointer.split("/")) if not key.isdecimal()), "")
