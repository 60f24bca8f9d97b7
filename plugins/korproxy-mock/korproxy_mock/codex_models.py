"""The list of models as Codex asks for it. Pure.

Source of the fields: ``ModelInfo`` of openai/codex (codex-rs/protocol/src/openai_models.rs), which it cannot read without.
"""

from korproxy_mock import models
from korproxy_mock.formats import JsonObject

_CONTEXT = 272_000
_MOST_CONTEXT = 872_000


def codex_models() -> JsonObject:
    """List the models that reason, the first as the one to take."""
    named = [each for each in models.OPENAI if models.gpt_reasons(each)]
    return {"models": [_described(each, priority) for priority, each in enumerate(named, 1)]}


def _described(name: str, priority: int) -> JsonObject:
    efforts = models.responses_efforts(name) or ()
    return {
        "slug": name,
        "display_name": name,
        "description": "A model of the mock",
        "default_reasoning_level": "medium",
        "supported_reasoning_levels": [{"effort": each, "description": each} for each in efforts],
        "shell_type": "shell_command",
        "visibility": "list",
        "supported_in_api": True,
        "priority": priority,
        "upgrade": None,
        "base_instructions": "You are a model of the mock.",
        "supports_reasoning_summaries": True,
        "support_verbosity": True,
        "default_verbosity": "medium",
        "apply_patch_tool_type": "freeform",
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "supports_parallel_tool_calls": True,
        "context_window": _CONTEXT,
        "max_context_window": _MOST_CONTEXT,
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"],
    }
