"""A program of OpenAI's Responses. After ``openai/types/responses`` of the SDK 3.54; it keeps its state itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from korproxy_conformance.clients.client import EFFORT, MOST_TOKENS, data_url
from korproxy_conformance.clients.openai_errors import KINDS, read_failure
from korproxy_conformance.clients.openai_responses_answer import read_answer
from korproxy_conformance.clients.openai_responses_stream import ResponsesStream
from korproxy_conformance.names import RESPONSES
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Failure, Result, Tool, Turns


class ResponsesClient:
    """See ``Client``."""

    name = RESPONSES
    shows_results = True
    kinds: Mapping[int, frozenset[str]] = KINDS

    def path(self, ask: Ask) -> str:  # noqa: ARG002 -- the model is in the body
        """See ``Client``."""
        return "/v1/responses"

    def headers(self, key: str) -> dict[str, str]:
        """See ``Client``."""
        return {"authorization": f"Bearer {key}"}

    def body(self, ask: Ask) -> dict[str, Any]:
        """See ``Client``."""
        said: dict[str, Any] = {"model": ask.model, "input": ask.turns, "store": False, "max_output_tokens": MOST_TOKENS}
        if ask.streamed:
            said["stream"] = True
        if ask.tools:
            said["tools"] = [_function(each) for each in ask.tools]
        if ask.thinks:
            said |= {"reasoning": {"effort": EFFORT, "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
        if ask.schema is not None:
            said["text"] = {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": ask.schema}}
        return said

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """See ``Client``."""
        image = [{"type": "input_image", "detail": "auto", "image_url": data_url(picture)}] if picture else []
        return [{"type": "message", "role": "user", "content": [*image, {"type": "input_text", "text": text}]}]

    def results(self, results: Sequence[Result]) -> Turns:
        """See ``Client``."""
        return [{"type": "function_call_output", "call_id": each.call.id, "output": _output(each)} for each in results]

    def read(self, body: Place) -> Answer:
        """See ``Client``."""
        return read_answer(body)

    def reader(self) -> ResponsesStream:
        """See ``Client``."""
        return ResponsesStream()

    def failure(self, body: Place, status: int) -> Failure:  # noqa: ARG002 -- the body does not repeat it
        """See ``Client``."""
        return read_failure(body)


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
        "strict": False,
    }


def _output(result: Result) -> Any:
    if result.picture is None:
        return result.text
    image = {"type": "input_image", "detail": "auto", "image_url": data_url(result.picture)}
    return [{"type": "input_text", "text": result.text}, image]
