"""A program that uses the OpenAI SDK for Responses: see ``programs``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
from openai.types.responses import Response

from tests.e2e.programs import Call, Program, Reply, Result, Spent, Wish, data_url
from tests.e2e.sdk import Answer
from tests.e2e.sdk_responses import ResponsesTool

# What the SDK's helper for streams itself adds to items.
_ADDED = {"parsed", "parsed_arguments"}


@attrs.frozen(kw_only=True)
class ResponsesProgram(Program):
    """A program that uses the OpenAI SDK for Responses, and has nothing stored: it sends back the items that it was given."""

    stops: ClassVar[Mapping[str, str]] = {
        "completed": "end",
        "incomplete: max_output_tokens": "length",
        "incomplete: content_filter": "refusal",
    }
    tool: ResponsesTool

    def user(self, text: str, picture: bytes | str | None = None) -> list[Any]:
        """See ``Program``."""
        if picture is None:
            return [{"role": "user", "content": text}]
        parts = [_picture(picture), *([{"type": "input_text", "text": text}] if text else [])]
        return [{"role": "user", "content": parts}]

    def results(self, results: Sequence[Result]) -> list[Any]:
        """See ``Program``."""
        return [{"type": "function_call_output", "call_id": each.call.id, "output": _output(each)} for each in results]

    def request(self, wish: Wish) -> dict[str, Any]:
        """See ``Program``."""
        said: dict[str, Any] = {"model": wish.model, "input": wish.turns, "store": False}
        if wish.limit is not None:
            said["max_output_tokens"] = wish.limit
        if wish.system:
            said["instructions"] = wish.system
        if wish.tools:
            said["tools"] = [
                {
                    "type": "function",
                    "name": each.name,
                    "description": each.description,
                    "parameters": each.schema,
                    "strict": True,
                }
                for each in wish.tools
            ]
        if wish.thinks:
            said["reasoning"] = {"effort": "low", "summary": "auto"}
            said["include"] = ["reasoning.encrypted_content"]
        if wish.schema is not None:
            said["text"] = {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": wish.schema}}
        return said

    async def say(self, wish: Wish, *, streamed: bool = False) -> Reply:
        """See ``Program``."""
        request = self.request(wish)
        return self.read(await (self.tool.together if streamed else self.tool.respond)(**request))

    def read(self, answer: Answer[Response]) -> Reply:
        """Return what the SDK returned."""
        response = answer.value
        calls = [each for each in response.output if each.type == "function_call"]
        said = [part for each in response.output if each.type == "message" for part in each.content]
        reason = f": {response.incomplete_details.reason}" if response.incomplete_details is not None else ""
        stop = f"{response.status}{reason}"
        refusal = "".join(each.refusal for each in said if each.type == "refusal")
        assert (response.object, response.error) == ("response", None)
        assert all(each.status in (None, response.status) for each in response.output if each.type == "message")
        back = [_back(each.model_dump(exclude_none=True)) for each in response.output]
        return Reply(
            text=response.output_text,
            calls=tuple(Call(id=each.call_id, name=each.name, arguments=json.loads(each.arguments)) for each in calls),
            reasoning="".join(_thought(each) for each in response.output),
            stop="tools" if calls and stop == "completed" else self.stops.get(stop, stop),
            refusal=refusal,
            model=str(response.model),
            spent=_spent(response),
            headers=answer.headers,
            back=back,
            bare=[
                {name: value for name, value in each.items() if name != "id"} for each in back if each["type"] != "reasoning"
            ],
        )


def _picture(picture: bytes | str) -> dict[str, Any]:
    url = picture if isinstance(picture, str) else data_url(picture)
    return {"type": "input_image", "image_url": url, "detail": "auto"}


def _output(result: Result) -> Any:
    if result.picture is None:
        return result.text
    return [{"type": "input_text", "text": result.text}, _picture(result.picture)]


def _back(item: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name not in _ADDED}
    if kept["type"] == "message":
        kept["content"] = [{name: value for name, value in each.items() if name not in _ADDED} for each in kept["content"]]
    return kept


def _thought(item: Any) -> str:
    if item.type != "reasoning":
        return ""
    return "\n\n".join(each.text for each in item.summary) or "".join(each.text for each in item.content or ())


def _spent(response: Response) -> Spent | None:
    usage = response.usage
    if usage is None:
        return None
    read = usage.input_tokens_details.cached_tokens
    written = usage.input_tokens_details.cache_write_tokens or 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    return Spent(
        fresh=usage.input_tokens - read - written,
        read=read,
        written=written,
        out=usage.output_tokens,
        thought=usage.output_tokens_details.reasoning_tokens,
    )
