"""Pictures, files and sound as Gemini's parts. Nothing is fetched here."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from korproxy.api import Abilities, chat

Json = dict[str, Any]
Media = chat.Image | chat.Document | chat.Audio

# What Google reads from where it lies, whatever the model can fetch: its own stores of files, and films.
_GOOGLES = ("gs://", "https://generativelanguage.googleapis.com/", "https://www.youtube.com/", "https://youtu.be/")
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
}


def media_parts(part: Media, abilities: Abilities, report: chat.Report) -> Iterator[Json]:
    """Yield the parts for *part*; a document's name and its text go as texts.

    Raises:
        CannotCarry: The model takes nothing of this kind, or not from where it lies.
    """
    match part:
        case chat.Image(blob=blob, detail=detail):
            if detail not in {None, "auto"}:
                report.mapped(part.at, "without its level of detail: Gemini has one resolution for a whole request")
            drawing = _drawing(blob)
            if drawing is not None:
                report.mapped(part.at, "is a drawing that Gemini does not take: its text is sent")
                yield {"text": drawing}
            else:
                yield _blob(blob, "image", part.at, taken=abilities.images, links=abilities.image_links)
        case chat.Audio(blob=blob):
            yield _blob(blob, "audio", part.at, taken=abilities.audio, links=abilities.image_links)
        case chat.Document():
            about = [each for each in (part.title and f"[file: {part.title}]", part.context) if each]
            if about:
                report.mapped(part.at, "the file's name and what is said about it go in front of it as a text")
            yield from ({"text": each} for each in about)
            if part.text:
                yield {"text": part.text}
            if part.blob is not None:
                yield _blob(part.blob, "document", part.at, taken=abilities.documents, links=abilities.image_links)
    if not isinstance(part, chat.Audio) and part.cache is not None:
        lose_mark(part.cache, report)


def lose_mark(mark: chat.CacheMark, report: chat.Report) -> None:
    """Report that Gemini has no marks for its cache."""
    report.lost(mark.at, "Gemini caches by itself and takes no marks")


def _blob(blob: chat.Blob, kind: str, at: str, *, taken: bool, links: bool) -> Json:
    if not taken:
        raise chat.CannotCarry(at, f"The model takes no {kind}. Take it out, or choose another model.")
    if blob.data is not None:
        return {"inlineData": {"mimeType": chat.sniffed(blob.media_type, blob.data) or _usual(kind), "data": blob.data}}
    where = blob.url or blob.file or ""
    if where.startswith(_GOOGLES) or (links and blob.url):
        return {"fileData": {"mimeType": blob.media_type or _type_of(where) or _usual(kind), "fileUri": where}}
    if blob.url:
        text = f"This {kind} is only linked to, and the model cannot fetch it. Send it as base64"
        ours = ", or set `fetch_images = true` for this provider" if kind == "image" else ""
        raise chat.CannotCarry(at, f"{text}{ours}.")
    raise chat.CannotCarry(at, f"The {kind} lies in another vendor's store of files. Send it as base64.")


def _drawing(blob: chat.Blob) -> str | None:
    """Return the text that an SVG is; None where *blob* is none."""
    if blob.data is None or not blob.media_type.startswith("image/svg"):
        return None
    try:
        return base64.b64decode(blob.data).decode() or None
    except ValueError:
        return None


def _type_of(address: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return _TYPES.get(PurePosixPath(path).suffix.lower(), "")


def _usual(kind: str) -> str:
    return {"image": "image/jpeg", "audio": "audio/wav"}.get(kind, "application/pdf")
