"""Qwen Code 0.24 with an OpenAI-compatible provider, as its ``core/openaiContentGenerator`` sends and reads.

Source: npm @qwen-code/qwen-code 0.24.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tests.fakes.tools.chat_stream import read_chat
from tests.fakes.tools.coding_tool import Asked, Heard, schema, sentences

_TOOLS = (
    *("task", "skill", "list_directory", "read_file", "grep_search", "glob", "edit", "write_file", "run_shell_command"),
    *("save_memory", "todo_write", "exit_plan_mode", "web_fetch", "web_search", "ask_user_question"),
    *(f"mcp__tracker__{each}" for each in ("list_issues", "get_issue", "add_comment", "close_issue")),
)


@attrs.frozen(kw_only=True)
class QwenCode:
    """Qwen Code."""

    name: str = "qwen-code"

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"authorization": f"Bearer {key}"}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``."""
        context = "This is the Qwen Code. We are setting up the context for our chat."
        body = {
            "model": model,
            "messages": [
                {"role": "system", "content": sentences(60)},
                {"role": "user", "content": [{"type": "text", "text": context}]},
                {"role": "assistant", "content": "Got it. Thanks for the context!"},
                {"role": "user", "content": [{"type": "text", "text": prompt}]},
            ],
            "tools": [_tool(each) for each in _TOOLS],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 8192,
        }
        headers = {"user-agent": "QwenCode/0.24.4 (linux; x64)", "content-type": "application/json", "x-stainless-lang": "js"}
        return Asked(path="/v1/chat/completions", body=body, headers=headers)

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``."""
        return read_chat(stream, wants_usage=True)

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``. Thoughts go back as ``reasoning_content``."""
        given = [
            {"role": "tool", "tool_call_id": call.id, "content": [{"type": "text", "text": result}]}
            for call, result in zip(heard.calls, results, strict=True)
        ]
        return attrs.evolve(asked, body={**asked.body, "messages": [*asked.body["messages"], *heard.kept, *given]})


def _tool(name: str) -> dict[str, Any]:
    parameters = schema("path", path="string", pattern="string", limit="number", recursive="boolean")
    parameters["properties"]["edits"] = {
        "type": "array",
        "items": schema("old", "new", old="string", new="string"),
        "minItems": 1,
    }
    described = {**parameters, "$schema": "http://json-schema.org/draft-07/schema#"}
    return {"type": "function", "function": {"name": name, "description": f"{name}. {sentences(3)}", "parameters": described}}
