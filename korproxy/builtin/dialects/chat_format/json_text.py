"""What is at a place of a JSON value, whatever other programs wrote there."""

from __future__ import annotations

from typing import Any


def inner_object(value: object, key: str) -> dict[str, Any]:
    """Return the object at *key* of *value*, an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def some_text(value: object) -> str:
    """Return *value* if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""
