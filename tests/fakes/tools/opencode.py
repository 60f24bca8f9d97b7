"""OpenCode with each of the adapters by which it reaches a gateway: Chat Completions, Responses, Messages.

Sources: the providers' code of the AI SDK (@ai-sdk/openai-compatible, @ai-sdk/openai, @ai-sdk/anthropic), and opencode.ai/docs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tests.fakes.stream_checks import messages_faults, sse
from tests.fakes.tools.chat_stream import read_chat
from tests.fakes.tools.coding_tool import Asked, Called, Heard, StreamIsBad, schema, sentences

_TOOLS = {
    "bash": schema("command", command="string", timeout="number", description="string"),
    "edit": schema("filePath", "oldString", "newString", **dict.fromkeys(("filePath", "oldString", "newString"), "string")),
    "read": schema("filePath", filePath="string", offset="number", limit="number"),
    "grep": schema("pattern", pattern="string", path="string"),
    "todowrite": {"type": "object", "properties": {"todos": {"type": "array", "items": schema("content", content="string")}}},
    "tracker_list_issues": schema("state", state="string"),
}
_SESSION = "ses_7b1e7d109a574d2f"
_AGENT = "opencode/1.4.3 ai-sdk/provider-utils/4.0.1 runtime/bun/1.3.0"
_ENDS = ("response.completed", "response.incomplete", "response.failed", "error")
_CACHED = {"cache_control": {"type": "ephemeral"}}


@attrs.frozen(kw_only=True)
class OpenCodeChat:
    """With ``@ai-sdk/openai-compatible``."""

    name: str = "opencode-chat"

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"authorization": f"Bearer {key}"}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``."""
        body = {
            "model": model,
            "max_tokens": 32_000,
            "messages": [
                {"role": "system", "content": sentences(40)},
                {"role": "system", "content": "Working directory: /home/ann/atlas"},
                {"role": "user", "content": prompt},
            ],
            "tools": [
                {"type": "function", "function": {"name": name, "description": sentences(2), "parameters": _schema(each)}}
                for name, each in _TOOLS.items()
            ],
            "tool_choice": "auto",
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return Asked(path="/v1/chat/completions", body=body, headers=_headers())

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``."""
        return read_chat(stream, wants_usage=True)

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``. The text of a turn that only calls is empty."""
        [message] = heard.kept
        back = {**message, "content": message["content"] or ""}
        given = [
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(heard.calls, results, strict=True)
        ]
        return attrs.evolve(asked, body={**asked.body, "messages": [*asked.body["messages"], back, *given]})


@attrs.frozen(kw_only=True)
class OpenCodeResponses:
    """With ``@ai-sdk/openai``."""

    name: str = "opencode-responses"

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"authorization": f"Bearer {key}"}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``."""
        body = {
            "model": model,
            "input": [
                {"role": "developer", "content": sentences(40)},
                {"role": "user", "content": [{"type": "input_text", "text": prompt}]},
            ],
            "max_output_tokens": 32_000,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": _SESSION,
            "reasoning": {"effort": "medium", "summary": "auto"},
            "tools": [
                {"type": "function", "name": name, "description": sentences(2), "parameters": _schema(each), "strict": False}
                for name, each in _TOOLS.items()
            ],
            "tool_choice": "auto",
            "stream": True,
        }
        return Asked(path="/v1/responses", body=body, headers=_headers())

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``."""
        events = [json.loads(data) for _, data in sse(stream)]
        if [each["type"] for each in events if each["type"] in _ENDS] != ["response.completed"]:
            raise StreamIsBad(f"it ended with {events[-1]['type']}")
        items = [each["item"] for each in events if each["type"] == "response.output_item.done"]
        deltas = [each["delta"] for each in events if each["type"] == "response.output_text.delta"]
        thoughts = [each["delta"] for each in events if each["type"] == "response.reasoning_summary_text.delta"]
        calls = [each for each in items if each["type"] == "function_call"]
        return Heard(
            text="".join(deltas),
            thought="".join(thoughts),
            calls=tuple(Called(id=c["call_id"], name=c["name"], arguments=json.loads(c["arguments"])) for c in calls),
            kept=[_kept(each) for each in items if each["type"] != "reasoning" or each.get("encrypted_content")],
        )

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``."""
        given = [
            {"type": "function_call_output", "call_id": call.id, "output": result}
            for call, result in zip(heard.calls, results, strict=True)
        ]
        return attrs.evolve(asked, body={**asked.body, "input": [*asked.body["input"], *heard.kept, *given]})


@attrs.frozen(kw_only=True)
class OpenCodeMessages:
    """With ``@ai-sdk/anthropic``."""

    name: str = "opencode-messages"

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"x-api-key": key}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``. The last two turns are marked for the cache, and so is the system text."""
        body = {
            "model": model,
            "max_tokens": 32_000,
            "thinking": {"type": "enabled", "budget_tokens": 16_000},
            "system": [{"type": "text", "text": sentences(40), **_CACHED}, {"type": "text", "text": "In /home/ann/atlas"}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": prompt, **_CACHED}]}],
            "tools": [
                {"name": name, "description": sentences(2), "input_schema": _schema(each)} for name, each in _TOOLS.items()
            ],
            "tool_choice": {"type": "auto"},
            "stream": True,
        }
        betas = "fine-grained-tool-streaming-2025-05-14,interleaved-thinking-2025-05-14"
        headers = {**_headers(), "anthropic-version": "2023-06-01", "anthropic-beta": betas}
        return Asked(path="/v1/messages", body=body, headers=headers)

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``."""
        faults = messages_faults(stream)
        if faults:
            raise StreamIsBad("; ".join(faults))
        blocks: list[dict[str, Any]] = []
        for _, data in sse(stream):
            event = json.loads(data)
            if event["type"] == "error":
                raise StreamIsBad(event["error"]["message"])
            if event["type"] == "content_block_start":
                block = event["content_block"]
                blocks.append({**block, "input": ""} if "input" in block else block)
            elif event["type"] == "content_block_delta":
                _grow(blocks[-1], event["delta"])
        for each in blocks:
            if each["type"] == "tool_use":
                each["input"] = json.loads(each["input"] or "{}")
        calls = [each for each in blocks if each["type"] == "tool_use"]
        return Heard(
            text="".join(each["text"] for each in blocks if each["type"] == "text"),
            thought="".join(each["thinking"] for each in blocks if each["type"] == "thinking"),
            calls=tuple(Called(id=each["id"], name=each["name"], arguments=each["input"]) for each in calls),
            kept=[{"role": "assistant", "content": blocks}],
        )

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``."""
        given = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in zip(heard.calls, results, strict=True)
        ]
        given[-1].update(_CACHED)  # type: ignore[arg-type]
        messages = [*asked.body["messages"], *heard.kept, {"role": "user", "content": given}]
        return attrs.evolve(asked, body={**asked.body, "messages": messages})


def _grow(block: dict[str, Any], delta: Mapping[str, str]) -> None:
    for name, value in delta.items():
        if name != "type":
            place = {"partial_json": "input"}.get(name, name)
            block[place] = block.get(place, "") + value


def _kept(item: dict[str, Any]) -> dict[str, Any]:
    """Return *item* in the words in which the adapter sends it back; ids of what is not stored go with it."""
    if item["type"] == "message":
        content = [{"type": "output_text", "text": each["text"]} for each in item["content"]]
        return {"role": "assistant", "content": content, "id": item["id"]}
    names = {
        "reasoning": ("type", "id", "encrypted_content", "summary"),
        "function_call": ("type", "call_id", "name", "arguments", "id"),
    }
    return {name: item[name] for name in names[item["type"]] if name in item}


def _schema(each: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **each}


def _headers() -> dict[str, str]:
    return {"user-agent": _AGENT, "content-type": "application/json", "x-session-affinity": _SESSION}
