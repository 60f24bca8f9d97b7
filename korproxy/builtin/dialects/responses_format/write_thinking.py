"""How much to think, written: as an effort, and whether it is to be seen.

Facts: models from GPT-5.6 on take ``max`` here, where Chat Completions stops at ``xhigh``; a summary has to be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Abilities, chat


def write_thinking(
    options: chat.Options, abilities: Abilities, report: chat.Report, *, forced: bool, searches: bool = False
) -> Mapping[str, Any]:
    """Return the member ``reasoning`` (none: no members); what is said differently or not at all is reported.

    Args:
        forced: A tool has to be called.
        searches: OpenAI may search the web, which it refuses to do with the effort ``minimal``.
    """
    plan = _Plan(options, abilities, report, searches=searches)
    if forced and abilities.forced_tools == "calm" and abilities.reasoning != "none":
        said = plan.off("the model cannot be forced to call a tool while it thinks")
    else:
        said = plan.wished()
    return {"reasoning": said} if said else {}


@attrs.frozen
class _Plan:
    options: chat.Options
    abilities: Abilities
    report: chat.Report
    searches: bool

    def wished(self) -> Mapping[str, str]:
        wish = self.options.thinking
        if wish is None:
            return {}
        if self.abilities.reasoning == "none":
            self._lose("the model does not reason")
            return {}
        effort = self._effort(wish)
        said = {} if effort is None else {"effort": effort}
        if wish.shown is not False and effort != "none" and self.abilities.summaries:
            return {**said, "summary": "auto"}
        if wish.shown:
            self._lose("nothing is thought" if effort == "none" else "the account is shown no reasoning", "shown")
        return said

    def off(self, why: str) -> Mapping[str, str]:
        """Return how thinking is switched off, whatever the client wished."""
        if self.options.thinking is not None and chat.effort_of(self.options.thinking) != "none":
            self._lose(why)
        return {"effort": "none"} if "none" in self.abilities.efforts else {}

    def _effort(self, wish: chat.Thinking) -> str | None:
        effort = chat.effort_of(wish)
        if effort is None:
            return None
        if not self.abilities.efforts:
            self._lose("the model chooses its effort itself", "effort", "budget")
            return None
        known = [each for each in self.abilities.efforts if each != "minimal"] if self.searches else self.abilities.efforts
        word = chat.nearest(effort, known or self.abilities.efforts)
        if wish.effort is None:
            self._map("budget", f"as the effort {word}")
        elif wish.budget is not None:
            self.report.lost(self.options.pointers.get("budget", ""), "the effort says it, too")
        if word != effort:
            self._map("effort", f"as {word}, which is the nearest that the model knows")
        return word

    def _map(self, name: str, why: str) -> None:
        pointers = self.options.pointers
        self.report.mapped(pointers.get(name) or pointers.get("thinking", ""), why)

    def _lose(self, why: str, *names: str) -> None:
        pointers = self.options.pointers
        places = [pointers[each] for each in names or ("thinking", "effort", "budget", "shown") if each in pointers]
        for pointer in dict.fromkeys(places or [pointers.get("thinking", "")]):
            self.report.lost(pointer, why)
