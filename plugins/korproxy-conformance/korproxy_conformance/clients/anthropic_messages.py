"""A program of Anthropic's Messages. After ``anthropic/types`` of the SDK 2.12."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from korproxy_conformance.clients.anthropic_messages_answer import read_answer, read_failure
from korproxy_conformance.clients.anthropic_messages_stream import MessagesStream
from korproxy_conformance.clients.client import MOST_TOKENS, THINK_TOKENS, encoded
from korproxy_conformance.names import MESSAGES
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Failure, Result, Turns


class MessagesClient:
    """See ``Client``."""

    name = MESSAGES
    shows_results = True
    kinds: Mapping[int, frozenset[str]] = {
        400: frozenset({"invalid_request_error"}),
        401: frozenset({"authentication_error"}),
        429: frozenset({"rate_limit_error"}),
        503: frozenset({"overloaded_error", "api_error"}),
    }

    def path(self, ask: Ask) -> str:  # noqa: ARG002 -- the model is in the body
        """See ``Client``."""
        return "/v1/messages"

    def headers(self, key: str) -> dict[str, str]:
        """See ``Client``."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def body(self, ask: Ask) -> dict[str, Any]:
        """See ``Client``."""
        said: dict[str, Any] = {"model": ask.model, "max_tokens": MOST_TOKENS, "messages": ask.turns}
        if ask.streamed:
            said["stream"] = True
        if ask.tools:
            said["tools"] = [
                {"name": each.name, "description": each.description, "input_schema": each.schema} for each in ask.tools
            ]
        if ask.thinks:
            said["thinking"] = {"type": "enabled", "budget_tokens": THINK_TOKENS}
        if ask.schema is not None:
            said["output_config"] = {"format": {"type": "json_schema", "schema": ask.schema}}
        return said

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """See ``Client``."""
        if picture is None:
            return [{"role": "user", "content": text}]
        return [{"role": "user", "content": [_image(picture), {"type": "text", "text": text}]}]

    def results(self, results: Sequence[Result]) -> Turns:
        """See ``Client``. All results of one turn stand in one message."""
        blocks = [{"type": "tool_result", "tool_use_id": each.call.id, "content": _content(each)} for each in results]
        return [{"role": "user", "content": blocks}]

    def read(self, body: Place) -> Answer:
        """See ``Client``."""
        return read_answer(body)

    def reader(self) -> MessagesStream:
        """See ``Client``."""
        return MessagesStream()

    def failure(self, body: Place, status: int) -> Failure:  # noqa: ARG002 -- the body does not repeat it
        """See ``Client``."""
        return read_failure(body)


def _image(picture: bytes) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": encoded(picture)}}


def _content(result: Result) -> Any:
    if result.picture is None:
        return result.text
    return [{"type": "text", "text": result.text}, _image(result.picture)]
