"""The models that the mock lists, and what their families refuse. Any other name works as well."""

import re

UNKNOWN = "no-such-model"

OPENAI = (
    "gpt-6.2-sol", "gpt-6.1-sol", "gpt-6-sol", "gpt-6-luna", "gpt-5.6-sol", "gpt-5.5", "gpt-5.4", "gpt-5.4-mini",
    "gpt-5.2", "gpt-5.1", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "o3", "mock-model",
)  # fmt: skip
ANTHROPIC = (
    "claude-fable-5-2", "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8", "claude-opus-4-5", "claude-sonnet-5-5",
    "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5", "claude-haiku-5-5", "claude-haiku-4-5", "mock-claude",
)  # fmt: skip

_GPT = re.compile(r"gpt-(\d+)(?:\.(\d+))?")
_O_SERIES = re.compile(r"o\d")
_CLAUDE = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d+)(?:-(\d{1,2})(?!\d))?")


def gpt_version(model: str) -> tuple[int, int]:
    """Return the version in a ``gpt-`` name, (0, 0) for other names."""
    found = _GPT.match(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def gpt_reasons(model: str) -> bool:
    """Tell whether OpenAI treats *model* as a reasoning model, which refuses ``max_tokens``."""
    return bool(_O_SERIES.match(model)) or gpt_version(model) >= (5, 0)


def claude(model: str) -> tuple[str, tuple[int, int]]:
    """Return family and version of a ``claude-`` name, ("", (0, 0)) for other names."""
    found = _CLAUDE.search(model)
    return (found[1], (int(found[2]), int(found[3] or 0))) if found else ("", (0, 0))


def claude_adapts(model: str) -> bool:
    """Tell whether *model* takes adaptive thinking only, and no sampling parameters."""
    return claude(model)[1] >= (4, 7)


def claude_refuses_prefill(model: str) -> bool:
    """Tell whether a conversation for *model* must end with a user message."""
    return claude(model)[1] >= (4, 6)


def claude_always_thinks(model: str) -> bool:
    """Tell whether thinking cannot be switched off."""
    return claude(model)[0] in {"fable", "mythos"}
