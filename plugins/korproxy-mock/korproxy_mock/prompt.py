"""What an answer depends on, read out of any format's request. Pure."""

import math
from collections.abc import Mapping
from hashlib import sha256

import attrs

CHARS_PER_TOKEN = 4
_HEAVY = ("image", "image_url", "document", "file", "input_image", "input_file")
_IMAGE_CHARS = 340  # an image weighs as much as 85 tokens, whatever its bytes


@attrs.frozen(kw_only=True)
class Image:
    """An image or document of a message or a tool's result; ``data`` is None where only an address was given."""

    media_type: str
    data: bytes | None = None
    address: str = ""

    def __str__(self) -> str:
        """Name it so that a test can tell whether every byte arrived."""
        if self.data is None:
            return f"{self.media_type} at {self.address}"
        return f"{self.media_type} {len(self.data)} bytes sha256:{sha256(self.data).hexdigest()}"


@attrs.frozen(kw_only=True)
class Tool:
    """A tool that the request offers, with its JSON Schema; a ``raw`` one takes any text."""

    name: str
    schema: Mapping[str, object] = attrs.field(factory=dict)
    raw: bool = False


@attrs.frozen(kw_only=True)
class Prompt:
    """A request without its format.

    ``text`` is what the last user message says; ``turns`` counts the assistant's turns after it. ``results`` and
    ``result_images`` are what the tools gave back, if the request ends with that. ``forced`` is a tool's name, ``*`` for any,
    None for free.
    """

    text: str = ""
    turns: int = 0
    images: tuple[Image, ...] = ()
    results: tuple[str, ...] | None = None
    result_images: tuple[Image, ...] = ()
    tools: tuple[Tool, ...] = ()
    may_call: bool = True
    forced: str | None = None
    json_schema: Mapping[str, object] | None = None
    max_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    tokens: int = 1


def tokens_in(text: str) -> int:
    """Count *text* in tokens, by length: the same everywhere, and near enough."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def weigh(value: object) -> int:
    """Count the characters of all text in foreign JSON; images count the same whatever their size."""
    total = 0
    rest = [value]
    while rest:  # not recursive: JSON may be nested deeper than Python likes
        each = rest.pop()
        if isinstance(each, str):
            total += len(each)
        elif isinstance(each, list):
            rest.extend(each)
        elif isinstance(each, dict) and (each.get("type") in _HEAVY or {"mime_type", "data"} <= each.keys()):
            total += _IMAGE_CHARS
        elif isinstance(each, dict):
            rest.extend(each.values())
    return total
