"""Programs that talk with a model and run tools for it, with either SDK: how each says things, and what it reads in answers.

Written after the vendors' documents and SDKs. What KorProxy does is not looked at here.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
from anthropic.types import Message
from openai.types.chat import ChatCompletion

from tests.e2e.sdk import Answer, AnthropicTool, OpenAITool, Tool

BUDGET = 2048  # tokens to think, where a format counts them
ROOM = 4000  # tokens for an answer with thoughts


@attrs.frozen(kw_only=True)
class Function:
    """A tool that a program offers."""

    name: str
    description: str
    schema: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Call:
    """A tool call as the program got it; ``arguments`` are parsed."""

    id: str
    name: str
    arguments: Any


@attrs.frozen(kw_only=True)
class Result:
    """What the program gives back for a call. ``picture`` is a PNG."""

    call: Call
    text: str
    picture: bytes | None = None


@attrs.frozen(kw_only=True)
class Spent:
    """Tokens, each counted once: the input apart from what a cache gave or took. ``thought`` is a part of ``out``."""

    fresh: int
    read: int
    written: int
    out: int
    thought: int = 0


@attrs.frozen(kw_only=True)
class Reply:
    """What an SDK returned.

    Attributes:
        stop: ``end``, ``tools``, ``length`` or ``refusal``; anything else is the SDK's own word.
        back: The turn as the program sends it back, with everything it was given.
        bare: The same without thoughts and marks, as programs send it that know nothing of them.
    """

    text: str
    calls: tuple[Call, ...]
    reasoning: str
    stop: str
    refusal: str
    model: str
    spent: Spent | None
    headers: Mapping[str, str]
    back: list[Any]
    bare: list[Any]

    @property
    def lost(self) -> tuple[str, ...]:
        """What KorProxy says it could not carry: JSON pointers, sorted."""
        said = self.headers.get("x-korproxy-lossy", "")
        return tuple(sorted(said.split(","))) if said else ()


@attrs.frozen(kw_only=True)
class Wish:
    """A request, in no format but for its ``turns``."""

    model: str
    turns: list[Any]
    system: str = ""
    tools: Sequence[Function] = ()
    thinks: bool = False
    adaptive: bool = False
    schema: Mapping[str, Any] | None = None
    limit: int | None = 1000


@attrs.frozen(kw_only=True)
class Program(ABC):
    """A program on top of an SDK."""

    stops: ClassVar[Mapping[str, str]]
    tool: Tool

    @abstractmethod
    def user(self, text: str, picture: bytes | str | None = None) -> list[Any]:
        """Return a user's turn: *picture* (a PNG, or a link), then *text*."""

    @abstractmethod
    def results(self, results: Sequence[Result]) -> list[Any]:
        """Return the turn that gives *results* back."""

    @abstractmethod
    def request(self, wish: Wish) -> dict[str, Any]:
        """Return what the SDK is called with."""

    @abstractmethod
    async def say(self, wish: Wish, *, streamed: bool = False) -> Reply:
        """Send *wish*; a stream is put together by the SDK's own helper."""


