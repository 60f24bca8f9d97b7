"""A whole answer, written for a client.

Facts: ``ChatCompletion`` of OpenAI's Python SDK 3.54. The text of an answer is one here, its calls are a list; between the two
no order can be said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.chat_format.annotations import write_annotation
from korproxy.builtin.dialects.chat_format.endings import write_ending
from korproxy.builtin.dialects.chat_format.freeform import bare_text
from korproxy.builtin.dialects.chat_format.reasoning import write_details
from korproxy.builtin.dialects.chat_format.usage import write_usage

PREFIX = "chatcmpl-"


def write_answer(answer: chat.Answer, asked: chat.Asked) -> bytes:
    """Write *answer* for a client who has *asked* for it whole."""
    finish = write_ending(answer.ending, legacy=asked.legacy)
    choice = {"index": 0, "finish_reason": finish, "logprobs": None, "message": _message(answer, asked)}
    return json_bytes(
        {
            "id": answer_id(answer.id),
            "object": "chat.completion",
            "created": asked.created,
            "model": asked.model,
            "choices": [choice],
            "usage": write_usage(answer.usage),
        }
    )


def answer_id(own: str) -> str:
    """Return an id of an answer: the provider's *own*, by which it can be found there, else a random one.

    Some libraries (LangChain's is one) take two answers of the same id for one, so it cannot be left out.
    """
    return own if own.startswith(PREFIX) else PREFIX + (own or os.urandom(12).hex())


def write_seal(call: chat.ToolCall | chat.CallStarted) -> dict[str, Any]:
    """Return the member that holds Gemini's mark on *call*, where Google's own compatible endpoint has it; mostly none."""
    if call.seal is None or call.seal.family != "google":
        return {}
    return {"extra_content": {"google": {"thought_signature": call.seal.data}}}


def part_text(part: chat.Image | chat.Document) -> str:
    """Return what a model made, as text in Markdown: this format has no place for it in an answer."""
    if isinstance(part, chat.Image):
        return "" if part.blob.file is not None else f"![image]({chat.data_url(part.blob)})"
    title = part.title or "document"
    if part.blob is None:
        return part.text or ""
    return f"[{title}]" if part.blob.file is not None else f"[{title}]({chat.data_url(part.blob)})"


def _message(answer: chat.Answer, asked: chat.Asked) -> dict[str, Any]:
    calls = [_call(each, asked) for each in answer.parts if isinstance(each, chat.ToolCall)]
    content, refusal = "".join(text for text, _ in _pieces(answer)), _refusal(answer)
    message: dict[str, Any] = {
        "role": "assistant",
        # Null stands beside calls and refusals only: elsewhere clients expect a text, be it empty.
        "content": content or (None if calls or refusal else ""),
        "refusal": refusal or None,
        "annotations": list(_annotations(answer)),
        **_reasoning(answer),
    }
    if calls and asked.legacy:
        return {**message, "function_call": calls[0]["function"]}  # there is room for one
    return {**message, "tool_calls": calls} if calls else message


def _pieces(answer: chat.Answer) -> Iterator[tuple[str, tuple[chat.Citation, ...]]]:
    """Yield the pieces that the content consists of, each with what it cites."""
    is_first = True
    for part in answer.parts:
        if isinstance(part, chat.Text):
            yield part.text, part.citations
        elif isinstance(part, (chat.Image, chat.Document)):
            yield part_text(part) if is_first else f"\n\n{part_text(part)}", ()
        else:
            continue
        is_first = False


def _annotations(answer: chat.Answer) -> Iterator[dict[str, Any]]:
    before = 0
    for text, citations in _pieces(answer):
        for each in citations:
            start, end = chat.span_of(each, len(text))
            yield write_annotation(each, (before + start, before + end))
        before += len(text)


def _refusal(answer: chat.Answer) -> str:
    """Return the words of a refusal, so that it is never an answer without any."""
    said = "".join(each.text for each in answer.parts if isinstance(each, chat.Refusal))
    return said or (answer.ending.explanation or "" if answer.ending.reason == "refusal" else "")


def _reasoning(answer: chat.Answer) -> dict[str, Any]:
    thoughts = [each for each in answer.parts if isinstance(each, chat.Reasoning)]
    text, details = "".join(each.text for each in thoughts), write_details(thoughts)
    said = {"reasoning_content": text} if text else {}
    return {**said, "reasoning_details": details} if details else said


def _call(call: chat.ToolCall, asked: chat.Asked) -> dict[str, Any]:
    if call.freeform or call.name in asked.freeform:
        text = call.arguments if call.freeform else bare_text(call.arguments)
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": text}, **write_seal(call)}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function, **write_seal(call)}
