"""Parts, written as content blocks of a request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.messages_format.marks import Marks
from korproxy.builtin.dialects.messages_format.seals import signature_of

Block: TypeAlias = dict[str, Any]

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PDF = "application/pdf"
_TEXTS = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/javascript")


@attrs.frozen
class PartWriter:
    """Writes the parts of one request."""

    abilities: Abilities
    report: chat.Report = attrs.field(repr=False)
    marks: Marks = attrs.field(repr=False)

    def blocks(self, part: chat.Part) -> Iterator[Block]:
        """Yield the blocks of *part*: mostly one, none where it can be left out (reported).

        Raises:
            CannotCarry: Without it the request would mean something else.
        """
        match part:
            case chat.Text():
                yield self.marks.put({"type": "text", "text": part.text}, part.cache)
            case chat.Image():
                yield self._image(part)
            case chat.Document():
                yield self._document(part)
            case chat.ToolCall():
                yield self._call(part)
            case chat.ToolResult():
                yield self._result(part)
            case chat.Reasoning(seal=seal, redacted=True):
                yield {"type": "redacted_thinking", "data": signature_of(seal)}
            case chat.Reasoning(text=text, seal=seal):
                yield {"type": "thinking", "thinking": text, "signature": signature_of(seal)}
            case chat.Refusal(text=text):
                self.report.mapped(part.at, "as a text: Anthropic's API has no refusals in a conversation")
                yield {"type": "text", "text": text}
            case chat.Audio():
                raise chat.CannotCarry(part.at, "Anthropic's API takes no sound. Send the words as text.")

    def _image(self, part: chat.Image) -> Block:
        if part.detail not in {None, "auto"}:
            self.report.mapped(part.at, "without its level of detail, which Anthropic's API does not have")
        if not self.abilities.images:
            return self._unseen(part, "an image")
        blob = part.blob
        if blob.file is not None:
            raise chat.CannotCarry(part.at, _other_file("image"))
        if blob.data is None:
            return self.marks.put({"type": "image", "source": self._link(blob, part.at)}, part.cache)
        kind = self._sniffed(blob, part.at)
        if kind not in _IMAGES:
            what = f"Anthropic takes images as PNG, JPEG, GIF and WebP, not as {kind or 'a type that nobody named'}"
            raise chat.CannotCarry(part.at, f"{what}. Convert the image.")
        return self.marks.put({"type": "image", "source": _base64(kind, blob.data)}, part.cache)

    def _document(self, part: chat.Document) -> Block:
        blob = part.blob
        if blob is not None and blob.data is not None and self._sniffed(blob, part.at).startswith("image/"):
            return self._image(chat.Image(blob=blob, cache=part.cache, at=part.at))
        if not self.abilities.documents:
            return self._unseen(part, f"the document {part.title}" if part.title else "a document")
        block: Block = {"type": "document", "source": self._document_source(part)}
        if part.title is not None:
            block["title"] = part.title
        if part.context is not None:
            block["context"] = part.context
        return self.marks.put(block, part.cache)

    def _document_source(self, part: chat.Document) -> Block:
        blob = part.blob
        if blob is None:
            return _plain(part.text or "")
        if blob.file is not None:
            raise chat.CannotCarry(part.at, _other_file("document"))
        if blob.data is None:
            return {"type": "url", "url": blob.url}
        kind = self._sniffed(blob, part.at)
        if kind == _PDF:
            return _base64(_PDF, blob.data)
        text = _text_in(blob.data) if not kind or kind.startswith(_TEXTS) else None
        if text is None:
            what = f"Anthropic takes documents as PDF and as text, not as {kind or 'a type that nobody named'}"
            raise chat.CannotCarry(part.at, f"{what}. Convert the file.")
        self.report.mapped(part.at, "as the text that the file holds")
        return _plain(text)

    def _sniffed(self, blob: chat.Blob, at: str) -> str:
        """Return what the bytes are: Anthropic refuses a label that is wrong."""
        found = chat.sniffed(blob.media_type, blob.data or "")
        found = "image/jpeg" if found == "image/jpg" else found
        if blob.media_type and found != blob.media_type:
            self.report.mapped(at, f"as {found}, which is what the bytes are")
        return found

    def _link(self, blob: chat.Blob, at: str) -> Block:
        if not self.abilities.image_links:
            what = "this model takes no images by their address"
            raise chat.CannotCarry(at, f"{what}. Send the image itself, or set `fetch_images = true` at the provider.")
        return {"type": "url", "url": blob.url}

    def _unseen(self, part: chat.Image | chat.Document, what: str) -> Block:
        self.report.lost(part.at, "the model cannot see it; it is told that there was one")
        return self.marks.put({"type": "text", "text": f"[{what} that this model cannot see]"}, part.cache)

    def _call(self, part: chat.ToolCall) -> Block:
        arguments = chat.as_object(part.arguments, freeform=part.freeform)
        if part.freeform:
            self.report.mapped(part.at, "its text is the member `input` of an object")
        elif bytes(arguments) != part.arguments.encode("utf-8", "replace") and part.arguments.strip():
            self.report.mapped(part.at, "its arguments are no JSON object, and were made one")
        return self.marks.put({"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}, part.cache)

    def _result(self, part: chat.ToolResult) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": part.call_id}
        content = [each for inner in part.parts for each in self.blocks(inner)]
        if content:
            block["content"] = content
        if part.error:
            block["is_error"] = True
        return self.marks.put(block, part.cache)


def _base64(kind: str, data: str) -> Block:
    return {"type": "base64", "media_type": kind, "data": data}


def _plain(text: str) -> Block:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _text_in(data: str) -> str | None:
    try:
        text = base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return None if "\0" in text or not text.strip() else text


def _other_file(what: str) -> str:
    return f"the {what} is a file in another vendor's store, which Anthropic cannot open. Send the {what} itself."