@attrs.frozen(kw_only=True)
class OpenAIProgram(Program):
    """A program that uses the OpenAI SDK."""

    stops: ClassVar[Mapping[str, str]] = {
        "stop": "end",
        "tool_calls": "tools",
        "length": "length",
        "content_filter": "refusal",
    }
    tool: OpenAITool

    def user(self, text: str, picture: bytes | str | None = None) -> list[Any]:
        """See ``Program``."""
        if picture is None:
            return [{"role": "user", "content": text}]
        parts = [_openai_picture(picture), *([{"type": "text", "text": text}] if text else [])]
        return [{"role": "user", "content": parts}]

    def results(self, results: Sequence[Result]) -> list[Any]:
        """See ``Program``. Pictures stand inside the results, which OpenAI itself refuses and other servers take."""
        return [{"role": "tool", "tool_call_id": each.call.id, "content": _openai_content(each)} for each in results]

    def request(self, wish: Wish) -> dict[str, Any]:
        """See ``Program``."""
        system = [{"role": "system", "content": wish.system}] if wish.system else []
        said: dict[str, Any] = {"model": wish.model, "messages": [*system, *wish.turns]}
        if wish.limit is not None:
            said["max_completion_tokens"] = wish.limit
        if wish.tools:
            said["tools"] = [_openai_function(each) for each in wish.tools]
        if wish.thinks:
            said["reasoning_effort"] = "low"
        if wish.schema is not None:
            form = {"name": "answer", "strict": True, "schema": wish.schema}
            said["response_format"] = {"type": "json_schema", "json_schema": form}
        return said

    async def say(self, wish: Wish, *, streamed: bool = False) -> Reply:
        """See ``Program``."""
        request = self.request(wish)
        if not streamed:
            return self.read(await self.tool.chat(**request))
        return self.read(await self.tool.together(**request, stream_options={"include_usage": True}))

    def read(self, answer: Answer[ChatCompletion]) -> Reply:
        """Return what the SDK returned."""
        [choice] = answer.value.choices
        message, extra = choice.message, choice.message.model_extra or {}
        calls = [each for each in message.tool_calls or () if each.type == "function"]
        read = [Call(id=each.id, name=each.function.name, arguments=json.loads(each.function.arguments)) for each in calls]
        back = _openai_back(message.model_dump(exclude_none=True))
        assert (answer.value.object, message.role, choice.index) == ("chat.completion", "assistant", 0)
        return Reply(
            text=message.content or "",
            calls=tuple(read),
            reasoning=str(extra.get("reasoning_content") or ""),
            stop=self.stops.get(choice.finish_reason, choice.finish_reason),
            refusal=message.refusal or "",
            model=answer.value.model,
            spent=_openai_spent(answer.value),
            headers=answer.headers,
            back=[back],
            bare=[_openai_bare(back)],
        )


@attrs.frozen(kw_only=True)
class AnthropicProgram(Program):
    """A program that uses the Anthropic SDK."""

    stops: ClassVar[Mapping[str, str]] = {
        "end_turn": "end",
        "tool_use": "tools",
        "max_tokens": "length",
        "refusal": "refusal",
    }
    tool: AnthropicTool

    def user(self, text: str, picture: bytes | str | None = None) -> list[Any]:
        """See ``Program``."""
        if picture is None:
            return [{"role": "user", "content": text}]
        blocks = [_anthropic_picture(picture), *([{"type": "text", "text": text}] if text else [])]
        return [{"role": "user", "content": blocks}]

    def results(self, results: Sequence[Result]) -> list[Any]:
        """See ``Program``."""
        blocks = [{"type": "tool_result", "tool_use_id": each.call.id, "content": _anthropic_content(each)} for each in results]
        return [{"role": "user", "content": blocks}]

    def request(self, wish: Wish) -> dict[str, Any]:
        """See ``Program``."""
        said: dict[str, Any] = {"model": wish.model, "messages": wish.turns, "max_tokens": wish.limit or 1000}
        if wish.system:
            said["system"] = wish.system
        if wish.tools:
            said["tools"] = [
                {"name": each.name, "description": each.description, "input_schema": each.schema} for each in wish.tools
            ]
        output: dict[str, Any] = {}
        if wish.thinks:
            said["max_tokens"] = ROOM
            said["thinking"] = {"type": "adaptive"} if wish.adaptive else {"type": "enabled", "budget_tokens": BUDGET}
            output |= {"effort": "low"} if wish.adaptive else {}
        if wish.schema is not None:
            output["format"] = {"type": "json_schema", "schema": wish.schema}
        return {**said, "output_config": output} if output else said

    async def say(self, wish: Wish, *, streamed: bool = False) -> Reply:
        """See ``Program``."""
        request = self.request(wish)
        return self.read(await (self.tool.together if streamed else self.tool.message)(**request))

    def read(self, answer: Answer[Message]) -> Reply:
        """Return what the SDK returned."""
        message = answer.value
        blocks = message.content
        usage, details = message.usage, message.stop_details
        back = [_anthropic_back(each.model_dump(exclude_none=True)) for each in blocks]
        assert (message.type, message.role) == ("message", "assistant")
        return Reply(
            text="".join(each.text for each in blocks if each.type == "text"),
            calls=tuple(Call(id=each.id, name=each.name, arguments=each.input) for each in blocks if each.type == "tool_use"),
            reasoning="".join(each.thinking for each in blocks if each.type == "thinking"),
            stop=self.stops.get(message.stop_reason or "", message.stop_reason or ""),
            refusal=(details.explanation or "") if details is not None and details.type == "refusal" else "",
            model=message.model,
            spent=Spent(
                fresh=usage.input_tokens,
                read=usage.cache_read_input_tokens or 0,
                written=usage.cache_creation_input_tokens or 0,
                out=usage.output_tokens,
                thought=usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else 0,
            ),
            headers=answer.headers,
            back=[{"role": "assistant", "content": back}],
            bare=[{"role": "assistant", "content": [each for each in back if "thinking" not in each["type"]]}],
        )


