"""How much the model should think, written; and how long its answer may be, which goes together in this format.

Facts: older models take a budget of at least 1,024 tokens and below ``max_tokens``, newer ones only ``adaptive`` with an
effort; some always think. Most refuse a forced call while they think (``Abilities.forced_tools``). With a budget Anthropic
refuses calls in the last turn of the assistant that do not stand behind the thinking that led to them. With thinking of any
kind it refuses ``temperature`` and ``top_k``. Other vendors' servers of this format take a budget, where they take anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Abilities, chat

LEAST = 1024
_BUDGET = 8192  # where the client leaves it to the model, and the model wants a number
_ANSWER = 32_000  # tokens of an answer whose length nobody limits
_OTHERS = ("effort", "switch", "level")  # how other formats ask the model
_OFF: Mapping[str, Any] = {"type": "disabled"}


@attrs.frozen(kw_only=True)
class Plan:
    """What the request says about thinking: the members ``thinking`` and ``output_config.effort``, and ``max_tokens``."""

    max_tokens: int
    thinking: Mapping[str, Any] | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        """Whether it thinks, as far as the request says."""
        return self.thinking is not None and self.thinking["type"] != "disabled"


def plan(
    options: chat.Options, abilities: Abilities, report: chat.Report, *, forced: bool = False, unsealed: bool = False
) -> Plan:
    """Decide how *options* are said to a model of these *abilities*.

    Args:
        forced: A tool has to be called.
        unsealed: The last turn of the assistant has calls, and no thinking of Anthropic's stands before them.
    """
    return _Planning(options, abilities, report, forced=forced, unsealed=unsealed).plan()


@attrs.frozen
class _Planning:
    options: chat.Options
    abilities: Abilities
    report: chat.Report
    forced: bool
    unsealed: bool

    def plan(self) -> Plan:
        """Return the plan; what is said differently or not at all is reported."""
        tokens = self._max_tokens()
        wish = self.options.thinking
        if wish is None:
            may_think = self.abilities.reasoning == "adaptive" and self._is_forced
            return Plan(max_tokens=tokens, thinking=_OFF if may_think else None)
        if self.abilities.reasoning == "none":
            self._lose("the model does not reason")
            return Plan(max_tokens=tokens)
        effort = chat.effort_of(wish)
        if effort == "none":
            return self._off(tokens)
        by_budget = self._by_budget(wish)
        why_not = self._why_not(tokens, by_budget=by_budget)
        if why_not is not None:
            self._lose(why_not)
            return Plan(max_tokens=tokens, thinking=_OFF)
        return self._budgeted(wish, tokens) if by_budget else self._adaptive(wish, effort, tokens)

    @property
    def _is_forced(self) -> bool:
        """Whether a call is forced that is refused of who thinks."""
        return self.forced and self.abilities.forced_tools == "calm" and self.abilities.reasoning_off

    def _why_not(self, tokens: int, *, by_budget: bool) -> str | None:
        if self._is_forced:
            return "the model cannot be forced to call a tool while it thinks"
        if self.abilities.reasoning == "budget" and self.unsealed:
            return "Anthropic refuses it after calls whose own thinking is not there"
        return "an answer of one token leaves no room for it" if by_budget and tokens <= 1 else None

    def _by_budget(self, wish: chat.Thinking) -> bool:
        counted = wish.budget is not None and wish.effort is None and not self.unsealed
        return self.abilities.reasoning in {"budget", *_OTHERS} or (self.abilities.reasoning == "both" and counted)

    def _max_tokens(self) -> int:
        limit = self.abilities.output
        wanted = self.options.max_tokens
        if wanted is None:
            return min(limit or _ANSWER, _ANSWER)
        if limit is not None and wanted > limit:
            self._map("max_tokens", f"as {limit}, the longest answer of this model")
            return limit
        return wanted

    def _off(self, tokens: int) -> Plan:
        if self.abilities.reasoning != "always" and self.abilities.reasoning_off:
            return Plan(max_tokens=tokens, thinking=_OFF)
        if self.abilities.reasoning in _OTHERS:
            self._lose("this model always thinks")
            return Plan(max_tokens=tokens)
        least = next(iter(self.abilities.efforts), None)
        self._map("thinking", "as the least effort: this model always thinks")
        return Plan(max_tokens=tokens, effort=least)

    def _budgeted(self, wish: chat.Thinking, tokens: int) -> Plan:
        wanted = chat.budget_of(wish)
        budget = max(wanted or _BUDGET, LEAST)
        most = self.abilities.output or budget + tokens
        if budget >= tokens:
            tokens = min(budget + tokens, most)
            self._map("max_tokens", f"as {tokens}: it has to hold the thinking, too")
        if budget >= tokens:
            budget = tokens - 1
        if budget < LEAST:
            self._lose("the model's answers are too short for it")
            return Plan(max_tokens=tokens, thinking=_OFF)
        if budget != wish.budget or wish.effort is not None:
            self._map("thinking", f"as {budget} tokens")
        thinking: dict[str, Any] = {"type": "enabled", "budget_tokens": budget}
        if wish.shown is not None:
            thinking["display"] = _display(shown=wish.shown)
        return Plan(max_tokens=tokens, thinking=thinking)

    def _adaptive(self, wish: chat.Thinking, effort: chat.Effort | None, tokens: int) -> Plan:
        word = None
        if effort is not None and self.abilities.efforts:
            word = chat.nearest(effort, self.abilities.efforts)
        elif effort is not None:
            self._lose("the model chooses its effort itself", "effort", "budget")
        if word is not None and word != wish.effort:
            self._map("thinking", f"as the effort {word}")
        if wish.budget is not None and wish.effort is not None:
            self._lose("the effort says it, too", "budget")
        # Newer models send no words of their thinking unless they are asked for it.
        return Plan(
            max_tokens=tokens, thinking={"type": "adaptive", "display": _display(shown=wish.shown is not False)}, effort=word
        )

    def _map(self, name: str, why: str) -> None:
        self.report.mapped(self.options.pointers.get(name, ""), why)

    def _lose(self, why: str, *names: str) -> None:
        """Report as lost what was said of thinking: all of it, or what stands at the first of *names* that is known."""
        pointers = self.options.pointers
        if names:
            self.report.lost(next((pointers[each] for each in names if each in pointers), pointers.get("thinking", "")), why)
            return
        for pointer in dict.fromkeys(pointers[each] for each in ("thinking", "effort", "budget", "shown") if each in pointers):
            self.report.lost(pointer, why)


def _display(*, shown: bool) -> str:
    return "summarized" if shown else "omitted"
