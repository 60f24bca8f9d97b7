"""Programs that use Google's SDK, google-genai.

Its async client is made for asyncio and works as well in Trio where it is given an HTTP client of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Any, ClassVar

import attrs
import httpx2
import trio
from google import genai
from google.genai import errors as google
from google.genai.client import AsyncClient
from google.genai.types import GenerateContentResponse, HttpOptions

from tests.e2e.sdk import NO_TLS, TIMEOUT, Answer, Errors, Tool, note


@attrs.frozen(kw_only=True)
class GoogleTool(Tool):
    """A program that uses Google's SDK.

    Attributes:
        version: Of the API; it stands in the paths.
    """

    sdk: ClassVar[ModuleType] = google
    name: ClassVar[str] = "google"
    model: ClassVar[str] = "gemini-3.5-flash"
    errors: ClassVar[Errors] = Errors(
        status=google.APIError, rate_limit=google.ClientError, server=google.ServerError, stream=google.APIError
    )
    version: str = "v1beta"

    @contextmanager
    def blocking(self) -> Iterator[genai.Client]:
        """Open a client for the block."""
        with genai.Client(api_key=self.key, http_options=self._http_options()) as client:
            yield client

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[AsyncClient]:
        """Open an async client for the block."""
        async with httpx2.AsyncClient(verify=NO_TLS) as http:
            with genai.Client(api_key=self.key, http_options=self._http_options(httpx_async_client=http)) as client:
                yield client.aio

    async def generate(self, **request: Any) -> Answer[GenerateContentResponse]:
        """Ask for a whole answer."""
        if self.is_async:
            async with self.waiting() as client:
                return _answer(await client.models.generate_content(**request))
        return await trio.to_thread.run_sync(self._generate, request)

    def _generate(self, request: dict[str, Any]) -> Answer[GenerateContentResponse]:
        with self.blocking() as client:
            return _answer(client.models.generate_content(**request))

    async def stream(
        self, into: list[GenerateContentResponse] | None = None, **request: Any
    ) -> Answer[list[GenerateContentResponse]]:
        """Ask for a stream and read it to its end; *into* gets the chunks also where the SDK raises."""
        chunks: list[GenerateContentResponse] = [] if into is None else into
        if self.is_async:
            async with self.waiting() as client:
                async for chunk in await client.models.generate_content_stream(**request):
                    chunks.append(chunk)  # noqa: PERF401 -- what came has to stay if the next one is an error
        else:
            await trio.to_thread.run_sync(self._stream, chunks, request)
        return Answer(chunks, _answer(chunks[0]).headers)

    def _stream(self, chunks: list[GenerateContentResponse], request: dict[str, Any]) -> None:
        with self.blocking() as client:
            chunks.extend(client.models.generate_content_stream(**request))

    async def ask(
        self, prompt: str, *, model: str | None = None, streamed: bool = False, heard: list[str] | None = None, **more: Any
    ) -> Answer[str]:
        """See ``Tool``."""
        asked = {"model": model or self.model, "contents": prompt, **more}
        if not streamed:
            answer = await self.generate(**asked)
            return Answer(answer.value.text or "", answer.headers)
        chunks: list[GenerateContentResponse] = []
        try:
            headers = (await self.stream(into=chunks, **asked)).headers
        finally:
            pieces = [part.text for chunk in chunks for part in chunk.parts or () if part.text and not part.thought]
            note(heard, pieces)
        return Answer("".join(pieces), headers)

    def _http_options(self, **more: Any) -> HttpOptions:
        return HttpOptions(
            base_url=self.url,
            api_version=self.version,
            headers=dict(self.headers),
            timeout=round(TIMEOUT * 1000),
            client_args={"verify": NO_TLS},
            async_client_args={"ssl": NO_TLS},
            **more,
        )


def _answer(response: GenerateContentResponse) -> Answer[GenerateContentResponse]:
    assert response.sdk_http_response is not None
    return Answer(response, response.sdk_http_response.headers or {})
