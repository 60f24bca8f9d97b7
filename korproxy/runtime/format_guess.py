"""Guess in which client format a request is written, where nothing but its body is there to tell. Pure.

Facts: the request types of the vendors' SDKs (OpenAI's 3.54, Anthropic's 2.12, 2026-11), and what Qwen, vLLM and OpenRouter
add to Chat. A body that holds only what both Chat and Messages have can be either; then what Messages demands (``max_tokens``)
together with its lists of blocks, or the name of the model, decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

CHAT, MESSAGES, RESPONSES, GEMINI = "openai-chat", "anthropic-messages", "openai-responses", "gemini"
COMPLETIONS = "openai-completions"

_ONLY_CHAT = frozenset(
    {
        "audio",
        "enable_search",
        "enable_thinking",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "modalities",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safety_identifier",
        "seed",
        "stop",
        "store",
        "stream_options",
        "top_logprobs",
        "user",
        "verbosity",
        "web_search_options",
    }
)
_ONLY_MESSAGES = frozenset(
    {
        "anthropic_version",
        "container",
        "context_management",
        "mcp_servers",
        "output_config",
        "stop_sequences",
        "system",
        "thinking",
    }
)
_CHAT_PARTS = frozenset({"file", "image_url", "input_audio", "refusal"})


def guess_format(body: Mapping[str, Any]) -> str:
    """Return the name of the format that *body* looks like; Chat, which most tools speak, where nothing tells."""
    if "messages" not in body:
        if isinstance(body.get("prompt"), str | list):  # in Responses it is an object
            return COMPLETIONS
        return GEMINI if "contents" in body else RESPONSES if "input" in body else CHAT
    marks = list(_marks(body))
    chat, messages = marks.count(CHAT), marks.count(MESSAGES)
    if chat != messages:
        return CHAT if chat > messages else MESSAGES
    return MESSAGES if "max_tokens" in body and (_is_claude(body) or _has_blocks(body)) else CHAT


def _marks(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield a format for each thing in *body* that only this one has."""
    for key, value in body.items():
        if value is not None and key in _ONLY_CHAT:
            yield CHAT
        elif value is not None and key in _ONLY_MESSAGES:
            yield MESSAGES
    for tool in _objects(body.get("tools")):
        yield MESSAGES if "input_schema" in tool or tool.get("type") not in ("function", "custom", None) else CHAT
    for message in _objects(body.get("messages")):
        if message.get("role") in ("developer", "tool", "function") or "tool_calls" in message:
            yield CHAT
        for part in _objects(message.get("content")):
            if part.get("type") != "text":
                yield CHAT if part.get("type") in _CHAT_PARTS else MESSAGES


def _is_claude(body: Mapping[str, Any]) -> bool:
    model = body.get("model")
    return isinstance(model, str) and "claude" in model


def _has_blocks(body: Mapping[str, Any]) -> bool:
    return any(isinstance(each.get("content"), list) for each in _objects(body.get("messages")))


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
