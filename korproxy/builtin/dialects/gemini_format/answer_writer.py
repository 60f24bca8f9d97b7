"""A whole answer, written for a client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.api import Usage, chat, json_bytes
from korproxy.builtin.dialects.gemini_format.endings import write_finish
from korproxy.builtin.dialects.gemini_format.grounding import Grounding
from korproxy.builtin.dialects.gemini_format.seals import UNSEALED, signature_of
from korproxy.builtin.dialects.gemini_format.usage import write_usage

_CUT = frozenset({"length", "refusal", "context"})


def write_answer(answer: chat.Answer, asked: chat.Asked) -> bytes:
    """Return *answer* as a ``GenerateContentResponse``; its model is the one that the client asked for."""
    parts: list[dict[str, Any]] = []
    grounding = Grounding()
    for part in answer.parts:
        if isinstance(part, chat.Text):
            for citation in part.citations:
                grounding.cite(citation, part.text, part=len(parts))
        parts += _written(part, answer)
    return json_bytes(response(answer.id, asked.model, parts, answer.ending, answer.usage, more=grounding.members()))


def response(
    id: str,  # noqa: A002
    model: str,
    parts: list[dict[str, Any]],
    ending: chat.Ending | None = None,
    usage: Usage | None = None,
    *,
    more: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """Return a ``GenerateContentResponse`` with *parts*; the last one of a stream has *ending* and *usage*.

    Args:
        more: Further members of the candidate.
    """
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}} if parts else {}
    candidate |= {} if ending is None else write_finish(ending)
    candidate |= more or {}
    said: dict[str, Any] = {"candidates": [{**candidate, "index": 0}]}
    if usage is not None:
        said["usageMetadata"] = write_usage(usage)
    return {**said, **about(id, model)}


def about(id: str, model: str) -> Mapping[str, str]:  # noqa: A002
    """Return the last members of a response: which *model* it is from, and its *id*, if it has one."""
    return {"modelVersion": model, "responseId": id} if id else {"modelVersion": model}


def call_part(call: chat.CallStarted | chat.ToolCall, arguments: str) -> dict[str, Any]:
    """Return a call with its *arguments*."""
    args = chat.as_object(arguments, freeform=call.freeform)
    signature = UNSEALED if call.seal is None else signature_of(call.seal)
    return {"functionCall": {"id": call.id, "name": call.name, "args": args}, "thoughtSignature": signature}


def is_torn(arguments: str, *, freeform: bool) -> bool:
    """Whether *arguments* break off: Gemini never tells such a call, and a client might run it."""
    return not freeform and bool(arguments.strip()) and not chat.is_object(arguments)


def media_part(part: chat.Image | chat.Document) -> dict[str, Any]:
    """Return a picture or a file that the model made."""
    if part.blob is None:
        return {"text": part.text or ""}
    media_type = part.blob.media_type or ("image/png" if isinstance(part, chat.Image) else "application/octet-stream")
    if part.blob.data is not None:
        return {"inlineData": {"mimeType": media_type, "data": part.blob.data}}
    return {"fileData": {"mimeType": media_type, "fileUri": part.blob.url or part.blob.file or ""}}


def seal_part(seal: chat.Seal, *, redacted: bool = False) -> dict[str, Any]:
    """Return a part that only bears *seal*; a text has to be there, even though it is empty."""
    return {"text": "", "thought": True, "thoughtSignature": signature_of(seal, redacted=redacted)}


def _written(part: chat.Part, answer: chat.Answer) -> Iterator[dict[str, Any]]:
    match part:
        case chat.Text(text=text) | chat.Refusal(text=text):
            if text:
                yield {"text": text}
        case chat.Reasoning(text=text, seal=seal, redacted=redacted):
            if text:
                yield {"text": text, "thought": True}
            if seal is not None:
                yield seal_part(seal, redacted=redacted)
        case chat.ToolCall(arguments=arguments, freeform=freeform):
            if answer.ending.reason not in _CUT or not is_torn(arguments, freeform=freeform):
                yield call_part(part, arguments)
        case chat.Image() | chat.Document():
            yield media_part(part)
        case _:  # no answer has results of tools or sound in it
            return
