"""The items of a provider's answer, read.

Facts: ``ResponseOutputItem`` of OpenAI's Python SDK 3.57. Items of tools that the provider runs itself, and of its compaction,
say nothing to others; of annotations the pages in the web do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.annotations import read_annotations
from korproxy.builtin.dialects.chat_format.answer_reader import arguments_text
from korproxy.builtin.dialects.chat_format.json_text import some_text
from korproxy.builtin.dialects.responses_format.seals import sealed

Place: TypeAlias = Literal["summary", "content"]

BREAK = "\n\n"  # between the parts of a summary, which are paragraphs
_CALLS: Mapping[str, str] = {"function_call": "arguments", "custom_tool_call": "input"}  # where each has its arguments


def read_item(item: Mapping[str, Any], id: str) -> Iterator[chat.Part]:  # noqa: A002
    """Yield the parts of *item*; *id* is for a call that has none.

    Raises:
        Unreadable: A call has no name.
    """
    kind = item.get("type")
    if kind == "message":
        yield from filter(None, map(content_part, objects(item.get("content"))))
    elif kind == "reasoning":
        text, seal = BREAK.join(thoughts(item)[1]), sealed(item.get("encrypted_content"))
        if text or seal:
            yield chat.Reasoning(text=text, seal=seal)
    elif is_call(item):
        freeform = kind == "custom_tool_call"
        arguments = call_arguments(item)
        yield chat.ToolCall(id=call_id(item) or id, name=call_name(item), arguments=arguments, freeform=freeform)


def content_part(part: Mapping[str, Any]) -> chat.Text | chat.Refusal | None:
    """Return *part* of a message's content; None where it says nothing."""
    if part.get("type") == "refusal":
        refusal = some_text(part.get("refusal"))
        return chat.Refusal(text=refusal) if refusal else None
    text = some_text(part.get("text")) if part.get("type") in ("output_text", "text") else ""
    return chat.Text(text=text, citations=tuple(read_annotations(part.get("annotations")))) if text else None


def thoughts(item: Mapping[str, Any]) -> tuple[Place, list[str]]:
    """Return where an *item* of reasoning has its texts, and these: those of its ``summary``, else of its ``content``."""
    places: tuple[Place, ...] = ("summary", "content")
    for key in places:
        texts = [some_text(each.get("text")) for each in objects(item.get(key))]
        if any(texts):
            return key, [each for each in texts if each]
    return "summary", []


def is_call(item: Mapping[str, Any]) -> bool:
    """Whether *item* is a call of a tool that the client runs."""
    kind = item.get("type")
    return isinstance(kind, str) and kind in _CALLS


def call_id(item: Mapping[str, Any]) -> str:
    """Return the id by which the result of a call comes back; empty where it has none."""
    return some_text(item.get("call_id")) or some_text(item.get("id"))


def call_name(item: Mapping[str, Any]) -> str:
    """Return the name of the tool that is called, its namespace in front of it.

    Raises:
        Unreadable: There is none.
    """
    name, namespace = some_text(item.get("name")), some_text(item.get("namespace"))
    if not name:
        raise chat.Unreadable("a tool call without a name")
    return f"{namespace}__{name}" if namespace else name


def call_arguments(item: Mapping[str, Any]) -> str:
    """Return the arguments of a call as they are written; some servers have made an object of the text."""
    return arguments_text(item.get(_CALLS[item["type"]]))


def made_up_id(answer: str, number: int) -> str:
    """Return an id for a call without one, the *number*-th of the answer with this id: the same one every time."""
    return f"call_{chat.fit_id(answer, longest=40) or 'x'}_{number}"


def objects(said: object) -> list[dict[str, Any]]:
    """Return the objects in the list *said*; none where it is no list."""
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
