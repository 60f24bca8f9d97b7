"""Anthropic's models as its list describes them. Pure. Source of the fields: ``ModelInfo`` of Anthropic's own SDK."""

from korproxy_mock import models
from korproxy_mock.formats import JsonObject

_YES: JsonObject = {"supported": True}
_NO: JsonObject = {"supported": False}
_LINES = ("haiku", "sonnet", "opus", "fable", "mythos")


def described(name: str) -> JsonObject:
    """Describe a model, with what it can by its generation."""
    line = models.claude(name)[0]
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "line": line if line in _LINES else None,
        "deprecated_at": None,
        "retires_at": None,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": _capabilities(name),
    }


def _capabilities(name: str) -> JsonObject:
    efforts = models.claude_efforts(name)
    return {
        "batch": _NO,
        "citations": _NO,
        "code_execution": _NO,
        "context_management": _NO,
        "effort": {
            "supported": bool(efforts),
            **{each: {"supported": each in efforts} for each in ("low", "medium", "high", "xhigh", "max")},
        },
        "image_input": _YES,
        "pdf_input": _YES,
        "server_tools": {"supported": False, "code_execution": _NO, "web_search": _NO},
        "structured_outputs": _YES,
        "thinking": {
            "supported": True,
            "types": {
                "adaptive": _YES,
                "between_tools": _YES,
                "disabled": {"supported": not models.claude_always_thinks(name)},
                "enabled": {"supported": not models.claude_adapts(name)},
            },
        },
    }
