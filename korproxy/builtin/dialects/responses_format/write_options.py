"""Wishes about the answer other than thinking, written.

Facts: OpenAI's API reference; an answer may not be limited to fewer than 16 tokens, who asks is told in 128 characters, the key
of a cache in 64.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.strict_schemas import is_strict

_LOST = {
    "top_k": "OpenAI's Responses API has no top_k",
    "seed": "OpenAI's Responses API has no seed",
    "presence_penalty": "OpenAI's Responses API has no penalties",
    "frequency_penalty": "OpenAI's Responses API has no penalties",
    "logprobs": "no other format tells probabilities in its answers",
    "top_logprobs": "no other format tells probabilities in its answers",
}
_TIERS = {each: each for each in ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")}
_OTHER_TIERS = {"standard_only": "default"}
_LEAST = 16
_LONGEST = {"user": 128, "cache_key": 64}
_UNNAMED = "answer"
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


def write_options(options: chat.Options, abilities: Abilities, report: chat.Report) -> Mapping[str, Any]:
    """Return the members of the request that say *options*; what has no place is reported.

    Raises:
        CannotCarry: Several answers are wanted, or an answer by a schema from a model that cannot be held to one.
    """
    if options.choices is not None and options.choices > 1:
        what = f"OpenAI's Responses API gives one answer, not {options.choices}"
        raise chat.CannotCarry(options.pointers.get("choices", ""), f"{what}. Send the request several times.")
    for name, why in _LOST.items():
        if getattr(options, name) is not None:
            report.lost(options.pointers.get(name, ""), why)
    if options.stop:
        report.lost(options.pointers.get("stop", ""), "OpenAI's Responses API has no stop texts")
    if options.store:
        report.lost(options.pointers.get("store", ""), "answers are not stored at another vendor's")
    return {
        **_limit(options, abilities, report),
        **dict(_sampling(options, abilities, report)),
        **_text(options, abilities, report),
        **dict(_openais(options, abilities, report)),
    }


def _limit(options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    wanted = limit = options.max_tokens
    if wanted is None or limit is None:
        return {}
    if abilities.output is not None:
        limit = min(limit, abilities.output)
    if abilities.family == "openai":
        limit = max(limit, _LEAST)
    if limit != wanted:
        most = "longest" if limit < wanted else "shortest"
        report.mapped(options.pointers.get("max_tokens", ""), f"as {limit}, the {most} limit that this model takes")
    return {"max_output_tokens": limit}


def _sampling(options: chat.Options, abilities: Abilities, report: chat.Report) -> Iterator[tuple[str, float]]:
    for name in ("temperature", "top_p"):
        value = getattr(options, name)
        if value is None:
            continue
        if abilities.sampling == "none":
            report.lost(options.pointers.get(name, ""), f"this model takes no {name}")
        elif abilities.sampling == "one" and name == "top_p" and options.temperature is not None:
            report.lost(options.pointers.get(name, ""), "this model takes temperature or top_p, not both")
        else:
            yield name, value


def _openais(options: chat.Options, abilities: Abilities, report: chat.Report) -> Iterator[tuple[str, Any]]:
    """Yield what only OpenAI's own API is told: who asks, and how it should be served."""
    told = {"cache_key": "prompt_cache_key", "metadata": "metadata", "user": "safety_identifier", "tier": "service_tier"}
    for name, key in told.items():
        value, at = getattr(options, name), options.pointers.get(name, "")
        if value is None:
            continue
        if abilities.family != "openai":
            report.lost(at, "only OpenAI's own API has it")
        elif name == "tier" and value not in _TIERS and value not in _OTHER_TIERS:
            report.lost(at, "OpenAI's API has no such tier")
        else:
            yield key, _worded(name, value, at, report)


def _worded(name: str, value: Any, at: str, report: chat.Report) -> Any:
    if name == "tier" and value in _OTHER_TIERS:
        report.mapped(at, f"as {_OTHER_TIERS[value]}")
        return _OTHER_TIERS[value]
    if name in _LONGEST and len(value) > _LONGEST[name]:
        report.mapped(at, f"as a hash: OpenAI takes {_LONGEST[name]} characters")
        return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
    return value


def _text(options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    text: dict[str, Any] = {}
    output = _output(options, abilities, report)
    if output is not None:
        text["format"] = output
    if options.verbosity is not None:
        if abilities.family == "openai" and abilities.reasoning != "none":
            text["verbosity"] = options.verbosity
        else:
            report.lost(options.pointers.get("verbosity", ""), "only OpenAI's models that reason take it")
    return {"text": text} if text else {}


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
    return {"type": "json_schema", "name": name, **{key: value for key, value in told.items() if value is not None}}
