"""Parts of a message's content, read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from korproxy.api import chat

_SOUNDS = {"wav": "audio/wav", "mp3": "audio/mp3"}
_CONTENT = ("text", "image_url", "input_audio", "file", "refusal", "thinking")


def read_content(message: chat.Fields) -> Iterator[chat.Part]:
    """Yield what ``content`` of *message* holds: a text, or a list of parts. Empty texts are nothing."""
    content = message.get("content")
    if isinstance(content, str):
        if content:
            yield chat.Text(text=content, at=message.pointer("content"))
    elif isinstance(content, list):
        for part in message.tables("content"):
            found = _part(part)
            part.close()
            if found is not None:
                yield found
    else:
        message.lost("content", "is neither a text nor a list")


def _part(part: chat.Fields) -> chat.Part | None:
    match part.text("type") or next((each for each in _CONTENT if each in part.value), ""):
        case "text" | "input_text" | "output_text":
            text = part.text("text")
            return chat.Text(text=text, cache=read_cache_mark(part), at=part.at) if text else None
        case "image_url":
            return _image(part)
        case "input_audio":
            return read_audio(part)
        case "file":
            return _file(part)
        case "refusal":
            text = part.text("refusal")
            return chat.Refusal(text=text, at=part.at) if text else None
        case "thinking":  # Mistral
            return chat.Reasoning(text=thinking_text(part.get("thinking")), at=part.at)
        case kind:
            # Left out, it would be missed: the rest of the message speaks of it.
            raise chat.CannotCarry(part.at, f"no other format has parts of the kind {kind!r}. Leave it out, or send text.")


def thinking_text(said: object) -> str:
    """Return the text of Mistral's ``thinking``: a text, or a list of text parts."""
    if isinstance(said, list):
        return "".join(thinking_text(each.get("text")) for each in said if isinstance(each, dict))
    return said if isinstance(said, str) else ""


def read_cache_mark(holder: chat.Fields) -> chat.CacheMark | None:
    """Return the mark at *holder*: OpenAI's, or Anthropic's, which OpenRouter, LiteLLM and Qwen take as well."""
    for key, word, only in (("prompt_cache_breakpoint", "mode", "explicit"), ("cache_control", "type", "ephemeral")):
        mark = holder.table(key)
        if mark is None:
            continue
        kind, ttl = mark.text(word), mark.text("ttl")
        mark.close()
        if kind in {None, only}:
            return chat.CacheMark(ttl=ttl, at=mark.at)
        mark.report.lost(mark.at, "is a kind of mark that KorProxy does not know")
    return None


def _image(part: chat.Fields) -> chat.Part | None:
    # The address alone in place of the object is an error of some clients, and means the same.
    inner = part.table("image_url") if isinstance(part.get("image_url"), dict) else None
    url = inner.text("url") if inner is not None else part.text("image_url")
    detail = inner.text("detail") if inner is not None else None
    if inner is not None:
        inner.close()
    if not url:
        part.report.lost(part.at, "is an image without an address")
        return None
    cache = read_cache_mark(part)
    return chat.Image(blob=chat.blob_of_url(url), detail=detail, cache=cache, at=part.at)


def read_audio(part: chat.Fields) -> chat.Part | None:
    """Return the sound in *part*, whose ``input_audio`` holds it; None (reported) where there is none."""
    inner = part.table("input_audio")
    data = inner.text("data") if inner is not None else None
    if inner is None or not data:
        part.report.lost(part.at, "is sound without data")
        return None
    form = inner.text("format") or "wav"
    inner.close()
    part.lost("prompt_cache_breakpoint", "no other format has cache marks on sound")
    return chat.Audio(blob=chat.Blob(media_type=_SOUNDS.get(form, f"audio/{form}"), data=data), at=part.at)


def _file(part: chat.Fields) -> chat.Part | None:
    inner = part.table("file")
    if inner is None:
        part.report.lost(part.at, "is a file without content")
        return None
    data, file, title = inner.text("file_data"), inner.text("file_id"), inner.text("filename")
    inner.close()
    about: dict[str, Any] = {"title": title, "cache": read_cache_mark(part), "at": part.at}
    if data:
        if file:
            inner.lost("file_id", "the file itself is sent")
        return document_of(data, title or "", about)
    if file:
        return chat.Document(blob=chat.Blob(file=file), **about)
    part.report.lost(part.at, "is a file without content")
    return None


def document_of(data: str, title: str, about: dict[str, Any]) -> chat.Document:
    """Return a document of *data*: a data URL, an address, or bare base64. Plain text becomes text: all formats take that."""
    is_url = data[:5].lower() == "data:" or data[:8].lower().startswith(("http://", "https://"))
    blob = chat.blob_of_url(data if is_url else f"data:{_type_of(title)};base64,{data}")
    text = plain_text(blob)
    return chat.Document(blob=blob, **about) if text is None else chat.Document(text=text, **about)


def plain_text(blob: chat.Blob) -> str | None:
    """Return the text that *blob* is a file of; None where it is no text in UTF-8."""
    if blob.data is None or not blob.media_type.startswith("text/"):
        return None
    try:
        return base64.b64decode(blob.data).decode()
    except (binascii.Error, ValueError):
        return None


def _type_of(title: str) -> str:
    endings = {"pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html"}
    return endings.get(title.rpartition(".")[2].lower(), "")
