"""A whole response, and its items."""

from __future__ import annotations

import attrs

from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Usage
from korproxy_conformance.wrong import Words, Wrong

GOOD = ("completed", "incomplete")
_REASONS = ("max_output_tokens", "content_filter")


def read_answer(body: Place) -> Answer:
    """Read a response that ended well, or too early for a reason it tells."""
    check_head(body)
    body["error"].equals(None)
    return attrs.evolve(read_output(body), finish=read_finish(body), closed=True, usage=read_usage(body["usage"]))


def check_head(body: Place) -> None:
    """Check what every response object has, also one that is not done."""
    body["object"].equals("response")
    body["id"].word()
    body["model"].word()
    created = body["created_at"]
    if not isinstance(created.value, int | float) or isinstance(created.value, bool):
        created.wrong(Words("a time in seconds"))
    body["output"].items()
    body["tools"].items()
    if not isinstance(body["parallel_tool_calls"].value, bool):
        body["parallel_tool_calls"].wrong(Words("true or false"))
    if not isinstance(body["tool_choice"].value, str | dict):
        body["tool_choice"].wrong(Words("a text or an object"))


def read_finish(body: Place) -> str:
    """Return the status, with the reason where it is not ``completed``."""
    status = body["status"].one_of(GOOD)
    if status == "completed":
        body["incomplete_details"].equals(None)
        return status
    return f"{status}: {body['incomplete_details']['reason'].one_of(_REASONS)}"


def read_output(body: Place) -> Answer:
    """Read the items."""
    pieces, thoughts, refusals = [], [], []
    seals: list[str] = []
    calls: list[Call] = []
    items = body["output"].items()
    names = [item["id"].word() for item in items]
    if len(set(names)) < len(names):
        raise Wrong(Words("an id of its own for each item"), names, body["output"].at)
    for item in items:
        match item["type"].text():
            case "message":
                said, refused = _message(item)
                pieces += said
                refusals += refused
            case "function_call":
                calls.append(_call(item, calls))
            case "reasoning":
                thoughts += _summary(item)
                sealed = item.some("encrypted_content")
                seals += [sealed.word()] if sealed else []
            case _:
                item["type"].wrong(Words("message, function_call or reasoning"))
    return Answer(
        id=body["id"].word(),
        model=body["model"].word(),
        pieces=tuple(pieces),
        thoughts="".join(thoughts),
        seals=tuple(seals),
        calls=tuple(calls),
        refusal="".join(refusals),
        usage_is_last=True,
        back=[each.value for each in items],
    )


def _message(item: Place) -> tuple[list[str], list[str]]:
    item["role"].equals("assistant")
    item["status"].one_of(GOOD)
    said, refused = [], []
    for part in item["content"].items():
        if part["type"].one_of(("output_text", "refusal")) == "refusal":
            refused.append(part["refusal"].word())
        else:
            part["annotations"].items()
            said.append(part["text"].text())
    return [each for each in said if each], refused


def _call(item: Place, before: list[Call]) -> Call:
    identity = item["call_id"].word()
    if identity in [each.id for each in before]:
        item["call_id"].wrong(Words("a call_id of its own"))
    status = item.some("status")
    if status is not None:
        status.equals("completed")
    return Call(id=identity, name=item["name"].word(), arguments=item["arguments"].arguments())


def _summary(item: Place) -> list[str]:
    texts = []
    for name, kind in (("summary", "summary_text"), ("content", "reasoning_text")):
        listed = item["summary"] if name == "summary" else item.some(name)
        for part in listed.items() if listed else ():
            part["type"].equals(kind)
            texts.append(part["text"].text())
    return texts


def read_usage(usage: Place) -> Usage:
    """Read the tokens; the input includes the cached ones. Codex wants the details whole where they are there."""
    prompt, output = usage["input_tokens"].count(), usage["output_tokens"].count()
    if usage["total_tokens"].count() != prompt + output:
        raise Wrong(prompt + output, usage["total_tokens"].value, usage["total_tokens"].at)
    usage["output_tokens_details"]["reasoning_tokens"].count()
    return Usage(prompt=prompt, cached=usage["input_tokens_details"]["cached_tokens"].count(), output=output)
