"""Programs that hold one long conversation in a format of their own, and keep of each answer what they are given.

Each sends the whole history with every request, as tools do, and asks for reasoning in the way that the model at the other end
takes it where that one speaks the same format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import attrs
import httpx

from tests.e2e.stage import Model

TOOL = "get_weather"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class Talker(Protocol):
    """A program in a conversation. ``answers`` are what the models said in words."""

    answers: list[str]

    def say(self, text: str) -> None:
        """Add a user's turn."""

    def request(self, model: Model) -> tuple[str, Mapping[str, Any]]:
        """Return path and body of the next request."""

    def take(self, answer: Any) -> list[str]:
        """Keep *answer*; return the ids of the calls in it, which were all answered at once."""


@attrs.define
class ChatTalker:
    """Speaks Chat Completions."""

    answers: list[str] = attrs.field(factory=list)
    _turns: list[Any] = attrs.field(factory=list)

    def say(self, text: str) -> None:
        self._turns.append({"role": "user", "content": text})

    def request(self, model: Model) -> tuple[str, Mapping[str, Any]]:
        tool = {"type": "function", "function": {"name": TOOL, "parameters": SCHEMA}}
        return "/v1/chat/completions", {
            "model": model.asked,
            "messages": self._turns,
            "tools": [tool],
            **({} if model.upstream == "gpt-4.1" else {"reasoning_effort": "high"}),
        }

    def take(self, answer: Any) -> list[str]:
        message = answer["choices"][0]["message"]
        self._turns.append(message)
        self.answers.append(message.get("content") or "")
        calls = [each["id"] for each in message.get("tool_calls") or ()]
        self._turns += [{"role": "tool", "tool_call_id": each, "content": "12 degrees"} for each in calls]
        return calls


@attrs.define
class MessagesTalker:
    """Speaks Messages."""

    answers: list[str] = attrs.field(factory=list)
    _turns: list[Any] = attrs.field(factory=list)

    def say(self, text: str) -> None:
        self._turns.append({"role": "user", "content": text})

    def request(self, model: Model) -> tuple[str, Mapping[str, Any]]:
        budget = {"type": "enabled", "budget_tokens": 2048}
        return "/v1/messages", {
            "model": model.asked,
            "max_tokens": 8000,
            "messages": self._turns,
            "tools": [{"name": TOOL, "input_schema": SCHEMA}],
            "thinking": {"type": "adaptive"} if model.upstream.startswith("claude-opus-5") else budget,
        }

    def take(self, answer: Any) -> list[str]:
        content = answer["content"]
        self._turns.append({"role": "assistant", "content": content})
        self.answers.append("".join(each["text"] for each in content if each["type"] == "text"))
        calls = [each["id"] for each in content if each["type"] == "tool_use"]
        if calls:
            results = [{"type": "tool_result", "tool_use_id": each, "content": "12 degrees"} for each in calls]
            self._turns.append({"role": "user", "content": results})
        return calls


@attrs.define
class ResponsesTalker:
    """Speaks Responses, and has nothing stored."""

    answers: list[str] = attrs.field(factory=list)
    _items: list[Any] = attrs.field(factory=list)

    def say(self, text: str) -> None:
        self._items.append({"role": "user", "content": text})

    def request(self, model: Model) -> tuple[str, Mapping[str, Any]]:
        return "/v1/responses", {
            "model": model.asked,
            "input": self._items,
            "tools": [{"type": "function", "name": TOOL, "parameters": SCHEMA, "strict": False}],
            "store": False,
            "include": ["reasoning.encrypted_content"],
            **({} if model.upstream == "gpt-4.1" else {"reasoning": {"effort": "high", "summary": "auto"}}),
        }

    def take(self, answer: Any) -> list[str]:
        output = answer["output"]
        self._items += output
        texts = [part["text"] for each in output if each["type"] == "message" for part in each["content"] if "text" in part]
        self.answers.append("".join(texts))
        calls = [each["call_id"] for each in output if each["type"] == "function_call"]
        self._items += [{"type": "function_call_output", "call_id": each, "output": "12 degrees"} for each in calls]
        return calls


@attrs.define
class GeminiTalker:
    """Speaks generateContent."""

    answers: list[str] = attrs.field(factory=list)
    _contents: list[Any] = attrs.field(factory=list)

    def say(self, text: str) -> None:
        self._contents.append({"role": "user", "parts": [{"text": text}]})

    def request(self, model: Model) -> tuple[str, Mapping[str, Any]]:
        by_level = model.upstream.startswith("gemini-3")
        thinking = {"includeThoughts": True, **({"thinkingLevel": "HIGH"} if by_level else {"thinkingBudget": 2048})}
        return f"/v1beta/models/{model.asked}:generateContent", {
            "contents": self._contents,
            "tools": [{"functionDeclarations": [{"name": TOOL, "parameters": SCHEMA}]}],
            "generationConfig": {"thinkingConfig": thinking},
        }

    def take(self, answer: Any) -> list[str]:
        content = answer["candidates"][0]["content"]
        self._contents.append(content)
        parts = content["parts"]
        self.answers.append("".join(each["text"] for each in parts if "text" in each and not each.get("thought")))
        calls = [each["functionCall"] for each in parts if "functionCall" in each]
        results = [
            {
                "functionResponse": {
                    "name": each["name"],
                    "response": {"said": "12 degrees"},
                    **({"id": each["id"]} if "id" in each else {}),
                }
            }
            for each in calls
        ]
        if results:
            self._contents.append({"role": "user", "parts": results})
        return [each.get("id", "") for each in calls]


TALKERS: dict[str, type[Talker]] = {
    "openai-chat": ChatTalker,
    "anthropic-messages": MessagesTalker,
    "openai-responses": ResponsesTalker,
    "gemini": GeminiTalker,
}


async def turn(client: httpx.AsyncClient, talker: Talker, model: Model) -> tuple[httpx.Response, list[str]]:
    """Send the conversation to *model* and keep the answer; return it with the calls in it.

    Raises:
        AssertionError: It is no good answer; says which.
    """
    path, body = talker.request(model)
    reply = await client.post(path, json=body)
    assert reply.status_code == 200, f"{model.asked}: {reply.status_code} {reply.text[:2000]}"
    return reply, talker.take(json.loads(reply.content))
