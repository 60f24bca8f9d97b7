"""The bodies of errors, however servers wrap them: in a list, in ``detail``, as JSON inside a message, as a page, as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from korproxy.kit.json_text import read_json
from korproxy.kit.writing import json_bytes

LONGEST_MESSAGE = 1000  # characters of a body that is no message, but is shown as one
_DEPTH = 4  # of errors inside the messages of errors
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def innermost_error(body: bytes, *, skip_empty: bool = False) -> Mapping[str, Any]:
    """Return the error object in *body*, also where it is the message of another one.

    A text, or any JSON that is no object, is the ``message`` of the object that is returned.

    Args:
        body: What the server sent; it need not be JSON.
        skip_empty: Whether a bare ``0``, ``false`` or ``""`` is no message (None) rather than a strange one.
    """
    said = _object(body, skip_empty=skip_empty)
    for _ in range(_DEPTH):
        message = said.get("message")
        if not isinstance(message, str) or not message.lstrip().startswith(("{", "[")):
            break
        inner = _object(message.encode("utf-8", "replace"), skip_empty=skip_empty)
        if not isinstance(inner.get("message"), str) or inner["message"] == message:
            break
        said = inner
    return said


def error_words(message: object) -> str:
    """Return *message*, whatever JSON it is, as words: of a page its text, of None nothing."""
    if not isinstance(message, str):
        return "" if message is None else json_bytes(message).decode()[:LONGEST_MESSAGE]
    return page_words(message)[:LONGEST_MESSAGE] if message.lstrip().startswith("<") else message.strip()


def page_words(page: str) -> str:
    """Return the words of *page*, an HTML text, in one line: without tags, scripts and styles."""
    return " ".join(_TAGS.sub(" ", page).split())


def _object(text: bytes, *, skip_empty: bool) -> Mapping[str, Any]:
    try:
        value = read_json(text)[0]
    except ValueError:
        return {"message": text.decode("utf-8", "replace")}
    while isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return {"message": (value or None) if skip_empty else value}
    error = value.get("error")
    if isinstance(error, dict):
        return error
    return {**value, "message": error or value.get("message") or value.get("detail")}
