"""The user's own names for models (``[aliases]`` of korproxy.toml). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from korproxy.kit.patterns import fits


def resolve(model: str, aliases: Mapping[str, str]) -> str:
    """Return what *model* stands for: ``provider/model`` or a model; *model* itself where it is no alias.

    An alias of exactly this name goes first, then the pattern with most characters that are not ``*``, then the earlier one.
    One step only: what an alias stands for is not looked up again, so ``"claude-*" = "claude-opus-5"`` means what it says.
    """
    exact = aliases.get(model)
    if exact is not None:
        return exact
    fitting = [pattern for pattern in aliases if "*" in pattern and fits(model, pattern)]
    return aliases[max(fitting, key=_weight)] if fitting else model


def _weight(pattern: str) -> int:
    return len(pattern) - pattern.count("*")
