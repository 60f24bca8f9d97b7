"""Programs that use the OpenAI SDK for the Responses API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import httpx2
import openai
import trio
from openai.types.responses import Response, ResponseStreamEvent

from tests.e2e.sdk import Answer, OpenAIClients, note


@attrs.frozen(kw_only=True)
class ResponsesTool(OpenAIClients):
    """A program that uses the OpenAI SDK for Responses."""

    name: ClassVar[str] = "responses"

    async def respond(self, **request: Any) -> Answer[Response]:
        """Ask for a whole response."""
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.responses.with_raw_response.create(**request)
                return Answer(raw.parse(), raw.headers)
        return await trio.to_thread.run_sync(self._respond, request)

    def _respond(self, request: dict[str, Any]) -> Answer[Response]:
        with self.blocking() as client:
            raw = client.responses.with_raw_response.create(**request)
            return Answer(raw.parse(), raw.headers)

    async def stream(self, into: list[ResponseStreamEvent] | None = None, **request: Any) -> Answer[list[ResponseStreamEvent]]:
        """Ask for a stream and read it to its end; *into* gets the events also where the SDK raises."""
        events: list[ResponseStreamEvent] = [] if into is None else into
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.responses.with_raw_response.create(stream=True, **request)
                async for event in raw.parse():
                    events.append(event)  # noqa: PERF401 -- what came has to stay if the next one is an error
                return Answer(events, raw.headers)
        return await trio.to_thread.run_sync(self._stream, events, request)

    def _stream(self, events: list[ResponseStreamEvent], request: dict[str, Any]) -> Answer[list[ResponseStreamEvent]]:
        with self.blocking() as client:
            raw = client.responses.with_raw_response.create(stream=True, **request)
            events.extend(raw.parse())
            return Answer(events, raw.headers)

    async def together(self, **request: Any) -> Answer[Response]:
        """Ask for a stream and have the SDK put the response together; its helper parses on the way."""
        ended: list[Response] = []
        if self.is_async:
            async with self.waiting() as client, client.responses.stream(**request) as stream:
                async for event in stream:
                    ended += _response_of(event)
                return Answer(ended[0], stream._response.headers)
        return await trio.to_thread.run_sync(self._together, ended, request)

    def _together(self, ended: list[Response], request: dict[str, Any]) -> Answer[Response]:
        with self.blocking() as client, client.responses.stream(**request) as stream:
            for event in stream:
                ended += _response_of(event)
            return Answer(ended[0], stream._response.headers)

    async def ask(
        self, prompt: str, *, model: str | None = None, streamed: bool = False, heard: list[str] | None = None, **more: Any
    ) -> Answer[str]:
        """See ``Tool``."""
        asked = {"model": model or self.model, "input": prompt, **more}
        if not streamed:
            answer = await self.respond(**asked)
            return Answer(answer.value.output_text, answer.headers)
        events: list[ResponseStreamEvent] = []
        try:
            headers = (await self.stream(into=events, **asked)).headers
        finally:
            pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
            note(heard, pieces)
        _look_for_failure(events)
        return Answer("".join(pieces), headers)


def _look_for_failure(events: Sequence[ResponseStreamEvent]) -> None:
    """Raise what a failure says: the SDK raises none of those that OpenAI sends, and hands them out like other events."""
    for event in events:
        if event.type == "error":
            raise _failure(event.message)
        if event.type == "response.failed" and event.response.error is not None:
            raise _failure(event.response.error.message)


def _failure(message: str) -> openai.APIError:
    return openai.APIError(message, httpx2.Request("POST", "http://127.0.0.1/v1/responses"), body=None)


def _response_of(event: Any) -> list[Response]:
    """Return the response of a last event. The helper's own ``get_final_response`` knows none that was cut short."""
    return [event.response] if event.type in ("response.completed", "response.incomplete", "response.failed") else []
