"""A rule in words, in one line: what it asks of a request, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator

from korproxy.api import Rule, When


def rule_text(rule: Rule) -> str:
    """Return what *rule* does: ``if model claude-*, hours 22:00-06:00: to group cheap``."""
    asked = ", ".join(_asked(rule.when))
    return f"{f'if {asked}' if asked else 'always'}: {' and '.join(_does(rule))}{'' if rule.enabled else ' (switched off)'}"


def _asked(when: When) -> Iterator[str]:
    if when.model:
        yield f"model {when.model}"
    if when.types:
        yield f"type {' or '.join(when.types)}"
    if when.key:
        yield f"key {when.key}"
    yield from (f"header {name}: {pattern}" for name, pattern in when.headers.items())
    if when.min_body is not None:
        yield f"at least {when.min_body} bytes"
    if when.max_body is not None:
        yield f"at most {when.max_body} bytes"
    for name in ("tools", "images", "reasoning"):
        said = getattr(when, name)
        if said is not None:
            yield f"{'with' if said else 'without'} {name}"
    if when.profile:
        yield f"profile {when.profile}"
    if when.hours:
        yield f"hours {when.hours}"
    if when.days:
        yield f"days {' '.join(when.days)}"


def _does(rule: Rule) -> Iterator[str]:
    if rule.refuse:
        yield f"refuse with {rule.refuse}" + (f" ({rule.message})" if rule.message else "")
    if rule.group:
        yield f"to group {rule.group}"
    if rule.model:
        yield f"as model {rule.model}"
    if rule.safe_mode:
        yield "in safe mode"
