"""The models that the mock lists, and what their families refuse. Any other name works as well."""

import re

UNKNOWN = "no-such-model"

OPENAI = (
    "gpt-6.2-sol", "gpt-6.1-sol", "gpt-6-sol", "gpt-6-luna", "gpt-5.6-sol", "gpt-5.5", "gpt-5.4", "gpt-5.4-mini",
    "gpt-5.2", "gpt-5.1", "gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "o3", "mock-model",
)  # fmt: skip
OPENAI_EMBEDDINGS = ("text-embedding-3-small", "text-embedding-3-large")
ANTHROPIC = (
    "claude-fable-5-2", "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8", "claude-opus-4-5", "claude-sonnet-5-5",
    "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5", "claude-haiku-5-5", "claude-haiku-4-5", "mock-claude",
)  # fmt: skip
GOOGLE = (
    "gemini-3.8-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.1-pro-preview", "gemini-3.1-flash-lite",
    "gemini-3-pro-preview", "gemini-3-flash", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemma-4-31b-it",
    "gemini-embedding-001", "mock-gemini",
)  # fmt: skip
GEMINI_SIGNS = (3, 0)  # the first generation whose function calls carry a signature that must come back

_GPT = re.compile(r"gpt-(\d+)(?:\.(\d+))?")
_O_SERIES = re.compile(r"o\d")
_GEMINI = re.compile(r"gemini-(\d+)(?:\.(\d+))?(?!\d)")
_CLAUDE = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d+)(?:-(\d{1,2})(?!\d))?")


def gpt_version(model: str) -> tuple[int, int]:
    """Return the version in a ``gpt-`` name, (0, 0) for other names."""
    found = _GPT.match(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def gpt_reasons(model: str) -> bool:
    """Tell whether OpenAI treats *model* as a reasoning model, which refuses ``max_tokens``."""
    return bool(_O_SERIES.match(model)) or gpt_version(model) >= (5, 0)


def gpt_efforts(model: str) -> tuple[str, ...] | None:
    """Return the efforts that OpenAI takes for *model* with Chat Completions; (): no such parameter, None: unknown."""
    version = gpt_version(model)
    if _O_SERIES.match(model):
        return ("low", "medium", "high")
    if version < (5, 0):
        return () if version > (0, 0) else None
    if version < (5, 2):
        return ("minimal" if version == (5, 0) else "none", "low", "medium", "high")
    always = "astra" in model or (version >= (6, 1) and "terra" not in model)
    return ("low", "medium", "high", "xhigh") if always else ("none", "low", "medium", "high", "xhigh")


def responses_efforts(model: str) -> tuple[str, ...] | None:
    """Return the efforts that OpenAI takes for *model* with the Responses API, which alone knows ``max``."""
    efforts = gpt_efforts(model)
    if efforts and "codex" in model:
        efforts = tuple(each for each in efforts if each not in ("none", "minimal"))
    return (*efforts, "max") if efforts and gpt_version(model) >= (5, 6) else efforts


def embedding_size(model: str) -> int:
    """Return how long the vectors of *model* are, at most."""
    return 3072 if model.endswith("-3-large") else 1536


def deepseek_wants_reasoning(model: str) -> bool:
    """Tell whether *model* wants back what it thought in front of its calls."""
    return "deepseek-v4" in model


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
    family, version = claude(model)
    return family in {"fable", "mythos"} or (family in {"opus", "sonnet"} and version >= (5, 5))


def claude_output(model: str) -> int | None:
    """Return the most output tokens that may be asked for; None: any."""
    version = claude(model)[1]
    return (128_000 if version >= (4, 6) else 64_000) if version >= (4, 5) else None


def claude_efforts(model: str) -> tuple[str, ...]:
    """Return the efforts that *model* takes; none at all before 4.6, but for the first that did."""
    family, version = claude(model)
    if (0, 0) < version < (4, 6):
        return ("low", "medium", "high") if (family, version) == ("opus", (4, 5)) else ()
    return ("low", "medium", "high", "max") if version == (4, 6) else ("low", "medium", "high", "xhigh", "max")


def gemini(model: str) -> tuple[int, int]:
    """Return the version in a ``gemini-`` name, (0, 0) for other names."""
    found = _GEMINI.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def gemini_levels(model: str) -> tuple[str, ...]:
    """Return the thinking levels that *model* takes; measured ones, as projects that call it report them."""
    every = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
    version = gemini(model)
    if "gemma-4" in model:
        return ("MINIMAL", "HIGH")
    if not (3, 0) <= version < (4, 0):
        return every
    if "pro" in model:
        return ("LOW", "HIGH") if version == (3, 0) else ("LOW", "MEDIUM", "HIGH")
    return ("LOW", "MEDIUM", "HIGH") if version >= (3, 7) else ("MINIMAL", "LOW", "MEDIUM", "HIGH")


def gemini_budgets(model: str) -> tuple[int, int, bool]:
    """Return the least and the largest thinking budget of a 2.5 model, and whether 0 switches thinking off."""
    if "pro" in model:
        return 128, 32_768, False
    return (512, 24_576, True) if "lite" in model else (1, 24_576, True)
