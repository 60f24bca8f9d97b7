"""The types of Google's SDK, put together as its requests go over the wire: the SDK has one flat ``config`` instead."""

from __future__ import annotations

import re
from typing import Any

from google.genai import types
from typing_extensions import TypedDict, get_type_hints

_HUMP = re.compile(r"(?<!^)([A-Z])")
# Members of the SDK's config that stand beside ``generationConfig`` and not in it (``google/genai/models.py``).
_BESIDE = frozenset(
    {
        *("cached_content", "continuation_token", "generation_output_config", "labels", "model_armor_config"),
        *("safety_settings", "service_tier", "store", "system_instruction", "tool_config", "tools"),
    }
)
_RENAMED = {"modelConfig": "model_selection_config", "outputConfig": "generation_output_config"}


def sdk_name(key: str) -> str:
    """Return what the SDK's types call the *key* of a request, which is in either of proto3's two spellings."""
    return _RENAMED.get(key) or _HUMP.sub(r"_\1", key).lower()


def request_type() -> Any:
    """Return a ``TypedDict`` of a request's body. The classes in it are the SDK's own, but for the outermost two."""
    config = get_type_hints(types.GenerateContentConfigDict, include_extras=True)
    inner = {name: kind for name, kind in config.items() if name not in _BESIDE}
    made: Any = TypedDict  # a type checker knows only those whose members stand in the source
    generation = made("GenerationConfig", inner, total=False)
    outer = {name: kind for name, kind in config.items() if name in _BESIDE}
    body = {"contents": list[types.ContentDict], "generation_config": generation, **outer}
    return made("GenerateContentRequest", body, total=False)
