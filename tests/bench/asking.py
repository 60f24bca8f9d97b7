"""What the clients send: whole requests, as the SDKs write them."""

from __future__ import annotations

import json
from collections.abc import Mapping

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
PROMPT = "Say in one sentence what a gateway is. " * 16
TURN = 2_000  # bytes of each message of a long conversation


def chat(prompt: str = "", *, stream: bool = False, size: int = 0) -> bytes:
    """Return the body of an OpenAI chat request, about 700 bytes, or *size* where that is more."""
    return _written({"model": "bench", "messages": _said(prompt, size), "stream": stream})


def _written(document: Mapping[str, object]) -> bytes:
    """Return *document* as the SDKs of the two vendors write it: without spaces."""
    return json.dumps(document, separators=(",", ":")).encode()


def messages(prompt: str = "", *, stream: bool = False, size: int = 0) -> bytes:
    """Return the same as an Anthropic client says it; a provider of the Chat format gets it translated."""
    document = {"model": "bench", "max_tokens": 4096, "messages": _said(prompt, size), "stream": stream}
    return _written(document)


def _said(prompt: str, size: int) -> list[dict[str, str]]:
    """Return a conversation: what a coding agent sends again with each turn grows to hundreds of kilobytes."""
    turn = (PROMPT * (TURN // len(PROMPT) + 1))[: TURN - 40]
    pairs = size // (2 * TURN)
    before = [{"role": role, "content": turn} for _ in range(pairs) for role in ("user", "assistant")]
    return [*before, {"role": "user", "content": f"{PROMPT}{prompt}"}]


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the whole request."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "accept: application/json",
        "accept-encoding: identity",
        "user-agent: OpenAI/Python 2.0.0",
        "x-stainless-lang: python",
        "x-stainless-os: Linux",
        "x-stainless-arch: x64",
        "x-stainless-runtime: CPython",
        "content-type: application/json",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
