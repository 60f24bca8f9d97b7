"""A whole ``GenerateContentResponse``, its parts, and errors."""

from __future__ import annotations

import re
from typing import Any

from korproxy_conformance.place import Place
from korproxy_conformance.said import Answer, Call, Failure, Usage
from korproxy_conformance.wrong import Words, Wrong

FINISHES = ("STOP", "MAX_TOKENS", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "OTHER")
HEAD = ("responseId", "modelVersion")  # the SDK can do without them; steps of their own ask for them
_KINDS = ("text", "functionCall", "inlineData", "fileData", "executableCode", "codeExecutionResult")
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")


def read_answer(body: Place) -> Answer:
    """Read it. Calls end with STOP: there is no reason of their own."""
    candidate = body["candidates"].only()
    parts = read_parts(candidate)
    finish = candidate["finishReason"].one_of(FINISHES)
    return put_together(parts, body, finish=finish, usage=read_usage(body["usageMetadata"]))


def read_parts(candidate: Place) -> list[Place]:
    """Return the parts of a candidate, each checked for having just one kind of data."""
    index = candidate.some("index")  # proto3 may leave out a zero
    if index is not None:
        index.equals(0)
    content = candidate.some("content")
    if content is None:
        return []
    content["role"].equals("model")
    parts = content.some("parts")
    found = parts.items() if parts else []
    for part in found:
        kinds = [each for each in _KINDS if part.find(each) is not None]
        if len(kinds) != 1:
            part.wrong(Words(f"one of {', '.join(_KINDS)}"))
    return found


def put_together(parts: list[Place], head: Place, *, finish: str, usage: Usage | None) -> Answer:
    """Return the answer that has *parts*; *head* is any response of it, for its names."""
    texts = [each for each in parts if each.find("text") and each["text"].text()]
    calls: list[Call] = []
    for each in parts:
        if each.find("functionCall") is not None:
            calls.append(_call(each["functionCall"], calls))
    names = [head.some(each) for each in HEAD]
    identity, model = (each.word() if each else "" for each in names)
    return Answer(
        id=identity,
        model=model,
        pieces=tuple(each["text"].text() for each in texts if not _is_thought(each)),
        thoughts="".join(each["text"].text() for each in texts if _is_thought(each)),
        seals=tuple(each["thoughtSignature"].word() for each in parts if each.find("thoughtSignature")),
        calls=tuple(calls),
        finish=finish,
        closed=bool(finish),
        usage=usage,
        usage_is_last=usage is not None,
        back=[{"role": "model", "parts": _joined(parts)}],
    )


def _call(call: Place, before: list[Call]) -> Call:
    identity = call.some("id")
    if identity is not None and identity.word() in [each.id for each in before]:
        identity.wrong(Words("an id of its own"))
    args = call.some("args")
    arguments = args.members() if args else {}
    return Call(id=identity.word() if identity else "", name=call["name"].word(), arguments=arguments)


def _is_thought(part: Place) -> bool:
    found = part.some("thought")
    return bool(found and found.value is True)


def _joined(parts: list[Place]) -> list[Any]:
    """Return the parts as they go back: texts that follow each other are one, unless one is sealed; empty ones are left out."""
    joined: list[dict[str, Any]] = []
    for each in parts:
        part = dict(each.members())
        plain = set(part) <= {"text", "thought"}
        if plain and not part["text"]:
            continue
        if plain and joined and set(joined[-1]) == set(part):
            joined[-1]["text"] += part["text"]
        else:
            joined.append(part)
    return joined


def read_usage(usage: Place) -> Usage:
    """Read the tokens; the candidates have nothing of what was thought."""
    names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    found = [usage["promptTokenCount"], *(usage.some(each) for each in names[1:])]
    prompt, spoken, thought, tools = (each.count() if each else 0 for each in found)
    total = prompt + spoken + thought + tools
    if usage["totalTokenCount"].count() != total:
        raise Wrong(total, usage["totalTokenCount"].value, usage["totalTokenCount"].at)
    cached = usage.some("cachedContentTokenCount")
    return Usage(prompt=prompt, cached=cached.count() if cached else 0, output=spoken + thought)


def read_failure(body: Place) -> Failure:
    """Read a ``google.rpc.Status``: ``{"error": {code, message, status, details}}``."""
    error = body["error"]
    error["code"].count()
    details = error.some("details")
    listed = details.items() if details else []
    delays = [each["retryDelay"] for each in listed if each["@type"].text() == _RETRY_INFO]
    return Failure(
        kind=error["status"].word(),
        message=error["message"].word(),
        code=str(error["code"].value),
        retry=_seconds(delays[0]) if delays else None,
    )


def _seconds(delay: Place) -> float:
    found = _DURATION.fullmatch(delay.text())
    return float(found[1]) if found else delay.wrong(Words("a duration like 7s"))
