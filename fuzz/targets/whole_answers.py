"""Whole answers: good ones stay what they are, and whatever else a provider sends is refused in words, or read as an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from fuzz.target import Target
from fuzz.targets.provider_garbage import DOCUMENTS, damaged
from fuzz.targets.stream_content import compare
from korproxy.api import Headers, chat
from tests.fakes.gemini_checks import document_faults
from tests.fakes.passing import CLIENTS, FORMATS, guarded, translator
from tests.fakes.streams import good_streams

Case = tuple[str, bytes, list[chat.Event]]
_ASKED = chat.Asked(model="asked-for", created=1790000000)
_CUT_SHORT = {"length", "content_filter", "max_tokens", "refusal", "model_context_window_exceeded"}


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    """An answer as a provider writes it and its events; or one with other values in it, or anything, and no events."""
    format = draw(st.sampled_from(FORMATS))  # noqa: A001
    if draw(st.integers(0, 3)) == 0:
        return format, draw(DOCUMENTS), []
    events = guarded(draw(good_streams(plain=True)))
    answer = chat.answer_of(events)
    assert answer is not None
    body = translator(format).write_answer(answer, _ASKED)
    if draw(st.booleans()):
        return format, body, events
    for _ in range(draw(st.integers(1, 3))):
        body = draw(damaged(body))
    return format, body, []


def check(case: Case) -> None:
    """Read it as an answer and as an error, and write that for both clients."""
    format, body, events = case  # noqa: A001
    for status in (400, 429, 500, 529):
        error = translator(format).read_error(status, Headers(()), body)
        for client in CLIENTS:
            sent, said = translator(client).write_error(error)
            assert 400 <= sent < 600, f"{format} to {client}: an error of status {sent}"
            assert isinstance(json.loads(said), dict), f"{format} to {client}: an error that is no object"
    try:
        answer = chat.settle(translator(format).read_answer(body))
    except (chat.Unreadable, chat.AnswerIsError):
        assert not events, f"{format}: a good answer is unreadable"
        return
    if events:
        compare(events, list(chat.events_of(answer)), format)
    for client in set(CLIENTS) - {format}:  # a client of the same format gets the bytes
        document = json.loads(translator(client).write_answer(answer, _ASKED))
        found = _FAULTS[client](document)
        assert found == [], f"{format} to {client}: {found}"


def _chat_faults(document: dict[str, Any]) -> list[str]:
    message, reason = document["choices"][0]["message"], document["choices"][0]["finish_reason"]
    calls = message.get("tool_calls") or []
    torn = [each for each in calls if each["type"] == "function" and not _is_object(each["function"]["arguments"])]
    rules = {
        "not one choice": len(document["choices"]) != 1,
        "another model's name": document["model"] != _ASKED.model,
        "an empty list of calls": message.get("tool_calls") == [],
        "a reason that does not fit its calls": reason not in _CUT_SHORT and (reason == "tool_calls") != bool(calls),
        "a call without id or name": not all(each["id"] and each[each["type"]]["name"] for each in calls),
        "arguments that are no object": len(torn) > (reason in _CUT_SHORT),
    }
    return [fault for fault, is_so in rules.items() if is_so]


def _messages_faults(document: dict[str, Any]) -> list[str]:
    blocks, reason = document["content"], document["stop_reason"]
    calls = [each for each in blocks if each["type"] == "tool_use"]
    rules = {
        "another model's name": document["model"] != _ASKED.model,
        "an empty text": any(each.get("text") == "" for each in blocks),
        "a reason that does not fit its calls": reason not in _CUT_SHORT and (reason == "tool_use") != bool(calls),
        "a call without id or name": not all(each["id"] and each["name"] for each in calls),
        "one id for two calls": len({each["id"] for each in calls}) < len(calls),
        "input that is no object": not all(isinstance(each["input"], dict) for each in calls),
        "thinking without a signature": any("signature" not in each for each in blocks if each["type"] == "thinking"),
        "a usage that is no number": not all(
            isinstance(document["usage"][key], int) for key in ("input_tokens", "output_tokens")
        ),
    }
    return [fault for fault, is_so in rules.items() if is_so]


def _gemini_faults(document: dict[str, Any]) -> list[str]:
    wrong = document_faults([document])
    return [*wrong, *(["another model's name"] if document["modelVersion"] != _ASKED.model else [])]


def _responses_faults(document: dict[str, Any]) -> list[str]:
    items, status = document["output"], document["status"]
    calls = [each for each in items if each["type"] in ("function_call", "custom_tool_call")]
    torn = [each for each in calls if each["type"] == "function_call" and not _is_object(each["arguments"])]
    usage = document["usage"]
    rules = {
        "another model's name": document["model"] != _ASKED.model,
        "an end that is none": status not in ("completed", "incomplete") or document["error"] is not None,
        "incomplete for no reason": (status == "incomplete") != bool(document["incomplete_details"]),
        "one id for two items": len({each["id"] for each in items}) < len(items),
        "one id for two calls": len({each["call_id"] for each in calls}) < len(calls),
        "a call without id or name": not all(each["call_id"] and each["name"] for each in calls),
        "a call whose status does not fit": any((each["status"] == "incomplete") != (each in torn) for each in torn),
        "an empty message": any(each["content"] == [] for each in items if each["type"] == "message"),
        "reasoning that says nothing": any(
            not each["summary"] and not each.get("encrypted_content") for each in items if each["type"] == "reasoning"
        ),
        "a total that is not the sum": usage["input_tokens"] + usage["output_tokens"] != usage["total_tokens"],
    }
    return [fault for fault, is_so in rules.items() if is_so]


_FAULTS: Mapping[str, Callable[[dict[str, Any]], list[str]]] = {
    "openai-chat": _chat_faults,
    "anthropic-messages": _messages_faults,
    "gemini": _gemini_faults,
    "openai-responses": _responses_faults,
}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _read(body: bytes) -> Case:
    """A corpus file is what a provider answers; its first line names the format."""
    format, _, body = body.partition(b"\n")  # noqa: A001
    return format.removeprefix(b":").strip().decode(), body, []


WHOLE_ANSWERS = Target(name="whole_answers", inputs=_cases(), read=_read, check=check)
