"""A decision in words: where a request goes, and why. Of what the daemon says, which may be older or newer than this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from korproxy.builtin.commands.steer.health import again
from korproxy.builtin.commands.steer.told import listed, table

REASONS = {
    "disabled": "disabled",
    "rate_limited": "rate limited",
    "erroring": "failed several times",
    "refused": "its key was refused",
    "probing": "another request is testing whether it is well again",
    "spent": "its rate limit is used up",
    "no key": "it has no key",
    "format": "the request cannot be expressed in its format",
    "excluded": "left out, as asked for",
}


def decision_lines(decision: Mapping[str, Any]) -> list[str]:
    """Return the whole *decision*: what the request is, which rules were tried, who is asked, and who is not."""
    facts = {
        "model": _model(decision),
        "type": decision.get("type", ""),
        "profile": decision.get("profile", ""),
        "rules": "none" if not listed(decision.get("rules")) else "",
        "group": _group(decision) if decision.get("order") or decision.get("rejected") else "",  # where it got that far
        "session": _session(decision),
    }
    lines = table([(f"{name}", str(value)) for name, value in facts.items() if value])
    lines += _section("rules", [_rule(each) for each in listed(decision.get("rules"))])
    lines += _section(
        "asked, in this order", [f"{at}. {_way(each)}" for at, each in enumerate(listed(decision.get("order")), 1)]
    )
    lines += _section("not asked", [f"{_way(each)}: {_reason(each)}" for each in listed(decision.get("rejected"))])
    return lines


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines)


def _model(decision: Mapping[str, Any]) -> str:
    wanted, model = decision.get("wanted", ""), decision.get("model", "")
    safe = " (safe mode)" if decision.get("safe_mode") else ""
    return f"{wanted} -> {model}{safe}" if model and model != wanted else f"{wanted}{safe}"


def _group(decision: Mapping[str, Any]) -> str:
    group = decision.get("group") or "none: whoever offers the model"
    return f"{group}, strategy {decision['strategy']}" if decision.get("strategy") else group


def _session(decision: Mapping[str, Any]) -> str:
    if not decision.get("session"):
        return ""
    kept = decision.get("kept")
    return f"it had {kept} before" if kept else "a new one"


def _rule(rule: Mapping[str, Any]) -> str:
    return f"{rule.get('name')}: {rule.get('why') or 'holds'}"


def _way(way: Mapping[str, Any]) -> str:
    return f"{way.get('provider')}/{way.get('account')} with {way.get('model')}"


def _reason(rejected: Mapping[str, Any]) -> str:
    why = str(rejected.get("why"))
    code = f" [{rejected['code']}]" if rejected.get("code") else ""
    return f"{REASONS.get(why, why)}{again(rejected.get('returns_in'))}{code}"
