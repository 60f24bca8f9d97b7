"""Wishes about the answer, read.

Facts: ``ResponseCreateParams`` and ``ResponseConfigurationUpdateItemParam`` of OpenAI's Python SDK 3.54.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from korproxy.api import chat

_INCLUDED = "reasoning.encrypted_content"
_PROBABILITIES = "message.output_text.logprobs"
# What has no place in any other format, and why.
_LOST = {
    "access_programs": "only OpenAI has such programs",
    "background_options": "only OpenAI answers in the background",
    "client_metadata": "is meant for OpenAI only",
    "context_management": "only OpenAI compacts a conversation itself",
    "image": "only OpenAI compresses pictures on demand",
    "max_tool_calls": "counts calls of tools that OpenAI runs",
    "moderation": "only OpenAI's API moderates on demand",
    "prompt_cache_options": "is about OpenAI's own cache",
    "prompt_cache_retention": "is about OpenAI's own cache",
}


def read_options(request: chat.Fields, updates: Sequence[chat.Fields]) -> chat.Options:
    """Return the wishes in *request*; of what *updates*, items of the conversation, change, the last counts.

    Beside the names of attributes, ``pointers`` has ``effort`` and ``shown``: the two stand at different places.
    """
    said = _Said(request)
    for name in ("temperature", "top_p"):
        said.take(name, name, request.number(name))
    said.take("top_logprobs", "top_logprobs", request.integer("top_logprobs"))
    said.take("max_tokens", "max_output_tokens", request.integer("max_output_tokens"))
    said.take("parallel", "parallel_tool_calls", request.flag("parallel_tool_calls"))
    said.take("tier", "service_tier", request.text("service_tier"))
    said.take("cache_key", "prompt_cache_key", request.text("prompt_cache_key"))
    said.take("metadata", "metadata", _metadata(request))
    for key in ("safety_identifier", "user"):
        user = request.text(key)
        if user is not None and "user" in said.found:
            request.lost(key, "safety_identifier goes first")
        else:
            said.take("user", key, user)
    for holder in (request, *updates):
        _text(said, holder)
        _reasoning(said, holder)
    _include(said)
    _about_storing(request)
    for key, why in _LOST.items():
        request.lost(key, why)
    return chat.Options(**said.wishes(), pointers=said.pointers)


@attrs.define
class _Said:
    request: chat.Fields
    found: dict[str, Any] = attrs.field(factory=dict)
    pointers: dict[str, str] = attrs.field(factory=dict)
    thinking: dict[str, Any] = attrs.field(factory=dict)

    def take(self, name: str, key: str, value: object) -> None:
        if value is not None:
            self.found[name], self.pointers[name] = value, self.request.pointer(key)

    def think(self, name: str, value: object, at: str) -> None:
        self._outdated(name)
        self.thinking[name], self.pointers[name] = value, at

    def form(self, output: chat.OutputFormat | None, at: str) -> None:
        self._outdated("output")
        self.found["output"], self.pointers["output"] = output, at

    def wishes(self) -> Mapping[str, Any]:
        if not self.thinking:
            return self.found
        self.pointers["thinking"] = next(self.pointers[each] for each in ("effort", "shown") if each in self.thinking)
        return {**self.found, "thinking": chat.Thinking(**self.thinking)}

    def _outdated(self, name: str) -> None:
        if name in self.pointers:
            self.request.report.lost(self.pointers[name], "a later item changes it")


def _metadata(request: chat.Fields) -> Mapping[str, str] | None:
    table = request.table("metadata")
    if table is None:
        return None
    texts = {key: text for key in table.value if (text := table.text(key)) is not None}
    return texts or None


def _reasoning(said: _Said, holder: chat.Fields) -> None:
    reasoning = holder.table("reasoning")
    if reasoning is None:
        return
    effort = reasoning.text("effort")
    if effort in chat.EFFORTS:
        said.think("effort", effort, reasoning.pointer("effort"))
    else:
        reasoning.lost("effort", "is an effort that KorProxy does not know")
    for key in ("summary", "generate_summary"):
        _shown(said, reasoning, key)
    if reasoning.get("mode") == "standard":
        reasoning.report.mapped(reasoning.pointer("mode"), "goes without saying")
    else:
        reasoning.lost("mode", "only OpenAI's models have it")
    reasoning.lost("context", "only OpenAI forgets reasoning on demand")
    reasoning.close()


def _shown(said: _Said, reasoning: chat.Fields, key: str) -> None:
    """Read how reasoning is to be summed up: that it is wanted at all is what others know of it. Codex may say ``none``."""
    word, at = reasoning.text(key), reasoning.pointer(key)
    if word not in {"auto", "concise", "detailed", "none"}:
        reasoning.lost(key, "is a kind of summary that KorProxy does not know")
    elif said.pointers.get("shown") == reasoning.pointer("summary"):
        reasoning.lost(key, "summary goes first")
    else:
        said.think("shown", word != "none", at)
        reasoning.report.mapped(at, "as the wish to see none of it" if word == "none" else "as the wish to see it")


def _text(said: _Said, holder: chat.Fields) -> None:
    text = holder.table("text")
    if text is None:
        return
    verbosity = text.text("verbosity")
    if verbosity is not None:
        said.found["verbosity"], said.pointers["verbosity"] = verbosity, text.pointer("verbosity")
    form = text.table("format")
    if form is not None:
        _output(said, form)
    text.close()


def _output(said: _Said, form: chat.Fields) -> None:
    kind = form.text("type")
    if kind == "json_schema":
        said.form(_schema(form), form.at)
    elif kind == "json_object":
        said.form(chat.OutputFormat(kind="json"), form.at)
    elif kind == "text":
        said.form(None, form.at)
        form.report.mapped(form.at, "text is what every model answers with")
    else:
        form.report.lost(form.at, "is a form of answers that KorProxy does not know")
        return
    form.close()


def _schema(form: chat.Fields) -> chat.OutputFormat:
    schema = form.table("schema")
    about: dict[str, Any] = {
        "name": form.text("name"),
        "description": form.text("description"),
        "strict": form.flag("strict"),
    }
    told = [key for key in ("schema", *about) if form.get(key) is not None]
    return chat.OutputFormat(
        kind="schema",
        schema=None if schema is None else schema.value,
        pointers={key: form.pointer(key) for key in told},
        **about,
    )


def _include(said: _Said) -> None:
    included = said.request.get("include")
    if not isinstance(included, list):
        said.request.lost("include", "is not a list")
        return
    for number, each in enumerate(included):
        at = chat.child(said.request.pointer("include"), number)
        if each == _INCLUDED:
            said.request.report.mapped(at, "seals of reasoning are always told")
        elif each == _PROBABILITIES:
            said.found["logprobs"], said.pointers["logprobs"] = True, at
        else:
            said.request.report.lost(at, "only OpenAI's own tools tell it")


def _about_storing(request: chat.Fields) -> None:
    if request.flag("store") is not None:
        request.report.mapped(request.pointer("store"), "providers are asked to store nothing")
    if request.get("truncation") == "disabled":
        request.report.mapped(request.pointer("truncation"), "goes without saying")
    else:
        request.lost("truncation", "only OpenAI cuts a conversation that is too long")
