"""Answers and streams of the Responses format, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.responses_format.stream_reader import ResponsesStreamReader
from korproxy.builtin.dialects.responses_format.stream_writer import ResponsesStreamWriter
from tests.fakes.response_checks import responses_faults
from tests.fakes.stream_checks import sse

ASKED = chat.Asked(model="gpt-x", stream=True, created=1790000000, id="00000000-0000-4000-8000-000000000001")
STEM = "00000000000040008000000000000001"


def event(kind: str, **more: Any) -> bytes:
    """Return one event of a stream; its ``type`` is *kind* behind ``response.``, unless it is ``error``."""
    name = kind if kind == "error" else f"response.{kind}"
    return f"event: {name}\ndata: ".encode() + json.dumps({"type": name, "sequence_number": 0, **more}).encode() + b"\n\n"


def response(status: str = "in_progress", *output: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a response object with *output*."""
    return {"id": "resp_1", "object": "response", "status": status, "model": "m", "output": list(output), "error": None, **more}


def created() -> bytes:
    """Return the first two events of a stream."""
    return event("created", response=response()) + event("in_progress", response=response())


def ended(status: str = "completed", *output: dict[str, Any], **more: Any) -> bytes:
    """Return the last event of a stream."""
    return event(status, response=response(status, *output, **more))


def message(*texts: str, id: str = "msg_1", **more: Any) -> dict[str, Any]:  # noqa: A002
    """Return a message of *texts*."""
    content = [{"type": "output_text", "text": each, "annotations": []} for each in texts]
    return {"type": "message", "id": id, "role": "assistant", "status": "completed", "content": content, **more}


def refusal(text: str) -> dict[str, Any]:
    """Return a message that refuses with *text*."""
    return message() | {"content": [{"type": "refusal", "refusal": text}]}


def reasoning(*summary: str, id: str = "rs_1", **more: Any) -> dict[str, Any]:  # noqa: A002
    """Return an item of reasoning with a *summary*."""
    return {"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": each} for each in summary], **more}


def call(arguments: str = "{}", *, id: str = "fc_1", call_id: str = "call_1", **more: Any) -> dict[str, Any]:  # noqa: A002
    """Return a call of ``read``."""
    item = {"type": "function_call", "id": id, "call_id": call_id, "name": "read", "arguments": arguments}
    return {**item, "status": "completed", **more}


def custom(text: str, **more: Any) -> dict[str, Any]:
    """Return a call of ``patch``, with bare text."""
    return {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "patch", "input": text, **more}


def text_item(at: int, *pieces: str, id: str = "msg_1") -> bytes:  # noqa: A002
    """Return the events of a message of one text."""
    about = {"item_id": id, "output_index": at, "content_index": 0}
    whole = "".join(pieces)
    said = [event("output_item.added", output_index=at, item=message(id=id, status="in_progress"))]
    said.append(event("content_part.added", **about, part={"type": "output_text", "text": "", "annotations": []}))
    said += [event("output_text.delta", **about, delta=each, logprobs=[]) for each in pieces]
    said.append(event("output_text.done", **about, text=whole, logprobs=[]))
    said.append(event("content_part.done", **about, part={"type": "output_text", "text": whole, "annotations": []}))
    return b"".join([*said, event("output_item.done", output_index=at, item=message(whole, id=id))])


def reasoning_item(at: int, *summary: Sequence[str], **more: Any) -> bytes:
    """Return the events of reasoning, each part of its summary in pieces; *more* is in the item once it is done."""
    said = [event("output_item.added", output_index=at, item=reasoning(encrypted_content="half"))]
    for number, pieces in enumerate(summary):
        about = {"item_id": "rs_1", "output_index": at, "summary_index": number}
        part = {"type": "summary_text", "text": "".join(pieces)}
        said.append(event("reasoning_summary_part.added", **about, part={**part, "text": ""}))
        said += [event("reasoning_summary_text.delta", **about, delta=each) for each in pieces]
        said.append(event("reasoning_summary_text.done", **about, text=part["text"]))
        said.append(event("reasoning_summary_part.done", **about, part=part))
    item = reasoning(*map("".join, summary), **more)
    return b"".join([*said, event("output_item.done", output_index=at, item=item)])


def call_item(at: int, *pieces: str, **more: Any) -> bytes:
    """Return the events of a call of ``read``."""
    begun, whole = call("", **more, status="in_progress"), call("".join(pieces), **more)
    about = {"item_id": begun["id"], "output_index": at}
    said = [event("output_item.added", output_index=at, item=begun)]
    said += [event("function_call_arguments.delta", **about, delta=each) for each in pieces]
    said.append(event("function_call_arguments.done", **about, arguments=whole["arguments"]))
    return b"".join([*said, event("output_item.done", output_index=at, item=whole)])


def heard(*chunks: bytes) -> list[chat.Event]:
    """Return what a reader makes of *chunks*."""
    reader = ResponsesStreamReader()
    return [each for chunk in chunks for each in reader.feed(chunk)] + list(reader.finish())


def told(events: Iterable[chat.Event], asked: chat.Asked = ASKED) -> bytes:
    """Return what a writer makes of *events*; nothing is in it that a client would trip over."""
    writer = ResponsesStreamWriter(asked)
    stream = b"".join(writer.write(each) for each in events)
    assert responses_faults(stream) == []
    return stream


def shown(stream: bytes) -> list[dict[str, Any]]:
    """Return the data of all events in *stream*."""
    return [json.loads(data) for _, data in sse(stream)]


def outline(stream: bytes) -> list[str]:
    """Return the events in *stream* in short: ``+0 message``, ``0 output_text Hi``, ``-0``, ``completed``."""
    return [short for each in shown(stream) if (short := _short(each))]


def _short(data: dict[str, Any]) -> str:
    kind = str(data["type"]).removeprefix("response.")
    if kind == "output_item.added":
        return f"+{data['output_index']} {data['item']['type']}"
    if kind == "output_item.done":
        return f"-{data['output_index']}"
    if kind.endswith(".delta"):
        return f"{data['output_index']} {kind.removesuffix('.delta')} {data['delta']}"
    return kind if kind in {"completed", "incomplete", "failed", "error"} else ""


def output(stream: bytes) -> list[dict[str, Any]]:
    """Return the output of the response with which *stream* ends."""
    last = shown(stream)[-1]["response"]["output"]
    assert isinstance(last, list)
    return last


def whole(*events: chat.Event) -> list[chat.Event]:
    """Return *events* as a stream that begins and ends."""
    reason: chat.Reason = "tools" if any(isinstance(each, chat.CallStarted) for each in events) else "end"
    return [chat.Started(id="resp_1", model="m"), *events, chat.Ended(chat.Ending(reason=reason))]
