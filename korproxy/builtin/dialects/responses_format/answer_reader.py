"""A provider's whole answer, read.

Facts: ``Response`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from korproxy.api import Usage, chat, read_json
from korproxy.builtin.dialects.chat_format.json_text import some_text
from korproxy.builtin.dialects.responses_format.answer_items import is_call, made_up_id, objects, read_item
from korproxy.builtin.dialects.responses_format.endings import read_ending
from korproxy.builtin.dialects.responses_format.errors import read_late_error
from korproxy.builtin.dialects.responses_format.usage import read_usage

_UNFINISHED = frozenset({"queued", "in_progress", "cancelled"})


def read_answer(body: bytes) -> chat.Answer:
    """Read *body*.

    Raises:
        Unreadable: It is no response, or one that has not come to its end, or a tool is called with what is no JSON object.
        AnswerIsError: It is an error, or a response that failed.
    """
    response = _object(body)
    status = response.get("status")
    if response.get("error") or status == "failed":
        raise chat.AnswerIsError(read_late_error(response))
    if isinstance(status, str) and status in _UNFINISHED:
        raise chat.Unreadable(f"it is not whole: its status is {status}")
    if not isinstance(response.get("output"), list):
        raise chat.Unreadable("a response without output")
    id_ = some_text(response.get("id"))
    parts = tuple(_parts(response, id_))
    ending = read_ending(response, refused=any(isinstance(each, chat.Refusal) for each in parts))
    _check_calls(parts, is_cut=status == "incomplete")
    return chat.Answer(
        id=id_,
        model=some_text(response.get("model")),
        parts=parts,
        ending=ending,
        usage=read_usage(response.get("usage")) or Usage(),
    )


def _check_calls(parts: Sequence[chat.Part], *, is_cut: bool) -> None:
    """Demand arguments that are an object or nothing, as of a stream; those of the last call may have been cut off."""
    calls = [each for each in parts if isinstance(each, chat.ToolCall)]
    for call in calls:
        whole = call.freeform or not call.arguments.strip() or chat.is_object(call.arguments)
        if not whole and not (is_cut and call is calls[-1]):
            raise chat.Unreadable("the arguments of a tool call are not a JSON object")


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = read_json(body)[0]
    except ValueError as exc:
        raise chat.Unreadable(f"no JSON: {exc}") from None
    if not isinstance(value, dict):
        raise chat.Unreadable(f"a JSON value of the type {type(value).__name__} in place of an object")
    return value


def _parts(response: Mapping[str, Any], answer: str) -> Iterator[chat.Part]:
    calls = 0
    for item in objects(response.get("output")):
        yield from read_item(item, made_up_id(answer, calls))
        calls += is_call(item)
