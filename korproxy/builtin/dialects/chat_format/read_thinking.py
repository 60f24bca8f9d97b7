"""How much to think, read: each server has its own field for it.

OpenAI: ``reasoning_effort``. OpenRouter: ``reasoning``. Qwen: ``enable_thinking`` and ``thinking_budget``. DeepSeek and GLM:
``thinking``. vLLM and SGLang: ``chat_template_kwargs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import chat


def read_thinking(request: chat.Fields) -> tuple[chat.Thinking | None, Mapping[str, str]]:
    """Return what is wished, and where: ``thinking``, and ``effort``, ``budget`` and ``shown`` where they were said.

    Of several fields that say the same thing the first counts. Whoever switches thinking off means it, whatever else is said.
    """
    said = _Said(report=request.report)
    said.effort(request, "reasoning_effort")
    _open_router(request, said)
    said.take("switch", request.flag("enable_thinking"), request.pointer("enable_thinking"))
    said.take("budget", request.integer("thinking_budget"), request.pointer("thinking_budget"))
    _deep_seek(request, said)
    template = request.table("chat_template_kwargs")
    if template is not None:
        for key in ("enable_thinking", "thinking"):
            said.take("switch", template.flag(key), template.pointer(key))
        template.close()
    return said.thinking(), said.pointers


@attrs.define
class _Said:
    report: chat.Report
    found: dict[str, Any] = attrs.field(factory=dict)
    pointers: dict[str, str] = attrs.field(factory=dict)

    def take(self, name: str, value: object, at: str) -> None:
        if value is None:
            return
        if name not in self.found:
            self.found[name], self.pointers[name] = value, at
        elif self.found[name] == value:
            self.report.mapped(at, f"{self.pointers[name]} says the same")
        else:
            self.report.lost(at, f"{self.pointers[name]} says something else, and goes first")

    def effort(self, holder: chat.Fields, key: str) -> None:
        word = holder.text(key)
        if word in chat.EFFORTS:
            self.take("effort", word, holder.pointer(key))
        else:
            holder.lost(key, "is an effort that KorProxy does not know")

    def thinking(self) -> chat.Thinking | None:
        """Return what was said, all in all."""
        switch = self.found.pop("switch", None)
        switched = self.pointers.pop("switch", "")
        if switch is False:
            for name in ("effort", "budget"):
                if name in self.found and self.found.pop(name) != "none":
                    self.report.lost(self.pointers.pop(name), "thinking is switched off")
            self.found["effort"] = "none"
            if "effort" in self.pointers:
                self.report.mapped(self.pointers["effort"], f"{switched} says the same")
            self.pointers["effort"] = switched
        elif switch and self.found.get("effort") == "none":
            self.report.lost(switched, "the effort none goes first")
        elif switch and self.found.keys() & {"effort", "budget"}:
            self.report.mapped(switched, f"{self.pointers.get('effort') or self.pointers['budget']} says it, too")
        if not self.found and switch is None:
            return None
        self.pointers["thinking"] = next(iter(self.pointers.values()), switched)
        return chat.Thinking(**self.found)


def _open_router(request: chat.Fields, said: _Said) -> None:
    reasoning = request.table("reasoning")
    if reasoning is None:
        return
    said.effort(reasoning, "effort")
    said.take("budget", reasoning.integer("max_tokens"), reasoning.pointer("max_tokens"))
    hidden = reasoning.flag("exclude")
    said.take("shown", None if hidden is None else not hidden, reasoning.pointer("exclude"))
    said.take("switch", reasoning.flag("enabled"), reasoning.pointer("enabled"))
    reasoning.close()


def _deep_seek(request: chat.Fields, said: _Said) -> None:
    thinking = request.table("thinking")
    if thinking is None:
        return
    word = thinking.text("type")
    if word in {"enabled", "disabled"}:
        said.take("switch", word == "enabled", thinking.pointer("type"))
    else:
        thinking.lost("type", "is a kind of thinking that KorProxy does not know")
    said.take("budget", thinking.integer("budget_tokens"), thinking.pointer("budget_tokens"))
    thinking.close()
