"""A whole ``chat.completion``."""

from __future__ import annotations

from typing import Any

from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Usage
from korproxy_conformance.wrong import Words, Wrong

FINISHES = ("stop", "length", "tool_calls", "content_filter")
_OF_THE_SDK = ("annotations",)  # what nobody sends back


def read_answer(body: Place) -> Answer:
    """Read it."""
    body["object"].equals("chat.completion")
    body["created"].count()
    choice = body["choices"].only()
    choice["index"].equals(0)
    message = choice["message"]
    message["role"].equals("assistant")
    content = message["content"]
    text = "" if content.value is None else content.text()
    calls = read_calls(message)
    finish = choice["finish_reason"].one_of(FINISHES)
    check_finish(finish, calls, choice["finish_reason"].at)
    kept = {name: value for name, value in message.members().items() if value is not None and name not in _OF_THE_SDK}
    refusal = message.some("refusal")
    return Answer(
        id=body["id"].word(),
        model=body["model"].word(),
        pieces=(text,) if text else (),
        thoughts=read_thoughts(message),
        seals=read_seals(kept),
        calls=calls,
        refusal=refusal.text() if refusal else "",
        finish=finish,
        closed=True,
        usage=read_usage(body["usage"]),
        usage_is_last=True,
        back=[kept],
    )


def read_calls(message: Place) -> tuple[Call, ...]:
    """Read ``tool_calls``, each with an id of its own; an empty list is wrong, as OpenAI refuses it when it comes back."""
    listed = message.some("tool_calls")
    if listed is None:
        return ()
    found = listed.items() or listed.wrong(Words("calls, or no member 'tool_calls'"))
    calls: list[Call] = []
    for each in found:
        each["type"].equals("function")
        function = each["function"]
        identity = each["id"].word()
        if identity in [call.id for call in calls]:
            each["id"].wrong(Words("an id of its own"))
        calls.append(Call(id=identity, name=function["name"].word(), arguments=function["arguments"].arguments()))
    return tuple(calls)


def check_finish(finish: str, calls: tuple[Call, ...], at: str) -> None:
    """The reason says tools if and only if there are calls."""
    if bool(calls) is not (finish == "tool_calls"):
        raise Wrong("tool_calls" if calls else Words("another reason where there are no calls"), finish, at)


def read_thoughts(message: Place) -> str:
    """Return the reasoning, in either of the fields that servers have for it."""
    found = message.some("reasoning_content") or message.some("reasoning")
    return found.text() if found else ""


def read_seals(message: dict[str, Any]) -> tuple[str, ...]:
    """Return what is sealed: OpenRouter's ``reasoning_details``, and Google's ``extra_content`` of calls."""
    details = [each.get("signature") or each.get("data") for each in message.get("reasoning_details") or ()]
    google = [(each.get("extra_content") or {}).get("google") or {} for each in message.get("tool_calls") or ()]
    return tuple(str(each) for each in [*details, *(each.get("thought_signature") for each in google)] if each)


def read_usage(usage: Place) -> Usage:
    """Read the tokens; the prompt includes the cached ones."""
    prompt, output = usage["prompt_tokens"].count(), usage["completion_tokens"].count()
    if usage["total_tokens"].count() != prompt + output:
        raise Wrong(prompt + output, usage["total_tokens"].value, usage["total_tokens"].at)
    details = usage.some("prompt_tokens_details")
    cached = details.some("cached_tokens") if details else None
    return Usage(prompt=prompt, cached=cached.count() if cached else 0, output=output)
