"""Codex CLI 0.169, as its sources and its requests have it.

Sources: ``codex-rs/core/src/client.rs``, ``codex-rs/codex-api/src/{common,sse/responses}.rs`` and
``codex-rs/protocol/src/models.rs`` of openai/codex.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tests.fakes.stream_checks import sse
from tests.fakes.tools.coding_tool import Asked, Called, Heard, StreamIsBad, schema, sentences

THREAD = "0199c3a4-7b1e-7d10-9a57-4d2f6b6c8e91"
GRAMMAR = """start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?

hunk: add_hunk | delete_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF

filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

%import common.LF
"""
_USAGE = ("input_tokens", "output_tokens", "total_tokens")


def tools() -> list[dict[str, Any]]:
    """Return what it offers: functions, a freeform tool, tools of a server in a namespace, a search of OpenAI's own."""
    shell = schema("command", command="string", workdir="string", timeout_ms="number", justification="string")
    step = schema("step", "status", step="string", status="string")
    plan = {**schema("plan", explanation="string"), "required": ["plan"]}
    plan["properties"] = {**plan["properties"], "plan": {"type": "array", "items": step, "description": "The steps."}}
    return [
        {"type": "function", "name": "shell_command", "description": sentences(6), "strict": False, "parameters": shell},
        {"type": "function", "name": "update_plan", "description": sentences(2), "strict": False, "parameters": plan},
        {
            "type": "custom",
            "name": "apply_patch",
            "description": "Changes files. This is a FREEFORM tool: the patch is not wrapped in JSON.",
            "format": {"type": "grammar", "syntax": "lark", "definition": GRAMMAR},
        },
        {"type": "web_search", "external_web_access": False},
        {
            "type": "function",
            "name": "view_image",
            "description": "Attach a local image.",
            "strict": False,
            "parameters": schema("path", path="string"),
        },
        {
            "type": "namespace",
            "name": "mcp__tracker",
            "description": "Tools of the server `tracker`.",
            "tools": [
                {
                    "type": "function",
                    "name": "list_issues",
                    "description": "Lists issues.",
                    "strict": False,
                    "parameters": schema("state", state="string", limit="integer"),
                }
            ],
        },
    ]


