"""How much to think, as ``thinkingConfig``.

Facts: ai.google.dev/gemini-api/docs/thinking. Gemini 2.5 counts in tokens (``thinkingBudget``: Flash 1 to 24,576, Flash-Lite
512 to 24,576, Pro 128 to 32,768, which cannot be switched off; 0 is off, -1 as much as it likes), Gemini 3 has levels. Both at
once are refused. Thoughts count as output.
"""

from __future__ import annotations

from typing import Any

from korproxy.api import Abilities, chat

_DYNAMIC = -1
_OFF = 0
_FEW, _MANY = 512, 24_576  # all models that can be switched off take these
_FEWEST_OF_PRO, _MOST_OF_PRO = 128, 32_768
_LEVELS = ("low", "high")  # of which all models have both


def thinking_config(options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any] | None:
    """Return the ``thinkingConfig`` that says ``options.thinking``; None where nothing has to be said."""
    thinking = options.thinking
    if thinking is None:
        return None
    if abilities.reasoning == "budget":
        return _shown(_budget(thinking, options, abilities, report), thinking, options, report)
    if abilities.reasoning == "level":
        return _shown(_level(thinking, options, abilities, report), thinking, options, report)
    for name in ("thinking", "effort", "budget", "shown"):
        report.lost(options.pointers.get(name, ""), "the model's reasoning cannot be set")
    return None


def _shown(said: dict[str, Any], thinking: chat.Thinking, options: chat.Options, report: chat.Report) -> dict[str, Any]:
    off = said.get("thinkingBudget") == _OFF or thinking.effort == "none" or thinking.budget == _OFF
    if not off:
        return {**said, "includeThoughts": thinking.shown is not False}
    report.lost(options.pointers.get("shown", ""), "there is no reasoning to show")
    return said


def _budget(thinking: chat.Thinking, options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    wanted = chat.budget_of(thinking)
    if wanted is None:
        return {"thinkingBudget": _DYNAMIC}
    at = _pointer(options, "budget" if thinking.budget is not None else "effort")
    few, many = (_FEW, _MANY) if abilities.reasoning_off else (_FEWEST_OF_PRO, _MOST_OF_PRO)
    if wanted == _OFF and abilities.reasoning_off:
        return {"thinkingBudget": _OFF}
    if thinking.budget is not None and thinking.effort not in {None, "none"}:
        report.lost(options.pointers.get("effort", ""), "the number of tokens says it more exactly")
    tokens = min(max(wanted, few), many)
    if options.max_tokens is not None and tokens >= options.max_tokens:  # the answer needs some of them, too
        tokens = max(few, options.max_tokens // 2)
    if tokens != thinking.budget:
        report.mapped(at, f"as a budget of {tokens} tokens")
    return {"thinkingBudget": tokens}


def _level(thinking: chat.Thinking, options: chat.Options, abilities: Abilities, report: chat.Report) -> dict[str, Any]:
    effort = chat.effort_of(thinking)
    if effort is None:
        return {}
    if thinking.effort is not None and thinking.budget is not None:
        report.lost(options.pointers.get("budget", ""), "the effort says it")
    level = chat.nearest(effort, abilities.efforts or _LEVELS)
    if level != thinking.effort:
        why = ": this model cannot be kept from reasoning" if effort == "none" else ""
        report.mapped(_pointer(options, "budget" if thinking.effort is None else "effort"), f"as the level {level}{why}")
    return {"thinkingLevel": level.upper()}


def _pointer(options: chat.Options, name: str) -> str:
    return options.pointers.get(name) or options.pointers.get("thinking", "")
