"""Programs that use the real SDKs. The blocking clients run in a thread, so that tests read the same for both kinds."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

import anthropic
import attrs
import openai
import pytest
import trio
from anthropic.types import Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk

T = TypeVar("T")

# The SDKs' own default clients, but for this: loading the authorities costs 20 ms a client, and nothing here is reached by TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

TIMEOUT = 15.0  # seconds; a thread cannot be cancelled, so the SDK itself has to give up

# The SDKs stop reading a stream at its closing event, or at an error, and leave their generators to the garbage collector. Trio
# remarks it; and where several that wait for each other go at once, closing one of them may fail.
unfinished_generators = pytest.mark.filterwarnings(
    "ignore:Async generator '(openai|anthropic|google|httpx2|httpcore2)[.]:ResourceWarning",
    "ignore:Exception ignored in. <async_generator object:pytest.PytestUnraisableExceptionWarning",
)


@attrs.frozen
class Answer(Generic[T]):
    """What an SDK returned, and the headers that came with it."""

    value: T
    headers: Mapping[str, str]


def user(content: object) -> list[Any]:
    """Return a conversation of one user turn."""
    return [{"role": "user", "content": content}]


@attrs.frozen(kw_only=True)
class Errors:
    """What an SDK raises.

    Attributes:
        status: For an answer of status 400 or more.
        rate_limit: For 429.
        server: For 500 and more.
        stream: For a stream in which an error is told.
        connection: For a connection that breaks off, where that is among ``stream``.
    """

    status: type[Exception]
    rate_limit: type[Exception]
    server: type[Exception]
    stream: type[Exception]
    connection: tuple[type[Exception], ...] = ()


def _errors(sdk: Any) -> Errors:
    return Errors(
        status=sdk.APIStatusError,
        rate_limit=sdk.RateLimitError,
        server=sdk.InternalServerError,
        stream=sdk.APIError,
        connection=(sdk.APIConnectionError,),
    )


@attrs.frozen(kw_only=True)
class Tool(ABC):
    """A program and how it reaches its provider.

    Attributes:
        sdk: The module.
        model: One of the big provider of this format.
        retries: What the SDK calls ``max_retries``; None leaves it at the SDK's default.
        headers: Sent with every request.
    """

    sdk: ClassVar[ModuleType]
    name: ClassVar[str]
    model: ClassVar[str]
    errors: ClassVar[Errors]
    url: str
    key: str = attrs.field(repr=False)
    is_async: bool = True
    retries: int | None = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @abstractmethod
    async def ask(
        self, prompt: str, *, model: str | None = None, streamed: bool = False, heard: list[str] | None = None, **more: Any
    ) -> Answer[str]:
        """Say *prompt*, return the text of the answer; *heard* gets what was streamed also where the SDK raises."""

    @abstractmethod
    def blocking(self) -> AbstractContextManager[Any]:
        """Return a client; the caller closes it."""

    @abstractmethod
    def waiting(self) -> AbstractAsyncContextManager[Any]:
        """Return an async client; the caller closes it."""

    async def call(self, does: Callable[[Any], Any]) -> Any:
        """Return what *does* returns of a client: what it awaits, of the async one."""
        if self.is_async:
            async with self.waiting() as client:
                return await does(client)
        return await trio.to_thread.run_sync(self._call, does)

    def _call(self, does: Callable[[Any], Any]) -> Any:
        with self.blocking() as client:
            return does(client)

    def _options(self) -> dict[str, Any]:
        retries = {} if self.retries is None else {"max_retries": self.retries}
        return {"base_url": self.url, "api_key": self.key, "timeout": TIMEOUT, "default_headers": dict(self.headers), **retries}


@attrs.frozen(kw_only=True)
class OpenAIClients(Tool):
    """A program that uses the OpenAI SDK, for either of its two formats."""

    sdk: ClassVar[ModuleType] = openai
    model: ClassVar[str] = "gpt-5.5"
    errors: ClassVar[Errors] = _errors(openai)

    def blocking(self) -> openai.OpenAI:
        """Return a client; the caller closes it."""
        return openai.OpenAI(**self._options(), http_client=openai.DefaultHttpxClient(verify=NO_TLS))

    def waiting(self) -> openai.AsyncOpenAI:
        """Return an async client; the caller closes it."""
        return openai.AsyncOpenAI(**self._options(), http_client=openai.DefaultAsyncHttpxClient(verify=NO_TLS))


@attrs.frozen(kw_only=True)
class OpenAITool(OpenAIClients):
    """A program that uses the OpenAI SDK for Chat Completions."""

    name: ClassVar[str] = "openai"

    async def chat(self, **request: Any) -> Answer[ChatCompletion]:
        """Ask for a whole completion."""
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.chat.completions.with_raw_response.create(**request)
                return Answer(raw.parse(), raw.headers)
        return await trio.to_thread.run_sync(self._chat, request)

    def _chat(self, request: dict[str, Any]) -> Answer[ChatCompletion]:
        with self.blocking() as client:
            raw = client.chat.completions.with_raw_response.create(**request)
            return Answer(raw.parse(), raw.headers)

    async def stream(self, into: list[ChatCompletionChunk] | None = None, **request: Any) -> Answer[list[ChatCompletionChunk]]:
        """Ask for a stream and read it to its end; *into* gets the chunks also where the SDK raises."""
        chunks: list[ChatCompletionChunk] = [] if into is None else into
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.chat.completions.with_raw_response.create(stream=True, **request)
                async for chunk in raw.parse():
                    chunks.append(chunk)  # noqa: PERF401 -- what came has to stay if the next one is an error
                return Answer(chunks, raw.headers)
        return await trio.to_thread.run_sync(self._stream, chunks, request)

    def _stream(self, chunks: list[ChatCompletionChunk], request: dict[str, Any]) -> Answer[list[ChatCompletionChunk]]:
        with self.blocking() as client:
            raw = client.chat.completions.with_raw_response.create(stream=True, **request)
            chunks.extend(raw.parse())
            return Answer(chunks, raw.headers)

    async def assembled(self, **request: Any) -> ChatCompletion:
        """Ask for a stream and have the SDK put the completion together."""
        return (await self.together(**request)).value

    async def together(self, **request: Any) -> Answer[ChatCompletion]:
        """Do what ``assembled`` does, and keep the headers."""
        if self.is_async:
            async with self.waiting() as client, client.chat.completions.stream(**request) as stream:
                with _whatever_its_end() as ended:
                    ended.append(await stream.get_final_completion())
                return Answer(ended[0], stream._response.headers)
        return await trio.to_thread.run_sync(self._together, request)

    def _together(self, request: dict[str, Any]) -> Answer[ChatCompletion]:
        with self.blocking() as client, client.chat.completions.stream(**request) as stream:
            with _whatever_its_end() as ended:
                ended.append(stream.get_final_completion())
            return Answer(ended[0], stream._response.headers)

    async def models(self) -> list[str]:
        """Return the ids of all models."""
        if self.is_async:
            async with self.waiting() as client:
                return [each.id async for each in client.models.list()]
        return await trio.to_thread.run_sync(self._models)

    def _models(self) -> list[str]:
        with self.blocking() as client:
            return [each.id for each in client.models.list()]

    async def ask(
        self, prompt: str, *, model: str | None = None, streamed: bool = False, heard: list[str] | None = None, **more: Any
    ) -> Answer[str]:
        """See ``Tool``."""
        asked = {"model": model or self.model, "messages": user(prompt), **more}
        if not streamed:
            answer = await self.chat(**asked)
            return Answer(answer.value.choices[0].message.content or "", answer.headers)
        chunks: list[ChatCompletionChunk] = []
        try:
            headers = (await self.stream(into=chunks, **asked)).headers
        finally:
            pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
            note(heard, pieces)
        return Answer("".join(pieces), headers)


@attrs.frozen(kw_only=True)
class AnthropicTool(Tool):
    """A program that uses the Anthropic SDK."""

    sdk: ClassVar[ModuleType] = anthropic
    name: ClassVar[str] = "anthropic"
    model: ClassVar[str] = "claude-opus-5"
    errors: ClassVar[Errors] = _errors(anthropic)

    def blocking(self) -> anthropic.Anthropic:
        """Return a client; the caller closes it."""
        return anthropic.Anthropic(**self._options(), http_client=anthropic.DefaultHttpxClient(verify=NO_TLS))

    def waiting(self) -> anthropic.AsyncAnthropic:
        """Return an async client; the caller closes it."""
        return anthropic.AsyncAnthropic(**self._options(), http_client=anthropic.DefaultAsyncHttpxClient(verify=NO_TLS))

    async def message(self, **request: Any) -> Answer[Message]:
        """Ask for a whole message."""
        request = {"max_tokens": 1000, **request}
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.messages.with_raw_response.create(**request)
                return Answer(await raw.parse(), raw.headers)
        return await trio.to_thread.run_sync(self._message, request)

    def _message(self, request: dict[str, Any]) -> Answer[Message]:
        with self.blocking() as client:
            raw = client.messages.with_raw_response.create(**request)
            return Answer(raw.parse(), raw.headers)

    async def stream(
        self, into: list[RawMessageStreamEvent] | None = None, **request: Any
    ) -> Answer[list[RawMessageStreamEvent]]:
        """Ask for a stream and read it to its end; *into* gets the events also where the SDK raises."""
        events: list[RawMessageStreamEvent] = [] if into is None else into
        request = {"max_tokens": 1000, "stream": True, **request}
        if self.is_async:
            async with self.waiting() as client:
                raw = await client.messages.with_raw_response.create(**request)
                async for event in await raw.parse():
                    events.append(event)  # noqa: PERF401 -- what came has to stay if the next one is an error
                return Answer(events, raw.headers)
        return await trio.to_thread.run_sync(self._stream, events, request)

    def _stream(self, events: list[RawMessageStreamEvent], request: dict[str, Any]) -> Answer[list[RawMessageStreamEvent]]:
        with self.blocking() as client:
            raw = client.messages.with_raw_response.create(**request)
            events.extend(raw.parse())
            return Answer(events, raw.headers)

    async def assembled(self, **request: Any) -> Message:
        """Ask for a stream and have the SDK put the message together."""
        return (await self.together(**request)).value

    async def together(self, **request: Any) -> Answer[Message]:
        """Do what ``assembled`` does, and keep the headers."""
        request = {"max_tokens": 1000, **request}
        if self.is_async:
            async with self.waiting() as client, client.messages.stream(**request) as stream:
                return Answer(await stream.get_final_message(), stream.response.headers)
        return await trio.to_thread.run_sync(self._together, request)

    def _together(self, request: dict[str, Any]) -> Answer[Message]:
        with self.blocking() as client, client.messages.stream(**request) as stream:
            return Answer(stream.get_final_message(), stream.response.headers)

    async def models(self) -> dict[str, str]:
        """Return the names for people of all models, by id."""
        if self.is_async:
            async with self.waiting() as client:
                return {each.id: each.display_name async for each in client.models.list()}
        return await trio.to_thread.run_sync(self._models)

    def _models(self) -> dict[str, str]:
        with self.blocking() as client:
            return {each.id: each.display_name for each in client.models.list()}

    async def ask(
        self, prompt: str, *, model: str | None = None, streamed: bool = False, heard: list[str] | None = None, **more: Any
    ) -> Answer[str]:
        """See ``Tool``."""
        asked = {"model": model or self.model, "messages": user(prompt), **more}
        if not streamed:
            answer = await self.message(**asked)
            return Answer("".join(each.text for each in answer.value.content if each.type == "text"), answer.headers)
        events: list[RawMessageStreamEvent] = []
        try:
            headers = (await self.stream(into=events, **asked)).headers
        finally:
            deltas = [event.delta for event in events if event.type == "content_block_delta"]
            pieces = [delta.text for delta in deltas if delta.type == "text_delta"]
            note(heard, pieces)
        return Answer("".join(pieces), headers)


@contextmanager
def _whatever_its_end() -> Iterator[list[ChatCompletion]]:
    """Collect a completion that the SDK raises, because it was cut short or filtered, like one that it returns."""
    ended: list[ChatCompletion] = []
    try:
        yield ended
    except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError) as exc:
        ended += [exc.completion] if exc.completion else []


def note(heard: list[str] | None, pieces: Iterable[str]) -> None:
    """Put *pieces* into *heard*, if there is one."""
    if heard is not None:
        heard.extend(pieces)
