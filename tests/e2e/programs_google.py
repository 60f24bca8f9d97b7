"""A program that uses Google's SDK: see ``programs``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import attrs
from google.genai import types

from tests.e2e.programs import BUDGET, ROOM, Call, Program, Reply, Result, Spent, Wish
from tests.e2e.sdk import Answer
from tests.e2e.sdk_google import GoogleTool

# The SDK would call Python functions itself; a program that runs its tools itself says that it does.
_OWN_CALLS = types.AutomaticFunctionCallingConfig(disable=True)


@attrs.frozen(kw_only=True)
class GoogleProgram(Program):
    """A program that uses Google's SDK. Turns are the SDK's ``Content``."""

    stops: ClassVar[Mapping[str, str]] = {
        "STOP": "end",
        "MAX_TOKENS": "length",
        **dict.fromkeys(("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"), "refusal"),
    }
    tool: GoogleTool

    def user(self, text: str, picture: bytes | str | None = None) -> list[Any]:
        """See ``Program``."""
        parts = [] if picture is None else [_picture(picture)]
        return [types.UserContent(parts=[*parts, *([types.Part(text=text)] if text else [])])]

    def results(self, results: Sequence[Result]) -> list[Any]:
        """See ``Program``."""
        return [types.UserContent(parts=[types.Part(function_response=_result(each)) for each in results])]

    def request(self, wish: Wish) -> dict[str, Any]:
        """See ``Program``. Functions and forms are told as JSON Schema, as Google wants it now."""
        config: dict[str, Any] = {"max_output_tokens": wish.limit}
        if wish.system:
            config["system_instruction"] = wish.system
        if wish.tools:
            functions = [
                types.FunctionDeclaration(name=each.name, description=each.description, parameters_json_schema=each.schema)
                for each in wish.tools
            ]
            config["tools"] = [types.Tool(function_declarations=functions)]
            config["automatic_function_calling"] = _OWN_CALLS
        if wish.thinks:
            config["max_output_tokens"] = ROOM
            how = {"thinking_budget": BUDGET} if "2.5" in wish.model else {"thinking_level": types.ThinkingLevel.LOW}
            config["thinking_config"] = types.ThinkingConfig(include_thoughts=True, **how)
        if wish.schema is not None:
            config |= {"response_mime_type": "application/json", "response_json_schema": wish.schema}
        return {"model": wish.model, "contents": wish.turns, "config": types.GenerateContentConfig(**config)}

    async def say(self, wish: Wish, *, streamed: bool = False) -> Reply:
        """See ``Program``. The SDK has no helper for streams: the program joins the parts itself."""
        request = self.request(wish)
        if not streamed:
            return self.read(await self.tool.generate(**request))
        answer = await self.tool.stream(**request)
        return self.read(Answer(_joined(answer.value), answer.headers))

    def read(self, answer: Answer[types.GenerateContentResponse]) -> Reply:
        """Return what the SDK returned."""
        response = answer.value
        [candidate] = response.candidates or [types.Candidate()]
        parts = list(response.parts or ())
        calls = tuple(_call(each.function_call) for each in parts if each.function_call is not None)
        reason = "" if candidate.finish_reason is None else str(candidate.finish_reason.value)
        blocked = response.prompt_feedback is not None and response.prompt_feedback.block_reason is not None
        stop = "refusal" if blocked else self.stops.get(reason, reason)
        assert candidate.content is None or candidate.content.role == "model"
        return Reply(
            text="".join(each.text or "" for each in parts if not each.thought),
            calls=calls,
            reasoning="".join(each.text or "" for each in parts if each.thought),
            stop="tools" if calls and stop == "end" else stop,  # Google has no word of its own for it
            refusal="",
            model=response.model_version or "",
            spent=_spent(response.usage_metadata),
            headers=answer.headers,
            back=[types.Content(role="model", parts=parts)],
            bare=[types.Content(role="model", parts=[_bare(each) for each in parts if not each.thought])],
        )


def _picture(picture: bytes | str) -> types.Part:
    if isinstance(picture, str):
        return types.Part.from_uri(file_uri=picture, mime_type="image/png")
    return types.Part.from_bytes(data=picture, mime_type="image/png")


def _result(result: Result) -> types.FunctionResponse:
    shown = None
    if result.picture is not None:
        blob = types.FunctionResponseBlob(mime_type="image/png", data=result.picture)
        shown = [types.FunctionResponsePart(inline_data=blob)]
    return types.FunctionResponse(
        id=result.call.id or None, name=result.call.name, response={"result": result.text}, parts=shown
    )


def _call(call: types.FunctionCall) -> Call:
    assert call.name is not None
    return Call(id=call.id or "", name=call.name, arguments=call.args or {})


def _bare(part: types.Part) -> types.Part:
    return part.model_copy(update={"thought_signature": None})


def _joined(chunks: Sequence[types.GenerateContentResponse]) -> types.GenerateContentResponse:
    """Return what *chunks* say together: all parts, neighbours of plain text as one, and of the rest what was said last."""
    whole = chunks[-1].model_copy(deep=True)
    feedback = [each.prompt_feedback for each in chunks if each.prompt_feedback is not None]
    finished = [each.candidates[0] for each in chunks if each.candidates and each.candidates[0].finish_reason is not None]
    assert len(finished) + len(feedback) == 1
    whole.prompt_feedback = feedback[0] if feedback else None
    if finished:
        parts = _merged(part for chunk in chunks for part in chunk.parts or ())
        content = types.Content(role="model", parts=parts)
        whole.candidates = [finished[0].model_copy(update={"content": content})]
    return whole


def _merged(parts: Iterable[types.Part]) -> list[types.Part]:
    """Return *parts* with neighbours of text as one, but for those with a mark: Google forbids to join them with others."""
    merged: list[types.Part] = []
    for part in parts:
        before = merged[-1] if merged else types.Part()
        plain = [each.text is not None and each.thought_signature is None for each in (before, part)]
        if all(plain) and part.thought == before.thought:
            before.text = f"{before.text}{part.text}"
        elif part.text != "" or part.thought_signature is not None:
            merged.append(part.model_copy())
    return merged


def _spent(usage: types.GenerateContentResponseUsageMetadata | None) -> Spent | None:
    if usage is None:
        return None
    read, thought = usage.cached_content_token_count or 0, usage.thoughts_token_count or 0
    asked, said = usage.prompt_token_count or 0, usage.candidates_token_count or 0
    assert usage.total_token_count == asked + said + thought
    return Spent(fresh=asked - read, read=read, written=0, out=said + thought, thought=thought)
