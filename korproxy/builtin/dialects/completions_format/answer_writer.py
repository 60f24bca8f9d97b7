"""A whole answer, written for a client: text and nothing else. What the model thought before has no place here.

Facts: ``Completion`` and ``CompletionChoice`` of OpenAI's Python SDK 3.57.
"""

from __future__ import annotations

import os
from typing import Any

from korproxy.api import chat, json_bytes
from korproxy.builtin.dialects.chat_format.answer_writer import PREFIX, part_text
from korproxy.builtin.dialects.chat_format.endings import write_ending
from korproxy.builtin.dialects.chat_format.usage import write_usage

_PREFIX = "cmpl-"


def write_answer(answer: chat.Answer, asked: chat.Asked) -> bytes:
    """Write *answer* for a client who has *asked* for it whole."""
    text = "".join(_text(each) for each in answer.parts) or refusal_of(answer.ending)
    fields = {**head(answer.id, asked), "choices": [choice(text, finish(answer.ending))]}
    return json_bytes({**fields, "usage": write_usage(answer.usage)})


def head(own: str, asked: chat.Asked) -> dict[str, Any]:
    """Return the members in front of an answer and of each of its chunks; *own* is the provider's id for it."""
    id_ = own if own.startswith(_PREFIX) else _PREFIX + (own.removeprefix(PREFIX) or os.urandom(12).hex())
    return {"id": id_, "object": "text_completion", "created": asked.created, "model": asked.model}


def choice(text: str, reason: str | None) -> dict[str, Any]:
    """Return the one choice there is."""
    return {"text": text, "index": 0, "logprobs": None, "finish_reason": reason}


def finish(ending: chat.Ending) -> str:
    """Return the ``finish_reason`` for *ending*; of calls nothing is known here."""
    return "stop" if ending.reason == "tools" else write_ending(ending)


def refusal_of(ending: chat.Ending) -> str:
    """Return the words of a refusal that has none in its text, so that it is never an empty answer."""
    return (ending.explanation or "") if ending.reason == "refusal" else ""


def _text(part: chat.Part) -> str:
    match part:
        case chat.Text(text=text) | chat.Refusal(text=text):
            return text
        case chat.Image() | chat.Document():
            return part_text(part)
        case _:
            return ""
