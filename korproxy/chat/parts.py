"""What turns and answers are made of. Frozen and pure.

Every part knows where it stood in the client's request (``at``, a JSON pointer): what cannot be carried is reported by it.
Two parts that differ only in ``at`` are equal.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs


def _pointer() -> str:
    return attrs.field(default="", eq=False)


@attrs.frozen(kw_only=True)
class Seal:
    """A vendor's own mark on reasoning or on a tool call, which it wants back unchanged. Nobody else can read it.

    Messages: ``signature`` of a thinking block. Gemini: ``thoughtSignature`` of a part. Responses: ``encrypted_content``.

    Attributes:
        family: Whose it is: ``anthropic``, ``google``, ``openai``... (``Abilities.family``). Never sent to another one.
        data: As it came.
        at: Where it stands in a request; needed only where that is not ``signature`` of a part of reasoning.
    """

    family: str
    data: str = attrs.field(repr=False)
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class CacheMark:
    """A wish that everything up to here be cached. Messages: ``cache_control``; Chat: ``prompt_cache_breakpoint``."""

    ttl: str | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Blob:
    """Bytes, or where they are. Exactly one of ``data``, ``url`` and ``file`` is set.

    Attributes:
        media_type: For instance ``image/png``; empty where the client did not say and the bytes do not tell.
        data: Base64 in the standard alphabet.
        file: An id in the vendor's own store of files.
    """

    media_type: str = ""
    data: str | None = attrs.field(default=None, repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    file: str | None = None


@attrs.frozen(kw_only=True)
class Citation:
    """A page in the web that a text of an answer rests on.

    Chat and Responses: ``url_citation`` among the ``annotations``; Messages: ``web_search_result_location`` among the
    ``citations`` of a block; Gemini: ``web`` among the ``groundingChunks``.

    Attributes:
        title: Empty where the provider does not say it.
        quote: The words of the page, where the provider says them (Messages).
        start, end: Which characters of the text rest on it, the second one excluded. None: the provider does not say, and the
            whole text does.
    """

    url: str = attrs.field(repr=False)
    title: str = attrs.field(default="", repr=False)
    quote: str = attrs.field(default="", repr=False)
    start: int | None = None
    end: int | None = None


@attrs.frozen(kw_only=True)
class Text:
    """Plain text, of anybody. ``citations`` are in answers only, in their order."""

    text: str = attrs.field(repr=False)
    citations: tuple[Citation, ...] = attrs.field(default=(), repr=False)
    cache: CacheMark | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Image:
    """A picture. ``detail`` is Chat's ``auto``, ``low``, ``high`` or ``original``."""

    blob: Blob
    detail: str | None = None
    cache: CacheMark | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Document:
    """A PDF or a text as a file.

    Attributes:
        blob: The file; None where ``text`` is the document.
        title: Its name. Chat: ``filename``; Messages: ``title``.
    """

    blob: Blob | None = None
    text: str | None = attrs.field(default=None, repr=False)
    title: str | None = None
    context: str | None = attrs.field(default=None, repr=False)
    cache: CacheMark | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Audio:
    """Sound in a user's turn. ``blob.media_type`` is ``audio/wav`` or ``audio/mp3``."""

    blob: Blob
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Reasoning:
    """What a model thought, as far as its vendor shows it.

    Attributes:
        text: Empty where the vendor hides it.
        seal: None where it has none; then only vendors that take plain reasoning take it back.
        redacted: The seal is all there is. Messages: ``redacted_thinking``.
    """

    text: str = attrs.field(default="", repr=False)
    seal: Seal | None = None
    redacted: bool = False
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class Refusal:
    """The text with which a model refused. Chat: ``message.refusal``."""

    text: str = attrs.field(repr=False)
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class ToolCall:
    """A model wants a tool to be run.

    Attributes:
        id: As its maker wrote it; may hold characters that another vendor forbids, and may be empty in a stored history.
        arguments: JSON text exactly as it was written, or as a model mangled it; the bare text for a ``freeform`` tool.
        seal: Gemini's mark on the call.
    """

    id: str
    name: str
    arguments: str = attrs.field(default="{}", repr=False)
    freeform: bool = False
    seal: Seal | None = None
    cache: CacheMark | None = None
    at: str = _pointer()


@attrs.frozen(kw_only=True)
class ToolResult:
    """What a tool gave back. It stands in a user's turn.

    Attributes:
        call_id: ``ToolCall.id`` of the call it answers.
        name: The tool's name, where the format says it (Gemini does).
        parts: Text, images and documents; empty: the tool gave nothing.
        error: The tool failed, and the parts say how.
    """

    call_id: str
    name: str = ""
    parts: tuple[Text | Image | Document, ...] = ()
    error: bool = False
    cache: CacheMark | None = None
    at: str = _pointer()


Part: TypeAlias = Text | Image | Document | Audio | Reasoning | Refusal | ToolCall | ToolResult
