"""A program of Google's generateContent. After ``google/genai/types.py`` of the SDK 3.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from korproxy_conformance.clients.client import EFFORT, MOST_TOKENS, encoded
from korproxy_conformance.clients.gemini_answer import read_answer, read_failure
from korproxy_conformance.clients.gemini_stream import GeminiStream
from korproxy_conformance.names import GEMINI
from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Ask, Failure, Result, Tool, Turns


class GeminiClient:
    """See ``Client``."""

    name = GEMINI
    shows_results = True
    kinds: Mapping[int, frozenset[str]] = {
        400: frozenset({"INVALID_ARGUMENT"}),
        401: frozenset({"UNAUTHENTICATED"}),
        429: frozenset({"RESOURCE_EXHAUSTED"}),
        503: frozenset({"UNAVAILABLE", "INTERNAL"}),
    }

    def path(self, ask: Ask) -> str:
        """See ``Client``."""
        method = "streamGenerateContent?alt=sse" if ask.streamed else "generateContent"
        return f"/v1beta/models/{ask.model}:{method}"

    def headers(self, key: str) -> dict[str, str]:
        """See ``Client``."""
        return {"x-goog-api-key": key}

    def body(self, ask: Ask) -> dict[str, Any]:
        """See ``Client``."""
        settings: dict[str, Any] = {"maxOutputTokens": MOST_TOKENS}
        if ask.thinks:
            settings["thinkingConfig"] = {"includeThoughts": True, "thinkingLevel": EFFORT.upper()}
        if ask.schema is not None:
            settings |= {"responseMimeType": "application/json", "responseJsonSchema": ask.schema}
        tools = {"tools": [{"functionDeclarations": [_declaration(each) for each in ask.tools]}]} if ask.tools else {}
        return {"contents": ask.turns, **tools, "generationConfig": settings}

    def user(self, text: str, picture: bytes | None = None) -> Turns:
        """See ``Client``."""
        return [{"role": "user", "parts": [*([_blob(picture)] if picture else []), {"text": text}]}]

    def results(self, results: Sequence[Result]) -> Turns:
        """See ``Client``. All results of one turn stand in one content."""
        return [{"role": "user", "parts": [{"functionResponse": _response(each)} for each in results]}]

    def read(self, body: Place) -> Answer:
        """See ``Client``."""
        return read_answer(body)

    def reader(self) -> GeminiStream:
        """See ``Client``."""
        return GeminiStream()

    def failure(self, body: Place, status: int) -> Failure:
        """See ``Client``."""
        body["error"]["code"].equals(status)
        return read_failure(body)


def _blob(picture: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": encoded(picture)}}


def _declaration(tool: Tool) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    return {**declared, "parametersJsonSchema": tool.schema} if tool.schema["properties"] else declared


def _response(result: Result) -> dict[str, Any]:
    identity = {"id": result.call.id} if result.call.id else {}
    shown = {"parts": [_blob(result.picture)]} if result.picture else {}
    return {**identity, "name": result.call.name, "response": {"result": result.text}, **shown}
