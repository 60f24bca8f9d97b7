"""A whole message, and errors."""

from __future__ import annotations

import re

from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Failure, Usage
from korproxy_conformance.wrong import Words, Wrong

STOPS = ("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded")
_ID = re.compile(r"[a-zA-Z0-9_-]+")  # what Anthropic takes back


def read_answer(body: Place) -> Answer:
    """Read it."""
    body["type"].equals("message")
    body["role"].equals("assistant")
    blocks = body["content"].items()
    stop = body["stop_reason"].one_of(STOPS)
    return read_blocks(
        blocks, id=body["id"].word(), model=body["model"].word(), stop=stop, at=body["stop_reason"].at, usage=body["usage"]
    )


def read_blocks(blocks: list[Place], *, id: str, model: str, stop: str, at: str, usage: Place) -> Answer:  # noqa: A002
    """Read the *blocks* of a message that is complete; the other arguments are what else there is of it."""
    calls: list[Call] = []
    pieces, thoughts, seals = [], [], []
    for block in blocks:
        match block["type"].text():
            case "text":
                pieces.append(block["text"].word())
            case "thinking":
                thoughts.append(block["thinking"].text())
                seals.append(block["signature"].text())
            case "redacted_thinking":
                seals.append(block["data"].word())
            case "tool_use":
                calls.append(_call(block, calls))
            case _:
                block["type"].wrong(Words("text, thinking, redacted_thinking or tool_use"))
    if bool(calls) is not (stop == "tool_use"):
        raise Wrong("tool_use" if calls else Words("another reason where there are no calls"), stop, at)
    return Answer(
        id=id,
        model=model,
        pieces=tuple(pieces),
        thoughts="".join(thoughts),
        seals=tuple(each for each in seals if each),
        calls=tuple(calls),
        finish=stop,
        closed=True,
        usage=read_usage(usage),
        usage_is_last=True,
        back=[{"role": "assistant", "content": [each.value for each in blocks]}],
    )


def _call(block: Place, before: list[Call]) -> Call:
    identity = block["id"].word()
    if not _ID.fullmatch(identity) or identity in [each.id for each in before]:
        block["id"].wrong(Words("an id of its own, made of letters, digits, _ and -"))
    block["input"].members()
    return Call(id=identity, name=block["name"].word(), arguments=block["input"].value)


def read_usage(usage: Place) -> Usage:
    """Read the tokens; ``input_tokens`` has nothing of what a cache gave or took."""
    fresh, output = usage["input_tokens"].count(), usage["output_tokens"].count()
    counts = [usage.some(name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    read, written = (each.count() if each else 0 for each in counts)
    return Usage(prompt=fresh + read + written, cached=read, output=output)


def read_failure(body: Place) -> Failure:
    """Read ``{"type": "error", "error": {type, message}}``."""
    body["type"].equals("error")
    error = body["error"]
    return Failure(kind=error["type"].word(), message=error["message"].word())
