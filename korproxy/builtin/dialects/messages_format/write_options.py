"""Wishes about the answer other than thinking, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.schemas import exact_schema

JSON_ONLY = "Answer with one JSON object and nothing else: no words before or after it, no code fence."

_LOST = {
    "seed": "Anthropic's API has no seed",
    "presence_penalty": "Anthropic's API has no penalties",
    "frequency_penalty": "Anthropic's API has no penalties",
    "logprobs": "Anthropic's API tells no probabilities",
    "top_logprobs": "Anthropic's API tells no probabilities",
    "verbosity": "Anthropic's API has no verbosity",
    "cache_key": "Anthropic's API has no cache keys",
    "metadata": "Anthropic's API takes no metadata but the user's id",
    "store": "Anthropic's API stores no answers",
}
_TIERS = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}


def check_choices(options: chat.Options) -> None:
    """Refuse a request for several answers."""
    if options.choices is not None and options.choices > 1:
        what = f"Anthropic's API gives one answer, not {options.choices}"
        raise chat.CannotCarry(options.pointers.get("choices", ""), f"{what}. Send the request several times.")


def write_options(options: chat.Options, abilities: Abilities, report: chat.Report, *, thinks: bool) -> Mapping[str, Any]:
    """Return the members of the request that say *options*; what has no place is reported.

    Args:
        thinks: The request asks the model to think.
    """
    for name, why in _LOST.items():
        if getattr(options, name) is not None:
            report.lost(options.pointers.get(name, ""), why)
    said = _sampling(options, abilities, report, thinks=thinks)
    stop = _stop(options, report)
    if stop:
        said["stop_sequences"] = stop
    if options.user is not None:
        said["metadata"] = {"user_id": options.user}
    if options.tier in _TIERS:
        said["service_tier"] = _TIERS[options.tier]
    elif options.tier is not None:
        report.lost(options.pointers.get("tier", ""), "Anthropic's API has no such tier")
    return said


def write_output(options: chat.Options, abilities: Abilities, report: chat.Report) -> Mapping[str, Any] | None:
    """Return the member ``output_config.format``; plain JSON has none, there ``JSON_ONLY`` says it.

    Raises:
        CannotCarry: The model cannot be held to a schema.
    """
    output, at = options.output, options.pointers.get("output", "")
    if output is None:
        return None
    if output.kind == "json":
        report.mapped(at, "as a sentence in the system text: Anthropic's API has schemas only")
        return None
    if not abilities.structured:
        raise chat.CannotCarry(at, "this model cannot be held to a JSON schema. Choose a newer one, or ask for it in words.")
    return {"type": "json_schema", "schema": _named_schema(output, at, report)}


def _named_schema(output: chat.OutputFormat, at: str, report: chat.Report) -> Mapping[str, Any]:
    """Return the schema of *output*, exact, with the name and the description that others say beside it."""
    wanted, pointers = output.schema or {}, output.pointers
    schema = dict(exact_schema(wanted, pointers.get("schema", at)))
    if schema != wanted:
        report.mapped(pointers.get("schema", at), "the schema is put in the form that Anthropic takes")
    if output.strict is not None:
        report.mapped(pointers.get("strict", ""), "Anthropic always keeps to a schema exactly")
    if output.name is not None:
        own = "title" in schema
        (report.lost if own else report.mapped)(
            pointers.get("name", ""), "the schema has a title" if own else "as the schema's title"
        )
        schema.setdefault("title", output.name)
    if output.description is not None:
        report.mapped(pointers.get("description", ""), "in the schema's description")
        schema["description"] = "\n\n".join(each for each in (output.description, schema.get("description")) if each)
    return schema


def _sampling(options: chat.Options, abilities: Abilities, report: chat.Report, *, thinks: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in ("temperature", "top_p", "top_k"):
        value = getattr(options, name)
        at = options.pointers.get(name, "")
        if value is None:
            continue
        why_not = _why_not(name, value, abilities, said, thinks=thinks)
        if why_not is not None:
            report.lost(at, why_not)
            continue
        said[name] = value if name == "top_k" else min(max(value, 0), 1)
        if said[name] != value:
            report.mapped(at, f"as {said[name]}: Anthropic takes 0 to 1")
    return said


def _why_not(name: str, value: float, abilities: Abilities, said: Mapping[str, Any], *, thinks: bool) -> str | None:
    if abilities.sampling == "none":
        return f"this model takes no {name}"
    if thinks and not (value == 1 or (name == "top_p" and 0.95 <= value < 1)):
        return f"Anthropic takes no {name} while the model thinks" + (" below 0.95" if name == "top_p" else "")
    if abilities.sampling == "one" and name == "top_p" and "temperature" in said:
        return "this model takes temperature or top_p, not both"
    return None


def _stop(options: chat.Options, report: chat.Report) -> list[str]:
    for number, each in enumerate(options.stop):
        if not each.strip():
            at = options.pointers.get("stop", "")
            report.lost(chat.child(at, number) if at else "", "Anthropic takes no stop sequence of white space only")
    return [each for each in options.stop if each.strip()]
