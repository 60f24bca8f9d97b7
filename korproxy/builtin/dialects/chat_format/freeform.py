"""Tools that are called with bare text, which this project offers to others as functions of one text ``input``."""

from __future__ import annotations

from korproxy.api import read_json


def bare_text(arguments: str) -> str:
    """Return the text that *arguments* hold: of an object its ``input``; anything else, a bare text included, is the text."""
    try:
        value = read_json(arguments.encode("utf-8", "replace"))[0]
    except ValueError:
        return arguments
    inner = value.get("input") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else arguments
