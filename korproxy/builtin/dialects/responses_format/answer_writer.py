"""A whole answer, written for a client."""

from __future__ import annotations

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.responses_format.endings import incomplete_reason, unsaid
from korproxy.builtin.dialects.responses_format.ids import Ids
from korproxy.builtin.dialects.responses_format.response_object import ResponseObject
from korproxy.builtin.dialects.responses_format.written_items import Item, Items, annotation, picture


def write_answer(answer: chat.Answer, asked: chat.Asked) -> bytes:
    """Return *answer* as a response. A stream of it would end with the very same one."""
    ids = Ids.of(asked, answer.id)
    items = Items(asked, ids)
    refused = any(isinstance(each, chat.Refusal) and each.text for each in answer.parts)
    explanation = unsaid(answer.ending, refused=refused)
    output: list[Item] = []
    for part in (*answer.parts, *([chat.Refusal(text=explanation)] if explanation else [])):
        if (item := _item(part, items, len(output))) is not None:
            output.append(item)
    incomplete = incomplete_reason(answer.ending, refused=refused, output=output)
    if incomplete is not None and output and output[-1]["type"] == "message":
        output[-1]["status"] = "incomplete"
    return json_bytes(ResponseObject(asked, ids).ended(output, answer.usage, incomplete))


def _item(part: chat.Part, items: Items, index: int) -> Item | None:
    match part:
        case chat.Text(text=text, citations=citations):
            annotations = [annotation(each, len(text)) for each in citations]
            return items.message(index, "output_text", text, annotations) if text else None
        case chat.Refusal(text=text):
            return items.message(index, "refusal", text) if text else None
        case chat.Reasoning(text=text, seal=seal, redacted=redacted):
            return items.reasoning(index, text, seal, redacted=redacted) if text or seal else None
        case chat.ToolCall(arguments=arguments):
            call = items.called(index, part)
            return call.whole(call.text(arguments))
        case chat.Image() | chat.Document():
            text = picture(part)
            return items.message(index, "output_text", text) if text else None
        case _:  # no answer has sound or results of tools in it
            return None
