"""A request as Claude Code documents that it sends them: shape, size and headers are its own, every word is ours.

Source: Anthropic's page on gateways for Claude Code (``llm-gateway-protocol``), and the limits of ``/v1/messages``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

SIZE = 89_000  # bytes of the request as compact JSON
SESSION = "5f0c1a2e-7d1b-4c33-9a57-0d4f2b6c8e91"
ATTRIBUTION = "x-anthropic-billing-header: cc_version=2.1.230.4c1; cc_entrypoint=cli; cch=0a1b2;"
BETAS = (
    "claude-code-20250219",
    "interleaved-thinking-2025-05-14",
    "context-management-2025-06-27",
    "structured-outputs-2025-11-13",
    "mid-conversation-tool-changes-2026-07-01",
)
PLAIN = (
    "Agent", "Bash", "BashOutput", "KillShell", "Glob", "Grep", "Read", "Edit", "MultiEdit", "Write", "NotebookEdit",
    "WebFetch", "WebSearch", "TodoWrite", "ExitPlanMode", "AskUserQuestion", "Skill", "SlashCommand",
)  # fmt: skip
DEFERRED = (
    "mcp__tracker__list_issues", "mcp__tracker__get_issue", "mcp__tracker__add_comment", "mcp__tracker__close_issue",
    "mcp__browser__open_page", "mcp__browser__take_picture", "mcp__browser__read_console",
)  # fmt: skip
_SENTENCE = "Read a file before you change it, keep what works, and say in the end what was done and what was not. "
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_CACHED = {"cache_control": {"type": "ephemeral"}}


def claude_code_headers() -> dict[str, str]:
    """Return the headers of the request but for the credential."""
    return {
        "user-agent": "claude-cli/2.1.230 (external, cli)",
        "x-app": "cli",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": ",".join(BETAS),
        "anthropic-dangerous-direct-browser-access": "true",
        "x-claude-code-session-id": SESSION,
        "x-claude-code-agent-id": "a7",
        "x-claude-code-parent-agent-id": "main",
        "x-stainless-lang": "js",
        "x-stainless-runtime": "node",
        "x-stainless-retry-count": "0",
        "content-type": "application/json",
        "accept": "application/json",
    }


def claude_code_request(
    model: str = "claude-opus-5", *, sign: Callable[[str], str] | None = None, prompt: str = "Say it in one word."
) -> dict[str, Any]:
    """Return the body: 25 tools, cached system blocks, two parallel calls with their results, one of them a picture.

    Args:
        sign: Makes the signature of thinking. With it the assistant's turn of calls begins with thinking.
        prompt: What the user says last.
    """
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": 32_000,
        "stream": True,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": json.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": SESSION})},
        "system": [
            {"type": "text", "text": ATTRIBUTION},
            {"type": "text", "text": "You are a coding agent that works in a terminal.", **_CACHED},
            {"type": "text", "text": "", **_CACHED},
            {"type": "text", "text": "Working directory: /home/ann/atlas\nPlatform: linux\nIs a git repository: true"},
        ],
        "tools": [*map(_tool, PLAIN), *map(_deferred_tool, DEFERRED)],
        "messages": _messages(sign, prompt),
    }
    missing = SIZE - len(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())
    body["system"][2]["text"] = (_SENTENCE * (missing // len(_SENTENCE) + 1))[: missing - 1] + "."
    return body


def _messages(sign: Callable[[str], str] | None, prompt: str) -> list[dict[str, Any]]:
    thought = "Two files first, then the picture."
    thinking = [{"type": "thinking", "thinking": thought, "signature": sign(thought)}] if sign else []
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PNG}}
    return [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<system-reminder>\nThe task list is empty.\n</system-reminder>"},
                {"type": "text", "text": "What do the notes and the picture say?", **_CACHED},
            ],
        },
        {
            "role": "assistant",
            "content": [
                *thinking,
                {"type": "text", "text": "I look at both."},
                {"type": "tool_use", "id": "toolu_01A", "name": "Read", "input": {"file_path": "/home/ann/atlas/notes.md"}},
                {"type": "tool_use", "id": "toolu_01B", "name": "Read", "input": {"file_path": "/home/ann/atlas/map.png"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01A",
                    "content": '     1\t# Notes\n     2\tBuy "apples" — naïve 🦄',
                },
                {"type": "tool_result", "tool_use_id": "toolu_01B", "content": [picture]},
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "The notes ask for apples, the picture is one red dot."}]},
        {"role": "system", "content": "The user has opened /home/ann/atlas/plan.md in the editor."},
        {"role": "user", "content": [{"type": "text", "text": prompt, **_CACHED}]},
    ]


def _tool(name: str) -> dict[str, Any]:
    properties = {
        "file_path": {"type": "string", "description": "An absolute path"},
        "limit": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991, "description": "Lines at most"},
        "mode": {"type": "string", "enum": ["content", "files", "count"], "default": "files"},
        "edits": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"old": {"type": "string"}, "new": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
                "required": ["old", "new"],
                "additionalProperties": False,
            },
        },
        "options": {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"type": "string"}},
    }
    return {
        "name": name,
        "description": f"{name}: one of the agent's own tools.\n\n" + _SENTENCE * 10,
        "input_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": ["file_path"],
            "additionalProperties": False,
        },
        "eager_input_streaming": True,
    }


def _deferred_tool(name: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "body": {"type": "string"}},
        "required": ["id", "body"],
        "additionalProperties": False,
    }
    return {
        "name": name,
        "description": f"{name}: a tool of a server. " + _SENTENCE * 3,
        "input_schema": schema,
        "strict": True,
        "defer_loading": True,
    }
