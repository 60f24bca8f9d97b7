"""Gemini CLI 0.61, as its core sends and reads.

Sources: ``core/contentGenerator.js``, ``core/geminiChat.js``, ``config/models.js`` of @google/gemini-cli-core 0.61.0, and the
stream code of its SDK (``src/_api_client.ts`` of googleapis/js-genai).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from tests.fakes.tools.coding_tool import Asked, Called, Heard, StreamIsBad, schema, sentences

HELPER_SCHEMA = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string", "description": "Why."},
        "next_speaker": {"type": "string", "enum": ["user", "model"], "description": "Who."},
    },
    "required": ["reasoning", "next_speaker"],
}


def functions() -> list[dict[str, Any]]:
    """Return what it offers; parameters are JSON Schema."""
    edited = ("file_path", "old_string", "new_string")
    issues = {**schema("state", state="string"), "$schema": "http://json-schema.org/draft-07/schema#"}
    return [
        _function("read_file", schema("file_path", file_path="string", offset="number", limit="number")),
        _function("replace", schema(*edited, **dict.fromkeys(edited, "string"))),
        _function("run_shell_command", schema("command", command="string", description="string", is_background="boolean")),
        _function("google_web_search", schema("query", query="string")),
        _function("mcp_tracker_list_issues", issues),
    ]


@attrs.frozen(kw_only=True)
class GeminiCli:
    """Gemini CLI with a gateway: its base URL is KorProxy's address."""

    name: str = "gemini-cli"

    def credential(self, key: str) -> Mapping[str, str]:
        """See ``CodingTool``."""
        return {"x-goog-api-key": key}

    def ask(self, model: str, prompt: str) -> Asked:
        """See ``CodingTool``. It sets all three knobs of sampling at once."""
        context = "This is the Gemini CLI. We are setting up the context for our chat.\nMy operating system is: linux"
        body = {
            "contents": [_said("user", {"text": context}), _said("user", {"text": prompt})],
            "systemInstruction": _said("user", {"text": sentences(60)}),
            "tools": [{"functionDeclarations": functions()}],
            "generationConfig": {"temperature": 1, "topP": 0.95, "topK": 64, "thinkingConfig": _thinking(model)},
        }
        return Asked(path=f"/v1beta/models/{model}:streamGenerateContent?alt=sse", body=body, headers=_headers(model))

    def helper(self, model: str, prompt: str) -> Asked:
        """Return one of its many small requests beside the chat: who speaks next, in a form."""
        config = {
            "temperature": 0,
            "topP": 1,
            "responseMimeType": "application/json",
            "responseJsonSchema": HELPER_SCHEMA,
            "thinkingConfig": {"thinkingBudget": 512} if "2.5" in model else {"thinkingLevel": "LOW"},
        }
        body = {
            "contents": [_said("user", {"text": "Hello"}), _said("model", {"text": "Hi."}), _said("user", {"text": prompt})],
            "systemInstruction": _said("user", {"text": "Say who speaks next."}),
            "generationConfig": config,
        }
        return Asked(path=f"/v1beta/models/{model}:generateContent", body=body, headers=_headers(model))

    def count(self, model: str, prompt: str) -> Asked:
        """Return its count of what it is about to send."""
        body = {"contents": [_said("user", {"text": prompt})]}
        return Asked(path=f"/v1beta/models/{model}:countTokens", body=body, headers=_headers(model))

    def hear(self, stream: bytes) -> Heard:
        """See ``CodingTool``."""
        chunks = list(_chunks(stream))
        parts = [part for each in chunks for part in _candidate(each).get("content", {}).get("parts", ())]
        reasons = [reason for each in chunks if (reason := _candidate(each).get("finishReason"))]
        text = "".join(each["text"] for each in parts if "text" in each and not each.get("thought"))
        calls = [each for each in parts if "functionCall" in each]
        if not reasons:
            raise StreamIsBad("NO_FINISH_REASON")
        if reasons[-1] in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"):
            raise StreamIsBad(reasons[-1])
        if not calls and not text.strip():
            raise StreamIsBad("NO_RESPONSE_TEXT")
        return Heard(
            text=text,
            thought="".join(each["text"] for each in parts if each.get("thought")),
            calls=tuple(_called(number, each["functionCall"]) for number, each in enumerate(calls)),
            kept=[{"role": "model", "parts": _consolidated(parts)}],
        )

    def go_on(self, asked: Asked, heard: Heard, results: Sequence[str]) -> Asked:
        """See ``CodingTool``. All results are parts of one turn, as ``output``."""
        parts = [
            {"functionResponse": {"id": call.id, "name": call.name, "response": {"output": result}}}
            for call, result in zip(heard.calls, results, strict=True)
        ]
        contents = [*asked.body["contents"], *heard.kept, {"role": "user", "parts": parts}]
        return attrs.evolve(asked, body={**asked.body, "contents": contents})


def _chunks(stream: bytes) -> Iterator[Any]:
    """Yield what the SDK yields: each event begins with ``data:``, else it is left over, and that is an error."""
    rest = stream.decode()
    while found := re.search("\n\n|\r\r|\r\n\r\n", rest):
        event, rest = rest[: found.start()].strip(), rest[found.end() :]
        if event.startswith("data:"):
            chunk = json.loads(event.removeprefix("data:"))
            if "error" in chunk:
                raise StreamIsBad(f"got status: {chunk['error']['status']}. {json.dumps(chunk)}")
            yield chunk
    if rest.strip():
        raise StreamIsBad("Incomplete JSON segment at the end")


def _candidate(chunk: Any) -> Any:
    return (chunk.get("candidates") or [{}])[0]


def _consolidated(parts: Sequence[Any]) -> list[Any]:
    """Return *parts* as they go into its history: without thoughts, neighbours of text joined."""
    kept: list[Any] = []
    for part in parts:
        if part.get("thought"):
            continue
        plain = set(part) == {"text"}
        if plain and kept and set(kept[-1]) == {"text"}:
            kept[-1] = {"text": kept[-1]["text"] + part["text"]}
        elif not plain or part["text"]:
            kept.append(part)
    return kept


def _called(number: int, call: Any) -> Called:
    made = f"{call['name']}-1790000000000-{number}"  # it has ids of its own for calls that come without
    return Called(id=call.get("id") or made, name=call["name"], arguments=call.get("args") or {})


def _thinking(model: str) -> Mapping[str, Any]:
    how: dict[str, Any] = {"thinkingBudget": 8192} if "2.5" in model else {"thinkingLevel": "HIGH"}
    return {"includeThoughts": True, **how}


def _said(role: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": [part]}


def _function(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": f"{name}. {sentences(3)}", "parametersJsonSchema": parameters}


def _headers(model: str) -> Mapping[str, str]:
    return {
        "user-agent": f"GeminiCLI/0.61.0/{model} (linux; x64; terminal)",
        "x-goog-api-client": "google-genai-sdk/1.30.0 gl-node/v22.14.0",
        "x-gemini-api-privileged-user-id": "7c1d",
        "content-type": "application/json",
    }
