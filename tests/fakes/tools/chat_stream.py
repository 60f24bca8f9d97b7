"""How coding tools put a stream of Chat Completions together."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.stream_checks import chat_faults, sse
from tests.fakes.tools.coding_tool import Called, Heard, StreamIsBad


def read_chat(stream: bytes, *, wants_usage: bool) -> Heard:
    """Read *stream*; calls are told apart by their ``index`` alone."""
    faults = chat_faults(stream, wants_usage=wants_usage)
    if faults:
        raise StreamIsBad("; ".join(faults))
    chunks = [json.loads(data) for _, data in sse(stream) if data != "[DONE]"]
    for chunk in chunks:
        if "error" in chunk:
            raise StreamIsBad(chunk["error"]["message"])
    deltas = [choice["delta"] for chunk in chunks for choice in chunk.get("choices", ())]
    calls: dict[int, dict[str, Any]] = {}
    for delta in deltas:
        for each in delta.get("tool_calls") or ():
            call = calls.setdefault(each["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = each.get("id") or call["id"]
            call["name"] += each.get("function", {}).get("name") or ""
            call["arguments"] += each.get("function", {}).get("arguments") or ""
    text = "".join(delta.get("content") or "" for delta in deltas)
    thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = [
            {"id": each["id"], "type": "function", "function": {"name": each["name"], "arguments": each["arguments"]}}
            for _, each in sorted(calls.items())
        ]
    read = [Called(id=c["id"], name=c["name"], arguments=json.loads(c["arguments"] or "{}")) for _, c in sorted(calls.items())]
    return Heard(text=text, thought=thought, calls=tuple(read), kept=[message])
