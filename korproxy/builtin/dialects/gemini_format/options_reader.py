"""Wishes about the answer in a client's request: ``generationConfig`` and its neighbours, read."""

from __future__ import annotations

from typing import Any

import attrs

from korproxy.api import chat
from korproxy.builtin.dialects.gemini_format.fields import spelled
from korproxy.builtin.dialects.gemini_format.schema_reader import json_schema

_NUMBERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_INTEGERS = {
    "max_tokens": "maxOutputTokens",
    "top_k": "topK",
    "seed": "seed",
    "choices": "candidateCount",
    "top_logprobs": "logprobs",
}
_ONLY_GEMINIS = {
    "mediaResolution": "only Gemini has resolutions",
    "speechConfig": "answers are text only",
    "imageConfig": "answers are text only",
    "audioTimestamp": "only Gemini takes it",
    "enableEnhancedCivicAnswers": "only Gemini takes it",
    "routingConfig": "only Gemini takes it",
    "responseFormat": "only Gemini takes this form",
}


def read_options(top: chat.Fields) -> chat.Options:
    """Return the wishes in *top*, the request.

    Beside the names of attributes, ``pointers`` has ``effort``, ``budget`` and ``shown``: the three stand at different places.

    Raises:
        CannotCarry: The answer has to be sound or a picture.
    """
    said = _Said()
    tier, store = spelled(top, "serviceTier"), "store"
    said.take("tier", top.text(tier), top.pointer(tier))
    said.take("store", top.flag(store), top.pointer(store))
    config = top.table(spelled(top, "generationConfig"))
    if config is not None:
        _config(config, said)
        config.close()
    return chat.Options(**said.found, pointers=said.pointers)


@attrs.define
class _Said:
    """What has been read so far, and where it stood."""

    found: dict[str, Any] = attrs.field(factory=dict)
    pointers: dict[str, str] = attrs.field(factory=dict)

    def take(self, name: str, value: object, at: str) -> None:
        if value is not None:
            self.found[name], self.pointers[name] = value, at


def _config(config: chat.Fields, said: _Said) -> None:
    for name, written in _NUMBERS.items():
        key = spelled(config, written)
        said.take(name, config.number(key), config.pointer(key))
    for name, written in _INTEGERS.items():
        key = spelled(config, written)
        said.take(name, config.integer(key), config.pointer(key))
    logprobs, stop = spelled(config, "responseLogprobs"), spelled(config, "stopSequences")
    said.take("logprobs", config.flag(logprobs), config.pointer(logprobs))
    said.take("stop", _texts(config, stop) or None, config.pointer(stop))
    _modalities(config)
    said.take("output", _output(config), config.pointer(spelled(config, "responseMimeType")))
    thinking = config.table(spelled(config, "thinkingConfig"))
    if thinking is not None:
        said.take("thinking", _thinking(thinking, said.pointers), thinking.at)
    for key, why in _ONLY_GEMINIS.items():
        config.lost(spelled(config, key), why)


def _texts(fields: chat.Fields, key: str) -> tuple[str, ...]:
    said = fields.get(key)
    if not isinstance(said, list):
        fields.lost(key, "is not a list")
        return ()
    for number, each in enumerate(said):
        if not isinstance(each, str):
            fields.report.lost(chat.child(fields.pointer(key), number), "is not a text")
    return tuple(each for each in said if isinstance(each, str))


def _modalities(config: chat.Fields) -> None:
    key = spelled(config, "responseModalities")
    wanted = [each.upper() for each in _texts(config, key)]
    if any(each != "TEXT" for each in wanted):
        raise chat.CannotCarry(config.pointer(key), "Only Gemini answers with pictures or sound. Use a Gemini provider.")


def _output(config: chat.Fields) -> chat.OutputFormat | None:
    mime = spelled(config, "responseMimeType")
    kind = config.text(mime)
    plain, own = spelled(config, "responseJsonSchema"), spelled(config, "responseSchema")
    key = plain if config.get(plain) is not None else own
    schema = config.table(key)
    if kind in {None, "text/plain"}:
        config.lost(key, "says nothing without the type application/json")
        return None
    if kind != "application/json":
        config.lost(mime, "is a form of answers that only Gemini knows")
        config.lost(key, "belongs to a form of answers that only Gemini knows")
        return None
    if schema is None:
        return chat.OutputFormat(kind="json")
    return chat.OutputFormat(kind="schema", schema=json_schema(schema.value), pointers={"schema": schema.at})


def _thinking(said: chat.Fields, pointers: dict[str, str]) -> chat.Thinking:
    budget_key, level_key, shown_key = (spelled(said, each) for each in ("thinkingBudget", "thinkingLevel", "includeThoughts"))
    budget, word, shown = said.integer(budget_key), said.text(level_key), said.flag(shown_key)
    level = None if word is None else next((each for each in chat.EFFORTS if each == word.lower()), None)
    if word is not None and level is None and word != "THINKING_LEVEL_UNSPECIFIED":
        said.lost(level_key, "is a level that KorProxy does not know")
    for name, key, value in (("budget", budget_key, budget), ("effort", level_key, level), ("shown", shown_key, shown)):
        if value is not None:
            pointers[name] = said.pointer(key)
    said.close()
    if budget == 0:
        pointers.setdefault("effort", said.pointer(budget_key))
        return chat.Thinking(effort="none", shown=shown)
    return chat.Thinking(effort=level, budget=None if budget is None or budget < 0 else budget, shown=shown)
