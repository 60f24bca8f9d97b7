"""What clients of OpenAI Responses demand of a stream, checked on the bytes, by nothing of KorProxy's own.

Sources: the vendor's reference, the stream code of its SDK (``openai/lib/streaming/responses``), and what Codex reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from tests.fakes.stream_checks import sse

_PREFIXES = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "custom_tool_call": "ctc_"}
_TEXTS = {"output_text": "text", "refusal": "refusal"}
_CALLS = {"function_call_arguments": "arguments", "custom_tool_call_input": "input"}
_ENDS = {"response.completed", "response.incomplete", "response.failed"}


@attrs.define
class _Responses:
    """One Responses stream."""

    faults: list[str] = attrs.field(factory=list)
    number: int = -1
    begun: list[str] = attrs.field(factory=list)
    head: tuple[object, ...] | None = None
    over: str = ""
    done: list[dict[str, Any]] = attrs.field(factory=list)
    open: dict[str, Any] | None = None
    part: dict[str, Any] | None = None  # of the item that is open
    said: dict[str, str] = attrs.field(factory=dict)  # texts that were told whole, and must not change any more

    def event(self, name: str, event: dict[str, Any]) -> None:
        """Take one named event."""
        self.expect(name == event.get("type"), f"event {name!r} holds {event.get('type')!r}")
        self.expect(event.get("sequence_number", -1) > self.number, f"{name} is not numbered behind the one before it")
        self.number = event.get("sequence_number", self.number)
        self.expect(not self.over or (self.over, name) == ("error", "response.failed"), f"{name} follows {self.over}")
        if name == "error":
            self.error(event)
        elif not name.startswith("response."):
            self.faults.append(f"an event {name!r}")
        elif "response" in event:
            self.response(name, event["response"])
        else:
            self.expect(len(self.begun) == 2, f"{name} in front of the beginning")
            self.item(name.removeprefix("response."), event)

    def error(self, event: Mapping[str, Any]) -> None:
        self.expect(bool(event.get("code")) and isinstance(event.get("message"), str), "an error without code or message")
        self.expect(event["error"]["message"] == event["message"], "an error with two messages")
        self.over = "error"

    def response(self, name: str, response: dict[str, Any]) -> None:
        if self.over == "error" and name == "response.failed":  # who has read that does not compare any more
            self.failure(response)
            self.over = name
            return
        head = (response["id"], response["created_at"], response["model"], response["object"])
        self.expect(head == (self.head or head) and head[3] == "response", "the response is another one")
        self.expect(head[0].startswith("resp_") and len(head[0]) <= 64, "the id is none of a response")
        self.head = head
        if name in _ENDS:
            self.end(name, response)
            return
        self.begun.append(name)
        self.expect(self.begun == ["response.created", "response.in_progress"][: len(self.begun)], f"{name} at a wrong place")
        empty = (response["status"], response["output"], response["usage"], response["error"])
        self.expect(empty == ("in_progress", [], None, None), f"{name} is not empty")

    def failure(self, response: dict[str, Any]) -> None:
        error = response["error"]
        self.expect(response["status"] == "failed", f"a failure with the status {response['status']!r}")
        self.expect(bool(error["code"]) and isinstance(error["message"], str), "a failure without code or message")
        if response["usage"] is not None:
            self.usage(response["usage"])

    def end(self, name: str, response: dict[str, Any]) -> None:
        status = name.removeprefix("response.")
        self.over = name
        self.expect(len(self.begun) == 2, f"{name} in front of the beginning")
        self.expect(response["output"] == self.done, f"the output of {name} is not what was told")
        if status == "failed":
            self.failure(response)
            return
        self.expect(response["status"] == status, f"{name} has the status {response['status']!r}")
        self.expect(self.open is None, f"{name} in an item")
        self.expect(response["error"] is None, f"{name} with the error {response['error']}")
        details = response["incomplete_details"]
        self.expect((status == "incomplete") == bool(details and details["reason"]), f"{name} with the details {details}")
        torn = [item["id"] for item in self.done if item["type"] == "function_call" and item["status"] != "completed"]
        self.expect(len(torn) <= (status == "incomplete"), f"{name} with the torn calls {torn}")
        self.usage(response["usage"])

    def usage(self, usage: dict[str, Any]) -> None:
        counts = [usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]]
        counts += [usage["input_tokens_details"]["cached_tokens"], usage["output_tokens_details"]["reasoning_tokens"]]
        self.expect(all(type(each) is int for each in counts), "a count that is no number")
        self.expect(counts[0] + counts[1] == counts[2], "the total is not the sum")

    def item(self, kind: str, event: dict[str, Any]) -> None:
        """Take an event about an item."""
        self.expect(event["output_index"] == len(self.done), f"{kind} of item {event['output_index']} after {len(self.done)}")
        if kind == "output_item.added":
            self.added(event["item"])
            return
        if self.open is None:
            self.faults.append(f"{kind} while no item is open")
            return
        if kind == "output_item.done":
            self.finished(event["item"])
            return
        self.expect(event["item_id"] == self.open["id"], f"{kind} of another item")
        stem, _, what = kind.rpartition(".")
        if stem == "output_text.annotation":
            self.annotated(event)
            return
        if stem in {"content_part", "reasoning_summary_part"}:
            self.at_part(stem, what, event)
        elif stem in _CALLS:
            self.of_call(_CALLS[stem], what, event)
        else:
            self.of_part(stem, what, event)

    def added(self, item: dict[str, Any]) -> None:
        self.expect(self.open is None, "an item begins in another one")
        kind = item["type"]
        self.expect(kind in _PREFIXES and item["id"].startswith(_PREFIXES[kind]), f"an item {item['id']!r} of {kind!r}")
        self.expect(item["id"] not in {each["id"] for each in self.done}, "an id of an item twice")
        empty = [item.get(key) for key in ("content", "summary", "arguments", "input") if key in item]
        self.expect(len(empty) == 1 and not empty[0], "an item does not begin empty")
        self.expect(item.get("encrypted_content") is None, "a seal before its time")
        self.expect(item.get("status", "in_progress") == "in_progress", "an item does not begin in progress")
        if "call_id" in item:
            calls = {each.get("call_id") for each in self.done}
            self.expect(bool(item["call_id"]) and item["call_id"] not in calls, "a call without an id of its own")
            self.expect(bool(item["name"]), "a call without name")
        self.open, self.part, self.said = json.loads(json.dumps(item)), None, {}

    def at_part(self, stem: str, what: str, event: dict[str, Any]) -> None:
        """Take the beginning or the end of a part of a message, or of a summary."""
        item = self.open or {}
        parts = item.get("content" if stem == "content_part" else "summary")
        index = event["content_index" if stem == "content_part" else "summary_index"]
        if parts is None:
            self.faults.append(f"{stem} in {item['type']}")
        elif what == "added":
            self.expect(self.part is None and index == len(parts), "a part begins at a wrong place")
            self.part = dict(event["part"])
            field = _TEXTS.get(self.part["type"], "text")
            self.expect(self.part[field] == "", "a part does not begin empty")
            parts.append(self.part)
        else:
            self.expect(self.part is not None and event["part"] == self.part, "a part ends as another one")
            self.expect("text" in self.said, "a part ends before its text")
            self.part, self.said = None, {}

    def of_part(self, stem: str, what: str, event: dict[str, Any]) -> None:
        """Take a piece of the text of a part, or all of it."""
        kind = {"summary_text": "reasoning_summary_text"}.get((self.part or {}).get("type", ""), (self.part or {}).get("type"))
        if self.part is None or stem != kind:
            self.faults.append(f"{stem} in a part of {kind!r}")
            return
        field = _TEXTS.get(stem, "text")
        if stem == "output_text":
            self.expect(event.get("logprobs") == [], "a text without logprobs")
        if what == "delta":
            self.expect(bool(event["delta"]) and not self.said, "a piece of text that is empty, or too late")
            self.part[field] += event["delta"]
        else:
            self.expect(event[field] == self.part[field] != "", f"{stem} is not what its pieces were")
            self.said["text"] = event[field]

    def annotated(self, event: dict[str, Any]) -> None:
        """Take what a text cites."""
        part = self.part or {}
        told, annotation = part.get("annotations"), event["annotation"]
        self.expect(told is not None and not self.said, "an annotation outside of a text, or too late")
        self.expect(event["annotation_index"] == len(told or ()), "an annotation with a wrong number")
        fits = 0 <= annotation["start_index"] <= annotation["end_index"] <= len(part.get("text", ""))
        self.expect(fits and bool(annotation["url"]), "an annotation of no text or of no page")
        self.part = {**part, "annotations": [*(told or ()), annotation]}
        (self.open or {"content": [None]})["content"][-1] = self.part

    def of_call(self, field: str, what: str, event: dict[str, Any]) -> None:
        """Take a piece of the arguments of a call, or all of them."""
        item = self.open or {}
        if field not in item:
            self.faults.append(f"{field} in {item['type']}")
        elif what == "delta":
            self.expect(bool(event["delta"]) and not self.said, "a piece of arguments that is empty, or too late")
            item[field] += event["delta"]
        else:
            self.expect(event[field] == item[field], f"{field} are not what their pieces were")
            self.said["text"] = event[field]

    def finished(self, item: dict[str, Any]) -> None:
        expected = {**(self.open or {}), "status": item.get("status")} if "status" in item else self.open or {}
        sealed = {key: item[key] for key in ("encrypted_content",) if item["type"] == "reasoning" and key in item}
        self.expect(item == {**expected, **sealed}, "an item is not what was told of it")
        self.expect(self.part is None, "an item ends in a part")
        self.expect(item["type"] not in {"function_call", "custom_tool_call"} or "text" in self.said, "a call without its end")
        self.expect(item["type"] != "reasoning" or bool(item["summary"] or sealed), "reasoning that says nothing")
        self.expect(item.get("status", "completed") in {"completed", "incomplete"}, "an item that is done is in progress")
        if item["type"] == "function_call":
            whole = _is_object(item["arguments"])
            self.expect(whole == (item["status"] == "completed"), "the status of a call does not fit its arguments")
        self.done.append(item)
        self.open, self.said = None, {}

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def responses_faults(stream: bytes) -> list[str]:
    """Return what a client of OpenAI Responses would trip over."""
    responses = _Responses()
    for name, data in sse(stream):
        responses.event(name, json.loads(data))
    responses.expect(responses.over in _ENDS, "neither completed, incomplete nor failed")
    return responses.faults


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
