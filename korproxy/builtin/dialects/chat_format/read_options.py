"""Wishes about the answer, read.

Facts: ``CompletionCreateParams`` of OpenAI's Python SDK 3.54, and the fields that other servers add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.read_thinking import read_thinking

# What has no place in any other format, and why.
_LOST = {
    "logit_bias": "its numbers are tokens of one model only",
    "prediction": "only OpenAI takes predicted text",
    "audio": "answers are text only",
    "moderation": "only OpenAI's API moderates on demand",
    "prompt_cache_options": "is about OpenAI's own cache",
    "prompt_cache_retention": "is about OpenAI's own cache",
}


def read_options(request: chat.Fields) -> chat.Options:
    """Return the wishes in *request*.

    Beside the names of attributes, ``pointers`` has ``effort``, ``budget`` and ``shown``: the three stand at different places.

    Raises:
        CannotCarry: More than one answer is wanted.
    """
    said = _Said(request)
    _limit(said)
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty"):
        said.take(name, name, request.number(name))
    for name in ("top_k", "seed", "top_logprobs"):
        said.take(name, name, request.integer(name))
    said.take("logprobs", "logprobs", request.flag("logprobs"))
    said.take("parallel", "parallel_tool_calls", request.flag("parallel_tool_calls"))
    said.take("verbosity", "verbosity", request.text("verbosity"))
    said.take("tier", "service_tier", request.text("service_tier"))
    said.take("cache_key", "prompt_cache_key", request.text("prompt_cache_key"))
    said.take("store", "store", request.flag("store"))
    said.take("metadata", "metadata", _metadata(request))
    said.take("output", "response_format", _output(request))
    _stop(said)
    _user(said)
    _choices(said)
    _modalities(request)
    for key, why in _LOST.items():
        request.lost(key, why)
    thinking, pointers = read_thinking(request)
    return chat.Options(**said.found, thinking=thinking, pointers={**said.pointers, **pointers})


@attrs.define
class _Said:
    request: chat.Fields
    found: dict[str, Any] = attrs.field(factory=dict)
    pointers: dict[str, str] = attrs.field(factory=dict)

    def take(self, name: str, key: str, value: object) -> None:
        if value is not None:
            self.found[name], self.pointers[name] = value, self.request.pointer(key)


def _limit(said: _Said) -> None:
    for key in ("max_completion_tokens", "max_tokens"):
        limit = said.request.integer(key)
        if limit is not None and "max_tokens" in said.found:
            said.request.lost(key, "max_completion_tokens goes first")
        else:
            said.take("max_tokens", key, limit)


def _stop(said: _Said) -> None:
    stop = said.request.get("stop")
    if isinstance(stop, str):
        said.take("stop", "stop", (stop,))
    elif isinstance(stop, list):
        for number, each in enumerate(stop):
            if not isinstance(each, str):
                said.request.report.lost(chat.child(said.request.pointer("stop"), number), "is not a text")
        said.take("stop", "stop", tuple(each for each in stop if isinstance(each, str)) or None)
    else:
        said.request.lost("stop", "is neither a text nor a list")


def _user(said: _Said) -> None:
    for key in ("safety_identifier", "user"):
        user = said.request.text(key)
        if user is not None and "user" in said.found:
            said.request.lost(key, "safety_identifier goes first")
        else:
            said.take("user", key, user)


def _choices(said: _Said) -> None:
    count = said.request.integer("n")
    if count is not None and count > 1:
        what = f"{count} answers to one request are something that no other format knows"
        raise chat.CannotCarry(said.request.pointer("n"), f"{what}. Ask for one (leave `n` out), several times if need be.")
    said.take("choices", "n", count)


def _modalities(request: chat.Fields) -> None:
    said = request.get("modalities")
    if said == ["text"]:
        request.report.mapped(request.pointer("modalities"), "text is what every model answers with")
    else:
        request.lost("modalities", "answers are text only")


def _metadata(request: chat.Fields) -> Mapping[str, str] | None:
    table = request.table("metadata")
    if table is None:
        return None
    texts = {key: text for key in table.value if (text := table.text(key)) is not None}
    return texts or None


def _output(request: chat.Fields) -> chat.OutputFormat | None:
    wanted = request.table("response_format")
    if wanted is None:
        return None
    kind, inner = wanted.text("type"), wanted.table("json_schema")
    wanted.close()
    if kind == "json_object":
        return chat.OutputFormat(kind="json")
    if kind == "text":
        wanted.report.mapped(wanted.at, "text is what every model answers with")
    elif kind == "json_schema" and inner is not None:
        return _schema(inner)
    else:
        wanted.report.lost(wanted.at, "is a form of answers that KorProxy does not know")
    return None


def _schema(inner: chat.Fields) -> chat.OutputFormat:
    schema = inner.table("schema")
    about: dict[str, Any] = {
        "name": inner.text("name"),
        "description": inner.text("description"),
        "strict": inner.flag("strict"),
    }
    told = [key for key in ("schema", *about) if inner.get(key) is not None]
    inner.close()
    return chat.OutputFormat(
        kind="schema",
        schema=None if schema is None else schema.value,
        pointers={key: inner.pointer(key) for key in told},
        **about,
    )
