"""What the body of a request says that no peek does: read once, and only if somebody asks. Pure.

It is read for what it may mean in any of the formats, not for one of them: those of plugins are made of the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import msgspec

from korproxy.kit.json_raw import raw_object, raw_text
from korproxy.kit.json_text import read_json

TALK = ("messages", "input", "contents")  # where the conversation stands
_NESTED = ("content", "output", "parts", "functionResponse", "function_response")  # what holds parts, in a turn or a part
_IMAGES = frozenset({"image", "image_url", "input_image"})
_FILES = ("inlineData", "inline_data", "fileData", "file_data")  # Gemini's
_DEPTH = 8  # parts in results in parts: no format goes deeper


@attrs.define(slots=False)  # for ``cached_property``; it is made only where it is asked
class Content:
    """One body. A body that cannot be read holds nothing: whoever answers it will say so."""

    body: bytes = attrs.field(repr=False)

    @cached_property
    def members(self) -> Mapping[str, msgspec.Raw]:
        """The members of the request, as they are written."""
        return raw_object(self.body)

    @cached_property
    def images(self) -> bool:
        """Whether an image stands in the conversation."""
        told = (self.members[name] for name in TALK if name in self.members)
        return any(_may_show(raw) and _has_image(decoded(raw), _DEPTH) for raw in told)

    @cached_property
    def reasoning(self) -> bool:
        """Whether it asks the model to think before it answers."""
        return (
            self.value("reasoning_effort") not in (None, "none")
            or _wants(self.value("reasoning"), off=("effort", "none"))
            or _wants(self.value("thinking"), off=("type", "disabled"))
            or self.value("enable_thinking") is True
            or _in_gemini(self.value("generationConfig") or self.value("generation_config"))
        )

    def value(self, name: str) -> Any:
        """Return the member *name*; None where there is none."""
        return decoded(self.members[name]) if name in self.members else None

    def text(self, name: str) -> str:
        """Return the member *name*, which is a string; an empty one where it is something else, or there is none."""
        raw = self.members.get(name)
        return raw_text(raw) if raw is not None and memoryview(raw)[0] == ord('"') else ""  # to try costs more than to look


def decoded(raw: msgspec.Raw) -> Any:
    """Return the value of *raw*; None where it cannot be read."""
    try:
        return read_json(bytes(raw))[0]
    except ValueError:
        return None


def _wants(said: object, *, off: tuple[str, str]) -> bool:
    """Whether *said*, an object of settings, switches on what it is about; *off* is how it says that it does not."""
    if not isinstance(said, dict) or said.get("enabled") is False:
        return said is True
    return any(value is not None for value in said.values()) and said.get(off[0]) != off[1]


def _in_gemini(config: object) -> bool:
    said = config.get("thinkingConfig", config.get("thinking_config")) if isinstance(config, dict) else None
    budget = said.get("thinkingBudget", said.get("thinking_budget")) if isinstance(said, dict) else None
    return isinstance(said, dict) and bool(said) and budget != 0


def _may_show(raw: msgspec.Raw) -> bool:
    """Whether an image could stand in *raw*: to look at its bytes takes a thousandth of what it takes to read them.

    All formats have the word in the type of an image or of a file; JSON may have an escape in place of any letter.
    """
    text = bytes(raw)
    return b"image" in text or b"\\u00" in text


def _has_image(value: object, depth: int) -> bool:
    if not depth:
        return False
    if isinstance(value, list):
        return any(_has_image(each, depth - 1) for each in value)
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    if (isinstance(kind, str) and kind in _IMAGES) or any(_is_image(value.get(name)) for name in _FILES):
        return True
    return any(name in value and _has_image(value[name], depth - 1) for name in _NESTED)


def _is_image(file: object) -> bool:
    kind = file.get("mimeType", file.get("mime_type")) if isinstance(file, dict) else None
    return isinstance(kind, str) and kind.startswith("image/")
