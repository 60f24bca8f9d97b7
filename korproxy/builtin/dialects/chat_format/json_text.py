"""What is at a place of a JSON value, whatever other programs wrote there."""

from __future__ import annotations

from typing import Any


def inner_object(value: object, key: str) -> dict[str, Any]:
    """Return the object at *key* of *value*, an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def is_utf8(text: bytes) -> bool:
    """Whether *text* is UTF-8. msgspec does not look at what it passes over: who decodes less than all asks this before."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def some_text(value: object) -> str:
    """Return *value* if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""
