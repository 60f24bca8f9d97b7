"""Errors, read from a provider and written for a client.

The bodies are those of Chat Completions, from the same vendor. Of its own this format has the codes of a response that failed
(``ResponseError`` of OpenAI's Python SDK 3.57), and the limits of a ChatGPT plan, which its backend for Codex tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from korproxy.api import Headers, chat, innermost_error
from korproxy.builtin.dialects.chat_format.errors import error_object as error_object
from korproxy.builtin.dialects.chat_format.errors import read_error as read_chat_error
from korproxy.builtin.dialects.chat_format.errors import read_late_error as read_late_chat_error
from korproxy.builtin.dialects.chat_format.errors import write_error as write_error

LONGEST = 30 * 60.0  # seconds that are worth waiting for: plans are full for hours
_INVALID = frozenset(
    {
        "bio_policy",
        "cyber_policy",
        "data_residency_mismatch",
        "empty_image_file",
        "failed_to_download_image",
        "image_content_policy_violation",
        "image_file_not_found",
        "image_file_too_large",
        "image_parse_error",
        "image_too_large",
        "image_too_small",
        "invalid_base64_image",
        "invalid_image",
        "invalid_image_format",
        "invalid_image_mode",
        "invalid_image_url",
        "invalid_prompt",
        "misalignment_policy_violation",
        "unsupported_image_media_type",
    }
)
_KINDS: Mapping[str, tuple[int, chat.ErrorKind]] = {
    **dict.fromkeys(_INVALID, (400, "invalid")),
    "usage_limit_reached": (429, "rate_limit"),
    "usage_not_included": (429, "billing"),
    "vector_store_timeout": (504, "timeout"),
}
# Codex gives up at the first one, and tries again at whatever it does not know.
_FINAL = "invalid_prompt"


def read_error(status: int, headers: Headers, body: bytes) -> chat.ProviderError:
    """Read the error in *body*; whatever it is, a status and some words are left of it."""
    error = read_chat_error(status, headers, body)
    known = _known(error)
    if known is not None:
        error = attrs.evolve(error, kind=known[1])
    if error.retry_after is None and error.kind == "rate_limit":
        return attrs.evolve(error, retry_after=_reset(innermost_error(body)))
    return error


def read_late_error(event: Mapping[str, Any]) -> chat.ProviderError:
    """Read an event ``error`` or ``response.failed``: the error may be in the response, beside it, or the event itself."""
    response = event.get("response")
    inside = response.get("error") if isinstance(response, dict) else None
    said = inside or event.get("error") or ({} if isinstance(response, dict) else event)
    error = read_late_chat_error(said)
    known = _known(error)
    if known is not None:
        error = attrs.evolve(error, status=known[0], kind=known[1])
    return attrs.evolve(error, retry_after=_reset(said) if isinstance(said, dict) else None)


def failure(error: chat.ProviderError) -> Mapping[str, Any]:
    """Return *error* as the ``error`` of a response that failed: it has a code always, and programs go by it."""
    said = error_object(error)
    final = _FINAL if error.kind in {"invalid", "too_large"} else said["type"]
    return {"code": said["code"] or final, "message": said["message"]}


def _known(error: chat.ProviderError) -> tuple[int, chat.ErrorKind] | None:
    return _KINDS.get(error.code or "") or _KINDS.get(error.type)


def _reset(said: Mapping[str, Any]) -> float | None:
    """Return the seconds until the limit of a plan is lifted, cut at half an hour."""
    seconds = said.get("resets_in_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        return None
    return float(min(seconds, LONGEST))  # in this order: JSON has integers that are beyond a double's range
