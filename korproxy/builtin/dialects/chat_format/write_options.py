"""Wishes about the answer other than thinking, written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.strict_schemas import is_strict

_LOST = {
    "logprobs": "no other format tells probabilities in its answers",
    "top_logprobs": "no other format tells probabilities in its answers",
    "user": "who asks is not told to another vendor",
    "tier": "tiers are another vendor's own",
    "metadata": "answers are not stored at another vendor's",
    "store": "answers are not stored at another vendor's",
}
_SAMPLING = ("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty")
_STOPS = 4  # texts in ``stop`` that OpenAI takes
_UNNAMED = "answer"
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


def write_options(options: chat.Options, abilities: Abilities, report: chat.Report) -> Mapping[str, Any]:
    """Return the members of the request that say *options*; what has no place is reported.

    Raises:
        CannotCarry: Several answers are wanted, or an answer by a schema from a model that cannot be held to one.
    """
    if options.choices is not None and options.choices > 1:
        what = f"KorProxy translates one answer to a request, not {options.choices}"
        raise chat.CannotCarry(options.pointers.get("choices", ""), f"{what}. Send the request several times.")
    for name, why in _LOST.items():
        if getattr(options, name) is not None:
            report.lost(options.pointers.get(name, ""), why)
    members: dict[str, Any] = {**_limit(options, abilities, report), **dict(_sampling(options, abilities, report))}
    if options.seed is not None:
        members["seed"] = options.seed
    stop = _stop(options, abilities, report)
    if stop:
        members["stop"] = stop
    output = _output(options, abilities, report)
    if output is not None:
        members["response_format"] = output
    return {**members, **dict(_openais(options, abilities, report))}


def _openais(options: chat.Options, abilities: Abilities, report: chat.Report) -> Iterator[tuple[str, Any]]:
    """Yield what only OpenAI's own API is sent."""
    is_openai = abilities.family == "openai"
    if options.verbosity is not None and is_openai and abilities.reasoning != "none":
        yield "verbosity", options.verbosity
    elif options.verbosity is not None:
        report.lost(options.pointers.get("verbosity", ""), "only OpenAI's models that reason take it")
    if options.cache_key is not None and is_openai:
        yield "prompt_cache_key", options.cache_key
    elif options.cache_key is not None:
        report.lost(options.pointers.get("cache_key", ""), "only OpenAI's own API has it")


def _limit(options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    limit = options.max_tokens
    if limit is None:
        return {}
    if abilities.output is not None and limit > abilities.output:
        limit = abilities.output
        report.mapped(options.pointers.get("max_tokens", ""), f"as {limit}, the longest answer of this model")
    return {"max_completion_tokens" if abilities.completion_tokens else "max_tokens": limit}


def _sampling(options: chat.Options, abilities: Abilities, report: chat.Report) -> Iterator[tuple[str, float]]:
    has_temperature = False
    for name in _SAMPLING:
        value = getattr(options, name)
        if value is None:
            continue
        why = _why_not(name, abilities, has_temperature=has_temperature)
        if why is None:
            has_temperature = has_temperature or name == "temperature"
            yield name, value
        else:
            report.lost(options.pointers.get(name, ""), why)


def _why_not(name: str, abilities: Abilities, *, has_temperature: bool) -> str | None:
    if abilities.sampling == "none":
        return f"this model takes no {name}"
    if name == "top_k" and abilities.family == "openai":
        return "OpenAI's API has no top_k"
    if name == "top_p" and abilities.sampling == "one" and has_temperature:
        return "this model takes temperature or top_p, not both"
    return None


def _stop(options: chat.Options, abilities: Abilities, report: chat.Report) -> tuple[str, ...]:
    """Return the texts that end the answer: OpenAI takes four of them, and none where it takes no sampling fields either."""
    if abilities.family != "openai":
        return options.stop
    most = 0 if abilities.sampling == "none" else _STOPS
    at = options.pointers.get("stop", "")
    if at and not most and options.stop:
        report.lost(at, "OpenAI's reasoning models take no stop texts")
    elif at:
        for number in range(most, len(options.stop)):
            report.lost(chat.child(at, number), f"OpenAI takes {most} stop texts")
    return options.stop[:most]


def _output(options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any] | None:
    output, at = options.output, options.pointers.get("output", "")
    if output is None:
        return None
    if output.kind == "json" or output.schema is None:
        return {"type": "json_object"}
    if not abilities.structured:
        raise chat.CannotCarry(at, "this model cannot be held to a JSON schema. Choose another one, or ask for it in words.")
    name = _UNFIT.sub("_", output.name or _UNNAMED)[:64]
    if output.name and name != output.name:
        report.mapped(output.pointers.get("name", ""), f"as {name}")
    strict = output.strict
    if strict and not is_strict(output.schema):
        report.lost(output.pointers.get("strict", ""), "the schema leaves something open, and is refused as a strict one")
        strict = None
    told = {"description": output.description, "schema": output.schema, "strict": strict}
    schema = {"name": name, **{key: value for key, value in told.items() if value is not None}}
    return {"type": "json_schema", "json_schema": schema}
