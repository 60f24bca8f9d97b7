"""Objects of a request: proto3 takes the names of its fields in two spellings."""

from __future__ import annotations

import re
from functools import lru_cache

from korproxy.api import chat

_HUMP = re.compile(r"(?<!^)([A-Z])")


def spelled(fields: chat.Fields, name: str) -> str:
    """Return the key under which *fields* has *name* (``camelCase``): as it is, or as ``snake_case``."""
    if name in fields.value:
        return name
    snake = _snake(name)
    return snake if snake in fields.value else name


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return _HUMP.sub(r"_\1", name).lower()