@attrs.frozen(kw_only=True)
class Codex:
    """Codex with a custom provider.

    Attributes:
        lite: How it asks the models of its own catalogue: tools come in an item of the input, and one call at a time.
        instructed: Whether it sends instructions; without them the model is told by the first item.
    """

    lite: bool = False
    instructed: bool = True

    @property
    def name(self) -> str:
        """See ``CodingTool``."""
        return "codex" + "-lite" * self.lite + "-uninstructed" * (not self.instructed)

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"authorization": f"Bearer {key}"}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``."""
        before = [
            _message("developer", "<permissions instructions>Ask before you leave the workspace.</permissions instructions>"),
            _message(
                "user", "<environment_context>\n  <cwd>/home/ann/atlas</cwd>\n  <shell>bash</shell>\n</environment_context>"
            ),
            _message("user", prompt),
        ]
        added = [{"type": "additional_tools", "role": "developer", "tools": tools()}] if self.lite else []
        told = [] if self.instructed else [_message("developer", sentences(40))]
        body: dict[str, Any] = {
            "model": model,
            **({"instructions": sentences(40)} if self.instructed else {}),
            "input": [*added, *told, *before],
            **({} if self.lite else {"tools": tools()}),
            "tool_choice": "auto",
            "parallel_tool_calls": not self.lite,
            "reasoning": {"effort": "medium", "summary": "auto"},
            "store": False,
            "stream": True,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": THREAD,
            "text": {"verbosity": "low"},
            "client_metadata": {"x-codex-installation-id": "5b0c"},
        }
        return Asked(path="/v1/responses", body=body, headers=self._headers())

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``. It keeps the items of ``response.output_item.done``, and nothing else."""
        reader = _Reader()
        for name, data in sse(stream):
            reader.take(name, json.loads(data))
        if not reader.completed:
            raise StreamIsBad("stream disconnected before completion: stream closed before response.completed")
        texts = [part["text"] for item in reader.items if item["type"] == "message" for part in item["content"]]
        thoughts = [part["text"] for item in reader.items if item["type"] == "reasoning" for part in item["summary"]]
        if "".join(reader.text) != "".join(texts):
            raise StreamIsBad("what was streamed is not what was said")
        return Heard(text="".join(texts), thought="".join(thoughts), calls=tuple(_calls(reader.items)), kept=reader.items)

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``. Ids of items are not sent back: nothing is stored."""
        kept = [{name: value for name, value in item.items() if name not in ("id", "status")} for item in heard.kept]
        calls = [item for item in kept if item["type"].endswith("_call")]
        outputs = [
            {"type": f"{item['type']}_output", "call_id": item["call_id"], "output": result}
            for item, result in zip(calls, results, strict=True)
        ]
        return attrs.evolve(asked, body={**asked.body, "input": [*asked.body["input"], *kept, *outputs]})

    def _headers(self) -> Mapping[str, str]:
        lite = {"x-openai-internal-codex-responses-lite": "true"} if self.lite else {}
        return {
            "user-agent": "codex_cli_rs/0.169.0 (Debian 12.0.0; x86_64) xterm-256color",
            "originator": "codex_cli_rs",
            "version": "0.169.0",
            "session_id": THREAD,
            "thread-id": THREAD,
            "x-codex-window-id": f"{THREAD}:0",
            "x-codex-turn-metadata": json.dumps({"turn_id": "1", "sandbox": "workspace-write"}),
            "x-codex-installation-id": "5b0c",
            "accept": "text/event-stream",
            "content-type": "application/json",
            **lite,
        }


@attrs.define
class _Reader:
    """Takes what Codex takes of each event. A delta needs an item that was begun, and of unknown events it knows nothing."""

    items: list[dict[str, Any]] = attrs.field(factory=list)
    text: list[str] = attrs.field(factory=list)
    completed: bool = False
    _active: str = ""

    def take(self, name: str, event: dict[str, Any]) -> None:
        match event["type"]:
            case "response.output_item.added":
                self._active = event["item"]["type"]
            case "response.output_item.done":
                self.items.append(_item(event["item"]))
                self._active = ""
            case "response.output_text.delta":
                self._need("message", name)
                self.text.append(event["delta"])
            case "response.reasoning_summary_text.delta" | "response.reasoning_summary_part.added":
                self._need("reasoning", name)
                _whole(event["summary_index"], int)
            case "response.reasoning_text.delta":
                self._need("reasoning", name)
                _whole(event["content_index"], int)
            case "response.custom_tool_call_input.delta":
                self._need("custom_tool_call", name)
            case "response.failed":
                error = event["response"].get("error") or {}
                raise StreamIsBad(f"{error.get('code')}: {error.get('message')}")
            case "response.incomplete":
                raise StreamIsBad(f"Incomplete response returned, reason: {event['response']['incomplete_details']['reason']}")
            case "response.completed":
                self._complete(event["response"])

    def _need(self, kind: str, name: str) -> None:
        if self._active != kind:
            raise StreamIsBad(f"{name} without active item")

    def _complete(self, response: dict[str, Any]) -> None:
        _whole(response["id"], str)
        usage = response.get("usage")
        if usage is not None:
            for each in _USAGE:
                _whole(usage[each], int)
            for part, member in (("input_tokens_details", "cached_tokens"), ("output_tokens_details", "reasoning_tokens")):
                if usage.get(part) is not None:
                    _whole(usage[part][member], int)
        self.completed = True


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """Return *item* if Codex can read it: of others it keeps nothing."""
    needs: dict[str, dict[str, type]] = {
        "message": {"role": str, "content": list},
        "reasoning": {"summary": list},
        "function_call": {"name": str, "arguments": str, "call_id": str},
        "custom_tool_call": {"name": str, "input": str, "call_id": str},
    }
    for name, kind in needs[item["type"]].items():
        _whole(item[name], kind)
    return item


def _whole(value: object, kind: type) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise StreamIsBad(f"{value!r} is no {kind.__name__}")


def _calls(items: Sequence[dict[str, Any]]) -> list[Called]:
    calls = []
    for item in items:
        if item["type"] == "function_call":
            name = f"{item['namespace']}/{item['name']}" if item.get("namespace") else item["name"]
            calls.append(Called(id=item["call_id"], name=name, arguments=json.loads(item["arguments"])))
        elif item["type"] == "custom_tool_call":
            calls.append(Called(id=item["call_id"], name=item["name"], arguments=item["input"]))
    return calls


def _message(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}
