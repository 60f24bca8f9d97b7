"""What messages and results hold, read.

Facts: ``ResponseInputContentParam``, ``ResponseOutputTextParam`` and ``ResponseOutputRefusalParam`` of OpenAI's Python SDK
3.54.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from korproxy.api import chat
from korproxy.builtin.dialects.chat_format.read_parts import document_of, read_audio, read_cache_mark


def read_content(holder: chat.Fields, key: str = "content") -> Iterator[chat.Part]:
    """Yield what *key* of *holder* holds: a text, or a list of parts. Empty texts are nothing.

    Raises:
        CannotCarry: A part is of a kind that no other format has.
    """
    said = holder.get(key)
    if isinstance(said, str):
        if said:
            yield chat.Text(text=said, at=holder.pointer(key))
    elif isinstance(said, list):
        for part in holder.tables(key):
            found = _part(part)
            part.close()
            if found is not None:
                yield found
    else:
        holder.lost(key, "is neither a text nor a list")


def _part(part: chat.Fields) -> chat.Part | None:
    match part.text("type") or ("input_text" if "text" in part.value else ""):
        case "input_text" | "output_text" | "text":
            return _text(part)
        case "input_image":
            return _image(part)
        case "input_file":
            return _file(part)
        case "input_audio":
            return read_audio(part)
        case "refusal":
            text = part.text("refusal")
            return chat.Refusal(text=text, at=part.at) if text else None
        case kind:
            # Left out, it would be missed: the rest of the message speaks of it.
            raise chat.CannotCarry(part.at, f"no other format has parts of the kind {kind!r}. Leave it out, or send text.")


def _text(part: chat.Fields) -> chat.Text | None:
    for key, why in (("annotations", "no other format has them in a request"), ("logprobs", "no other format has them")):
        if part.get(key):
            part.lost(key, why)
    text = part.text("text")
    return chat.Text(text=text, cache=read_cache_mark(part), at=part.at) if text else None


def _image(part: chat.Fields) -> chat.Image | None:
    url, file = part.text("image_url"), part.text("file_id")
    about: dict[str, Any] = {"detail": part.text("detail"), "cache": read_cache_mark(part), "at": part.at}
    if url:
        if file:
            part.lost("file_id", "the image itself is sent")
        return chat.Image(blob=chat.blob_of_url(url), **about)
    if file:
        return chat.Image(blob=chat.Blob(file=file), **about)
    part.report.lost(part.at, "is an image without an address")
    return None


def _file(part: chat.Fields) -> chat.Document | None:
    """Return the document in *part*: of its content, its address and its id the first one that is there counts."""
    part.lost("detail", "no other format has levels of detail for documents")
    title = part.text("filename")
    about: dict[str, Any] = {"title": title, "cache": read_cache_mark(part), "at": part.at}
    said = [(key, value) for key in ("file_data", "file_url", "file_id") if (value := part.text(key))]
    if not said:
        part.report.lost(part.at, "is a file without content")
        return None
    for key, _ in said[1:]:
        part.lost(key, f"{said[0][0]} goes first")
    match said[0]:
        case "file_data", data:
            return document_of(data, title or "", about)
        case "file_url", url:
            return chat.Document(blob=chat.blob_of_url(url), **about)
        case _, file:
            return chat.Document(blob=chat.Blob(file=file), **about)
