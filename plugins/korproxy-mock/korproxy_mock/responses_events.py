"""A response as a stream: its beginning, item after item, its end. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from korproxy_mock.answer import cut
from korproxy_mock.formats import Event, JsonObject
from korproxy_mock.openai_api import compact, in_turn, thirds

Step: TypeAlias = tuple[str, JsonObject]  # the event's type without ``response.``, its fields
_DONE = Event(data="[DONE]", terminal=True)


def stream(response: JsonObject, opening: JsonObject, quirks: Sequence[str]) -> Iterator[Event]:
    """Stream *response*, which is as it will be at its end; *opening* is how it begins."""
    number = 0
    for kind, fields in _steps(response, opening, quirks):
        yield numbered(f"response.{kind}", fields, number)
        number += 1
    last = {**response, "output": []} if "empty-output" in quirks else response
    yield numbered(f"response.{response['status']}", {"response": last}, number, terminal=True)
    if "done-line" in quirks:
        yield _DONE


def numbered(kind: str, fields: JsonObject, number: int, *, terminal: bool = False) -> Event:
    """Write one event with its place in the stream."""
    return Event(name=kind, data=compact({"type": kind, "sequence_number": number, **fields}), terminal=terminal)


def _steps(response: JsonObject, opening: JsonObject, quirks: Sequence[str]) -> Iterator[Step]:
    yield "created", {"response": opening}
    yield "in_progress", {"response": opening}
    items = [(each["type"], _item(index, each, quirks)) for index, each in enumerate(response["output"])]
    together = [steps for kind, steps in items if kind.endswith("_call") and "interleaved" in quirks]
    for _, steps in items:
        if steps not in together:
            yield from steps
    yield from in_turn(together)  # calls come last in all that the mock says


def _item(index: int, item: JsonObject, quirks: Sequence[str]) -> Iterator[Step]:
    yield "output_item.added", {"output_index": index, "item": _emptied(item)}
    at: JsonObject = {"item_id": item["id"], "output_index": index}
    if item["type"] == "reasoning":
        yield from _reasoned(item, at)
    elif item["type"] == "message":
        yield from _contents(item["content"], at)
    elif item["type"] == "web_search_call":
        for stage in ("in_progress", "searching", "completed"):
            yield f"web_search_call.{stage}", at
    elif item["type"] == "compaction":
        yield "compaction.compacting", at
    else:
        yield from _called(item, at, whole="whole-calls" in quirks)
    yield "output_item.done", {"output_index": index, "item": item}


def _emptied(item: JsonObject) -> JsonObject:
    """Return *item* as it is when it begins; encrypted content may be there in part already."""
    empty: JsonObject = {"summary": [], "content": [], "arguments": "", "input": "", "status": "in_progress"}
    begun = {name: empty.get(name, value) for name, value in item.items()}
    if "encrypted_content" in item:
        begun["encrypted_content"] = item["encrypted_content"][: len(item["encrypted_content"]) // 2]
    return begun


def _reasoned(item: JsonObject, at: JsonObject) -> Iterator[Step]:
    for index, part in enumerate(item["summary"]):
        here = {**at, "summary_index": index}
        yield "reasoning_summary_part.added", {**here, "part": {**part, "text": ""}}
        for piece in cut(part["text"]):
            yield "reasoning_summary_text.delta", {**here, "delta": piece}
        yield "reasoning_summary_text.done", {**here, "text": part["text"]}
        yield "reasoning_summary_part.done", {**here, "part": part}
    yield from _contents(item.get("content", []), at)


def _contents(content: list[JsonObject], at: JsonObject) -> Iterator[Step]:
    for index, part in enumerate(content):
        here = {**at, "content_index": index}
        field = "refusal" if part["type"] == "refusal" else "text"
        extra: JsonObject = {"logprobs": []} if part["type"] == "output_text" else {}
        cited = part.get("annotations", [])
        yield "content_part.added", {**here, "part": {**part, field: "", **({"annotations": []} if cited else {})}}
        for piece in cut(part[field]):
            yield f"{part['type']}.delta", {**here, "delta": piece, **extra}
        for number, each in enumerate(cited):
            yield f"{part['type']}.annotation.added", {**here, "annotation_index": number, "annotation": each}
        yield f"{part['type']}.done", {**here, field: part[field], **extra}
        yield "content_part.done", {**here, "part": part}


def _called(item: JsonObject, at: JsonObject, *, whole: bool) -> Iterator[Step]:
    custom = item["type"] == "custom_tool_call"
    kind, field = ("custom_tool_call_input", "input") if custom else ("function_call_arguments", "arguments")
    for piece in [] if whole else thirds(item[field]):
        yield f"{kind}.delta", {**at, "delta": piece}
    yield f"{kind}.done", {**at, field: item[field]}
