"""A program of OpenAI's Chat Completions. After ``openai/types/chat`` of the SDK 3.54, and what reasoning servers add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from korproxy_conformance.clients.client import EFFORT, MOST_TOKENS, data_url
from korproxy_conformance.clients.openai_chat_answer import read_answer
from korproxy_conformance.clients.openai_chat_stream import ChatStream
from korproxy_conformance.clients.openai_errors import KINDS, read_failure
from korproxy_conformance.names import CHAT
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Failure, Result, Tool, Turns


class ChatClient:
    """See ``Client``. Pictures in tool messages are no part of the format: OpenAI takes text there, and nothing else."""

    name = CHAT
    shows_results = False
    kinds: Mapping[int, frozenset[str]] = KINDS

    def path(self, ask: Ask) -> str:  # noqa: ARG002 -- the model is in the body
        """See ``Client``."""
        return "/v1/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        """See ``Client``."""
        return {"authorization": f"Bearer {key}"}

    def body(self, ask: Ask) -> dict[str, Any]:
        """See ``Client``."""
        said: dict[str, Any] = {"model": ask.model, "messages": ask.turns, "max_completion_tokens": MOST_TOKENS}
        if ask.streamed:
            said |= {"stream": True, "stream_options": {"include_usage": True}}
        if ask.tools:
            said["tools"] = [_function(each) for each in ask.tools]
        if ask.thinks:
            said["reasoning_effort"] = EFFORT
        if ask.schema is not None:
            form = {"name": "answer", "strict": True, "schema": ask.schema}
            said["response_format"] = {"type": "json_schema", "json_schema": form}
        return said

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """See ``Client``."""
        if picture is None:
            return [{"role": "user", "content": text}]
        image = {"type": "image_url", "image_url": {"url": data_url(picture)}}
        return [{"role": "user", "content": [image, {"type": "text", "text": text}]}]

    def results(self, results: Sequence[Result]) -> Turns:
        """See ``Client``."""
        return [{"role": "tool", "tool_call_id": each.call.id, "content": each.text} for each in results]

    def read(self, body: Place) -> Answer:
        """See ``Client``."""
        return read_answer(body)

    def reader(self) -> ChatStream:
        """See ``Client``."""
        return ChatStream()

    def failure(self, body: Place, status: int) -> Failure:  # noqa: ARG002 -- the body does not repeat it
        """See ``Client``."""
        return read_failure(body)


def _function(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": function}