def _openai_function(each: Function) -> dict[str, Any]:
    # The SDK's helper for streams takes strict functions only.
    function = {"name": each.name, "description": each.description, "parameters": each.schema, "strict": True}
    return {"type": "function", "function": function}


def _openai_picture(picture: bytes | str) -> dict[str, Any]:
    url = picture if isinstance(picture, str) else data_url(picture)
    return {"type": "image_url", "image_url": {"url": url}}


def _openai_content(result: Result) -> Any:
    if result.picture is None:
        return result.text
    return [{"type": "text", "text": result.text}, _openai_picture(result.picture)]


def _openai_back(message: dict[str, Any]) -> dict[str, Any]:
    """Return *message* without what the SDK's helper for streams itself adds."""
    calls = [_openai_call(each) for each in message.get("tool_calls") or ()]
    kept = {name: value for name, value in message.items() if name not in {"parsed", "annotations", "tool_calls"}}
    return {**kept, "tool_calls": calls} if calls else kept


def _openai_call(call: dict[str, Any]) -> dict[str, Any]:
    function = {name: value for name, value in call["function"].items() if name != "parsed_arguments"}
    return {**{name: value for name, value in call.items() if name != "index"}, "function": function}


def _openai_bare(message: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in message.items() if name in {"role", "content", "tool_calls"}}
    if "tool_calls" in kept:
        kept["tool_calls"] = [{name: each[name] for name in ("id", "type", "function")} for each in kept["tool_calls"]]
    return kept


def _openai_spent(completion: ChatCompletion) -> Spent | None:
    usage = completion.usage
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    read = (details and details.cached_tokens) or 0
    written = (details and details.cache_write_tokens) or 0
    out = usage.completion_tokens
    thought = (usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens) or 0
    assert usage.total_tokens == usage.prompt_tokens + out
    return Spent(fresh=usage.prompt_tokens - read - written, read=read, written=written, out=out, thought=thought)


def _anthropic_picture(picture: bytes | str) -> dict[str, Any]:
    if isinstance(picture, str):
        return {"type": "image", "source": {"type": "url", "url": picture}}
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _base64(picture)}}


def _anthropic_content(result: Result) -> Any:
    if result.picture is None:
        return result.text
    return [{"type": "text", "text": result.text}, _anthropic_picture(result.picture)]


def _anthropic_back(block: dict[str, Any]) -> dict[str, Any]:
    """Return *block* without what the SDK's helper for streams itself adds."""
    return {name: value for name, value in block.items() if name != "parsed_output"}


def data_url(picture: bytes) -> str:
    """Return *picture*, a PNG, as a link that holds it."""
    return f"data:image/png;base64,{_base64(picture)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
