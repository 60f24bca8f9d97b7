"""What becomes of thoughts on each way: how a model is asked for them, what cannot be said, and whose marks go where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.cells import GEMINI, RESPONSES, Cell
from tests.e2e.programs import BUDGET, Reply

_NO_WORDS: Mapping[str, Any] = {}
_BUDGET = {"thinking": {"type": "enabled", "budget_tokens": BUDGET}}
_SHOWN_BUDGET = {"thinking": {**_BUDGET["thinking"], "display": "summarized"}}
_SHOWN = {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}}
_SWITCH = {"enable_thinking": True, "thinking_budget": BUDGET}
_LOW = {"reasoning_effort": "low"}
_LEVEL = {"thinkingLevel": "LOW", "includeThoughts": True}
_TOKENS = {"thinkingBudget": BUDGET, "includeThoughts": True}


def _reasoning(effort: str) -> Mapping[str, Any]:
    return {"reasoning": {"effort": effort, "summary": "auto"}, "include": ["reasoning.encrypted_content"]}


# The programs of OpenAI's formats ask for the effort "low" and that of Google for the level "LOW", to 2.5 in tokens; that of
# Anthropic for a budget of 2048 tokens, of the model that takes none for the effort "low". Their format's own provider gets
# just that.
ASKED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("openai", "claude-haiku-4-5"): _BUDGET,
    ("openai", "claude-opus-5"): _SHOWN,
    ("openai", "gpt-5.2"): _LOW,
    ("openai", "gpt-6-luna"): _reasoning("low"),
    ("openai", "gemini-3.5-flash"): _LEVEL,
    ("openai", "gemini-2.5-flash"): _TOKENS,
    ("openai", "qwen3.8-flash"): _LOW,
    ("openai", "glm-4.6"): _LOW,
    ("anthropic", "claude-haiku-4-5"): _BUDGET,
    ("anthropic", "claude-opus-5"): {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
    ("anthropic", "gpt-5.2"): _reasoning("medium"),
    ("anthropic", "gpt-6-luna"): _reasoning("medium"),
    ("anthropic", "gemini-3.5-flash"): {**_LEVEL, "thinkingLevel": "MEDIUM"},
    ("anthropic", "gemini-2.5-flash"): _TOKENS,
    ("anthropic", "qwen3.8-flash"): _SWITCH,
    ("anthropic", "glm-4.6"): _NO_WORDS,  # nothing is known of how that server wants to be asked
    ("responses", "claude-haiku-4-5"): _SHOWN_BUDGET,
    ("responses", "claude-opus-5"): _SHOWN,
    ("responses", "gpt-5.2"): _reasoning("low"),
    ("responses", "gpt-6-luna"): _reasoning("low"),
    ("responses", "gemini-3.5-flash"): _LEVEL,
    ("responses", "gemini-2.5-flash"): _TOKENS,
    ("responses", "qwen3.8-flash"): _SWITCH,
    ("responses", "glm-4.6"): _NO_WORDS,
    ("google", "claude-haiku-4-5"): _SHOWN_BUDGET,
    ("google", "claude-opus-5"): _SHOWN,
    ("google", "gpt-5.2"): _reasoning("low"),
    ("google", "gpt-6-luna"): _reasoning("low"),
    ("google", "gemini-3.5-flash"): _LEVEL,
    ("google", "gemini-2.5-flash"): _TOKENS,
    ("google", "qwen3.8-flash"): _SWITCH,
    ("google", "glm-4.6"): _NO_WORDS,
}
_WORDS = {"thinking", "output_config", "reasoning_effort", "enable_thinking", "thinking_budget", "reasoning", "include"}

# Where each program says that it wants thoughts, and where it sends them back in the turn behind the first one.
_WISH = {
    "openai": ("/reasoning_effort",),
    "anthropic": ("/thinking", "/thinking/budget_tokens"),
    "responses": ("/reasoning/effort", "/reasoning/summary"),
    "google": tuple(f"/generationConfig/thinkingConfig{each}" for each in ("", "/include_thoughts", "/thinking_level")),
}
_THOUGHT = {
    "openai": "/messages/1/reasoning_content",
    "anthropic": "/messages/1/content/0",
    "responses": "/input/1",
    "google": "/contents/1/parts/0",
}
# Where the marks stand of Claude, beside thoughts, and of Gemini, on calls.
_CLAUDES = {
    "openai": "/messages/1/reasoning_details/0",
    "anthropic": "/messages/1/content/0",
    "responses": "/input/1",
    "google": "/contents/1/parts/0",
}
_MARKS_ALONE = {
    "openai": "/messages/1/reasoning_details/0",
    "anthropic": "/messages/1/content/0/signature",
    "responses": "/input/1/encrypted_content",
    "google": "/contents/1/parts/1/thoughtSignature",  # it stands behind the thought, in a part of its own
}
_GEMINIS = {
    "openai": ("/messages/1/tool_calls/0/extra_content/google/thought_signature",),
    "google": ("/contents/1/parts/1/thoughtSignature",),
}


def asked(cell: Cell, body: Any) -> Mapping[str, Any]:
    """Return what *body* says of thinking."""
    if cell.form == GEMINI:
        return dict(body["generationConfig"].get("thinkingConfig", {}))
    return {name: value for name, value in body.items() if name in _WORDS}


def is_sealed(cell: Cell) -> bool:
    """Whether the model puts a mark on what it thought, and wants it back."""
    return cell.provider == "claude" or cell.form == RESPONSES or cell.model.upstream == "gemini-3.5-flash"


def lost_wish(cell: Cell) -> tuple[str, ...]:
    """Return what is lost of the wish to think: glm-4.6 is told nothing."""
    return _WISH[cell.sdk] if cell.crosses and cell.column == "iflow" else ()


def lost_thought(cell: Cell) -> tuple[str, ...]:
    """Return what is lost of a thought that came back from *cell*'s own model: all of it, where nobody wants it."""
    if not cell.crosses or cell.column in ("claude", "iflow") or cell.form == RESPONSES:
        return ()
    return (_THOUGHT[cell.sdk],)


def lost_of_claude(cell: Cell) -> tuple[str, ...]:
    """Return what is lost of Claude's thought with its mark at *cell*'s model: glm-4.6 takes the words."""
    return ((_MARKS_ALONE if cell.column == "iflow" else _CLAUDES)[cell.sdk],)


def lost_of_gemini(cell: Cell) -> tuple[str, ...]:
    """Return what is lost of Gemini's thought and its mark at Claude, which goes on without thinking: it misses its own."""
    wish = () if cell.sdk == "anthropic" else _WISH[cell.sdk]
    return (_THOUGHT[cell.sdk], *_GEMINIS.get(cell.sdk, ()), *wish)


def marks(cell: Cell, reply: Reply) -> list[bool]:
    """Return whether a mark is on each thing in *reply* that may have one, in the place that the program's format has."""
    if cell.sdk == "responses":
        return ["encrypted_content" in each for each in reply.back if each["type"] == "reasoning"]
    [turn] = reply.back
    if cell.sdk == "google":
        return [(each.thought_signature or b"korproxy:unsealed") != b"korproxy:unsealed" for each in turn.parts]
    if cell.sdk == "anthropic":
        return [bool(each["signature"]) for each in turn["content"] if each["type"] == "thinking"]
    calls = [each.get("extra_content", {}).get("google", {}) for each in turn["tool_calls"]]
    details = [bool(each.get("signature")) for each in turn.get("reasoning_details", ())]
    return [*details, *("thought_signature" in each for each in calls)]
