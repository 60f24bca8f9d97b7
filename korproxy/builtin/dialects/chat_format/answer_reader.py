"""A provider's whole answer, read.

Facts: ``ChatCompletion`` of OpenAI's Python SDK 3.54; what other servers do differently is said where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.api import Usage, chat, json_bytes, read_json
from korproxy.builtin.dialects.chat_format.annotations import cite, read_annotations
from korproxy.builtin.dialects.chat_format.endings import failure_of, read_ending
from korproxy.builtin.dialects.chat_format.errors import read_late_error
from korproxy.builtin.dialects.chat_format.json_text import inner_object, some_text
from korproxy.builtin.dialects.chat_format.read_parts import thinking_text
from korproxy.builtin.dialects.chat_format.reasoning import read_reasoning
from korproxy.builtin.dialects.chat_format.usage import last_usage


def read_answer(body: bytes) -> chat.Answer:
    """Read the answer in *body*; of several choices the first.

    Raises:
        Unreadable: It is none, or the provider broke it off.
        AnswerIsError: It is the provider's own error.
    """
    answer = _object(body)
    if answer.get("error") or answer.get("object") == "error":
        raise chat.AnswerIsError(read_late_error(answer))
    choice = _choice(answer)
    message = inner_object(choice, "message")
    failure = failure_of(choice.get("finish_reason"))
    if failure is not None:
        raise chat.Unreadable(f"it is not whole: {failure.type} is the reason for its end")
    parts = cite(list(_parts(message, some_text(answer.get("id")))), list(read_annotations(message.get("annotations"))))
    refused = any(isinstance(each, chat.Refusal) for each in parts)
    return chat.Answer(
        id=some_text(answer.get("id")),
        model=some_text(answer.get("model")),
        parts=parts,
        ending=read_ending(choice.get("finish_reason"), refused=refused),
        usage=last_usage(answer) or Usage(),
    )


def content_parts(content: object) -> Iterator[chat.Text | chat.Reasoning]:
    """Yield what ``content`` says: a text, or the list of parts that Mistral sends. Empty texts are nothing."""
    if isinstance(content, str) and content:
        yield chat.Text(text=content)
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        thought, text = thinking_text(part.get("thinking")), some_text(part.get("text"))
        if thought:
            yield chat.Reasoning(text=thought)
        if text:
            yield chat.Text(text=text)


def arguments_text(said: object) -> str:
    """Return the arguments of a call as they are written; some servers have made an object of the text."""
    return json_bytes(said).decode() if isinstance(said, (dict, list)) else some_text(said)


def made_up_id(answer: str, number: int) -> str:
    """Return an id for call *number* of *answer*, for servers that give none: the same each time."""
    return f"call_{chat.fit_id(answer, longest=40) or 'x'}_{number}"


def seal_of(call: Mapping[str, Any]) -> chat.Seal | None:
    """Return Gemini's mark on *call*, where Google's own compatible endpoint has it."""
    mark = some_text(inner_object(inner_object(call, "extra_content"), "google").get("thought_signature"))
    return chat.Seal(family="google", data=mark) if mark else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = read_json(body)[0]
    except ValueError as exc:
        raise chat.Unreadable(f"no JSON: {exc}") from None
    if not isinstance(value, dict):
        raise chat.Unreadable(f"a JSON value of the type {type(value).__name__} in place of an object")
    return value


def _choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found = answer.get("choices")
    choices = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    choice = next((each for each in choices if each.get("index") in (0, None)), choices[0] if choices else {})
    if not isinstance(choice.get("message"), dict):
        raise chat.Unreadable("an answer without a choice that holds a message")
    return choice


def _parts(message: Mapping[str, Any], answer: str) -> Iterator[chat.Part]:
    yield from read_reasoning(message)
    yield from content_parts(message.get("content"))
    if refusal := some_text(message.get("refusal")):
        yield chat.Refusal(text=refusal)
    calls = message.get("tool_calls")
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            yield _call(call, made_up_id(answer, number))
    old = inner_object(message, "function_call")
    if old:
        yield _call({"function": old}, made_up_id(answer, 0))


def _call(call: Mapping[str, Any], made_up: str) -> chat.ToolCall:
    freeform = bool(inner_object(call, "custom"))
    inner = inner_object(call, "custom" if freeform else "function")
    name = some_text(inner.get("name"))
    if not name:
        raise chat.Unreadable("a tool call without a name")
    return chat.ToolCall(
        id=some_text(call.get("id")) or made_up,
        name=name,
        arguments=arguments_text(inner.get("input" if freeform else "arguments")),
        freeform=freeform,
        seal=seal_of(call),
    )
