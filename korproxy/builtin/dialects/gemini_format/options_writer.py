"""Wishes about the answer as ``generationConfig``.

Facts: ai.google.dev/api/generate-content#generationconfig. ``temperature`` is 0 to 2, ``seed`` has 32 bits,
``stopSequences`` takes five; JSON answers together with tools are refused before Gemini 3.
"""

from __future__ import annotations

from typing import Any

import msgspec

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.gemini_format.schema_memory import answer_schema
from korproxy.builtin.dialects.gemini_format.thinking_writer import thinking_config

_LOST = {
    "logprobs": "KorProxy does not carry probabilities into another format",
    "top_logprobs": "KorProxy does not carry probabilities into another format",
    "parallel": "Gemini decides itself how many tools it calls at once",
    "verbosity": "Gemini's API has no verbosity",
    "user": "Gemini's API does not ask who the user is",
    "tier": "the tiers are another vendor's",
    "cache_key": "Gemini caches by itself",
    "metadata": "Gemini's API takes no metadata",
    "store": "Gemini's API stores no answers",
}
_SAMPLING = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_WHOLE = 2**31 - 1  # whole numbers have 32 bits
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "top_k": (1, _WHOLE),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_MOST_STOPS = 5
_SEEDS = range(-(2**31), 2**31)
JSON_ONLY = "Answer with one JSON object and nothing else: no words before or after it, no code fence."


def refuse_choices(options: chat.Options) -> None:
    """Raise ``CannotCarry`` where several answers are wanted: of streams and usage there is one only."""
    if options.choices is not None and options.choices > 1:
        text = f"{options.choices} answers are wanted, and KorProxy carries one into another format. Ask several times."
        raise chat.CannotCarry(options.pointers.get("choices", ""), text)


def generation_config(options: chat.Options, abilities: Abilities, report: chat.Report, *, tools: bool) -> dict[str, Any]:
    """Return the ``generationConfig`` for *options*; whatever it has no place for is reported.

    Args:
        tools: Whether tools are declared.

    Raises:
        CannotCarry: A JSON schema that cannot be carried, or that the model does not take.
    """
    config: dict[str, Any] = {}
    _limit(config, options, abilities, report)
    _sampling(config, options, abilities, report)
    _stop(config, options, report)
    if options.seed is not None and options.seed in _SEEDS:
        config["seed"] = options.seed
    elif options.seed is not None:
        report.lost(options.pointers.get("seed", ""), "Gemini's seeds have 32 bits")
    _output(config, options, abilities, report, tools=tools)
    thinking = thinking_config(options, abilities, report)
    if thinking:
        config["thinkingConfig"] = thinking
    for name, why in _LOST.items():
        value = getattr(options, name)
        if value is not None and (name, value) != ("parallel", True):  # that is what Gemini does unasked
            report.lost(options.pointers.get(name, ""), why)
    return config


def says_json(options: chat.Options, abilities: Abilities, *, tools: bool) -> bool:
    """Whether a sentence has to ask for JSON, because the model takes no form of answer beside *tools*."""
    return options.output is not None and options.output.kind == "json" and tools and not _forms_beside_tools(abilities)


def _limit(config: dict[str, Any], options: chat.Options, abilities: Abilities, report: chat.Report) -> None:
    if options.max_tokens is None:
        return
    most = min(abilities.output or _WHOLE, _WHOLE)
    config["maxOutputTokens"] = max(1, min(options.max_tokens, most))
    if config["maxOutputTokens"] != options.max_tokens:
        report.mapped(options.pointers.get("max_tokens", ""), f"as {config['maxOutputTokens']}: the model takes 1 to {most}")


def _sampling(config: dict[str, Any], options: chat.Options, abilities: Abilities, report: chat.Report) -> None:
    for name, key in _SAMPLING.items():
        value = getattr(options, name)
        at = options.pointers.get(name, "")
        if value is None:
            continue
        if abilities.sampling == "none":
            report.lost(at, f"this model takes no {name}")
        elif abilities.sampling == "one" and name == "top_p" and "temperature" in config:
            report.lost(at, "this model takes temperature or top_p, not both")
        else:
            low, high = _RANGES[name]
            config[key] = max(low, min(value, high))
            if config[key] != value:
                report.mapped(at, f"as {config[key]}: Gemini takes {low} to {high}")


def _stop(config: dict[str, Any], options: chat.Options, report: chat.Report) -> None:
    at = options.pointers.get("stop", "")
    kept = [each for each in options.stop if each][:_MOST_STOPS]
    if kept:
        config["stopSequences"] = kept
    left = len(kept)
    for number, each in enumerate(options.stop):
        if not each or not left:
            report.lost(chat.child(at, number) if at else "", f"Gemini takes {_MOST_STOPS} texts, and none that is empty")
        else:
            left -= 1


def _output(config: dict[str, Any], options: chat.Options, abilities: Abilities, report: chat.Report, *, tools: bool) -> None:
    output, at = options.output, options.pointers.get("output", "")
    if output is None:
        return
    if says_json(options, abilities, tools=tools):
        report.mapped(at, "as a sentence in the system text: the model takes no form of answer beside tools")
        return
    if output.kind == "schema":
        if not abilities.structured:
            raise chat.CannotCarry(at, "This model cannot be held to a JSON schema. Choose another, or ask for it in words.")
        if tools and not _forms_beside_tools(abilities):
            text = "This model takes no JSON schema for its answer beside tools"
            raise chat.CannotCarry(at, f"{text}. Leave one of them out, or choose Gemini 3 or later.")
        schema = _schema(output, at, report)
        report.lost(output.pointers.get("strict", ""), "Gemini is always strict about the form of an answer")
        config["responseSchema"] = schema
    config["responseMimeType"] = "application/json"


def _schema(output: chat.OutputFormat, at: str, report: chat.Report) -> msgspec.Raw | None:
    place = output.pointers.get("schema", "")
    try:
        return answer_schema(_named(output), place, report)
    except chat.CannotCarry as exc:
        raise chat.CannotCarry(exc.pointer if place else at, f"The form of the answer: {exc}") from None


def _named(output: chat.OutputFormat) -> chat.JsonObject:
    """Return the schema with the format's name and description, where it has none of its own."""
    about = {"title": output.name, "description": output.description}
    return {**{key: value for key, value in about.items() if value is not None}, **(output.schema or {})}


def _forms_beside_tools(abilities: Abilities) -> bool:
    return abilities.reasoning == "level"  # Gemini 3 and later
