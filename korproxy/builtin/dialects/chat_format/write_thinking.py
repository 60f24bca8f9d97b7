"""How much to think, written: as an effort (OpenAI and most), or by a switch and a number of tokens (Qwen)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Abilities, chat


def write_thinking(
    conversation: chat.Conversation, abilities: Abilities, report: chat.Report, *, has_tools: bool, forced: bool
) -> Mapping[str, Any]:
    """Return the members of the request that say how much to think; what is said differently or not at all is reported.

    Args:
        has_tools: Tools are sent.
        forced: One of them has to be called.

    Raises:
        CannotCarry: The model takes no tools here while it reasons, and it always does.
    """
    plan = _Plan(conversation.options, abilities, report)
    if has_tools and not abilities.tools_while_reasoning:
        return plan.off_for_tools(conversation.functions[0].at)
    if forced and abilities.forced_tools == "calm" and abilities.reasoning != "none":
        return plan.off("the model cannot be forced to call a tool while it thinks")
    return plan.wished()


@attrs.frozen
class _Plan:
    options: chat.Options
    abilities: Abilities
    report: chat.Report

    def wished(self) -> Mapping[str, Any]:
        wish = self.options.thinking
        if wish is None:
            return {}
        if self.abilities.reasoning == "none":
            self._lose("the model does not reason")
            return {}
        if wish.shown and self.abilities.family != "openai":
            self.report.mapped(self.options.pointers.get("shown", ""), "servers of this format show what they have, unasked")
        elif wish.shown is not None:
            self.report.lost(self.options.pointers.get("shown", ""), "the OpenAI format has no wish about that")
        if self.abilities.reasoning == "switch":
            return self._switched(wish)
        return self._by_effort(wish)

    def off(self, why: str) -> Mapping[str, Any]:
        """Return how thinking is switched off, whatever the client wished."""
        if self.options.thinking is not None and chat.effort_of(self.options.thinking) != "none":
            self._lose(why)
        if self.abilities.reasoning == "switch":
            return {"enable_thinking": False}
        return {"reasoning_effort": "none"} if "none" in self.abilities.efforts else {}

    def off_for_tools(self, at: str) -> Mapping[str, Any]:
        if "none" not in self.abilities.efforts:
            what = "on this endpoint OpenAI's model takes no tools while it reasons, and it always reasons"
            raise chat.CannotCarry(at, f"{what}. Choose a model whose reasoning can be switched off, or one before GPT-5.4.")
        return self.off("on this endpoint the model takes no tools while it reasons")

    def _switched(self, wish: chat.Thinking) -> Mapping[str, Any]:
        budget = chat.budget_of(wish)
        if budget == 0:
            if self.abilities.reasoning_off:
                return {"enable_thinking": False}
            self._lose("this model always thinks")
            return {}
        if wish.effort is not None:
            self._map("effort", f"as {budget} tokens" if budget is not None else "as much as the model likes")
        return {"enable_thinking": True} if budget is None else {"enable_thinking": True, "thinking_budget": budget}

    def _by_effort(self, wish: chat.Thinking) -> Mapping[str, Any]:
        effort = chat.effort_of(wish)
        if effort is None:
            return {}
        # OpenAI's own models know ``max``, but not on this endpoint.
        known = [each for each in self.abilities.efforts if each != "max" or self.abilities.family != "openai"]
        if not known:
            self._lose("the model chooses its effort itself")
            return {}
        word = chat.nearest(effort, known)
        if wish.effort is None:
            self._map("budget", f"as the effort {word}")
        elif wish.budget is not None:
            self.report.lost(self.options.pointers.get("budget", ""), "the effort says it, too")
        if word != effort:
            self._map("effort", f"as {word}, which is the nearest that the model knows")
        return {"reasoning_effort": word}

    def _map(self, name: str, why: str) -> None:
        pointers = self.options.pointers
        self.report.mapped(pointers.get(name) or pointers.get("thinking", ""), why)

    def _lose(self, why: str) -> None:
        pointers = self.options.pointers
        for pointer in dict.fromkeys(pointers[each] for each in ("thinking", "effort", "budget", "shown") if each in pointers):
            self.report.lost(pointer, why)
