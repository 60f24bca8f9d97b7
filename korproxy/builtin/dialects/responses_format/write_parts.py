"""Parts of turns, written as parts of messages and of results.

Facts: ``ResponseInputContentParam`` of OpenAI's Python SDK 3.54; of its ids of files OpenAI's begin with ``file-``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.long_urls import data_url
from korproxy.builtin.dialects.chat_format.read_parts import plain_text

Piece: TypeAlias = dict[str, Any]


@attrs.frozen
class PartWriter:
    """Writes the parts of one request."""

    abilities: Abilities
    report: chat.Report = attrs.field(repr=False)

    def pieces(self, part: chat.Part) -> Sequence[Piece]:
        """Return *part*, of the user or of a tool, as parts of a message: one, or none where there is nothing to say.

        Raises:
            CannotCarry: It has no place here, and without it the request would mean something else.
        """
        if not isinstance(part, (chat.Audio, chat.Reasoning, chat.Refusal)):
            self.forget_mark(part.cache)
        match part:
            case chat.Text(text=text) | chat.Refusal(text=text):
                return [input_text(text)] if text else []
            case chat.Image():
                return [self._image(part)]
            case chat.Document():
                return self._document(part)
            case chat.Audio():
                raise chat.CannotCarry(part.at, "OpenAI's Responses API takes no sound. Send the words as text.")
            case _:
                self.report.lost(part.at, "has no place in this message")
                return []

    def forget_mark(self, mark: chat.CacheMark | None) -> None:
        """Report that *mark* is not sent."""
        if mark is not None:
            self.report.lost(mark.at, "servers of the OpenAI format cache by themselves")

    def _image(self, part: chat.Image) -> Piece:
        if not self.abilities.images:
            return self._unseen(part, "an image")
        detail = {} if part.detail is None else {"detail": part.detail}
        if part.blob.file is not None:
            return {"type": "input_image", "file_id": self._own_file(part.blob.file, "image", part.at), **detail}
        if part.blob.url is not None and not self.abilities.image_links:
            what = "this model takes no images by their address"
            raise chat.CannotCarry(part.at, f"{what}. Send the image itself, or set `fetch_images = true` at the provider.")
        return {"type": "input_image", "image_url": data_url(part.blob), **detail}

    def _document(self, part: chat.Document) -> Sequence[Piece]:
        blob = part.blob
        text = part.text if blob is None else plain_text(blob)
        if text is not None:
            self.report.mapped(part.at, "as text")
            return [input_text(_framed(part, text))]
        if blob is None or not self.abilities.documents:
            return [self._unseen(part, f"the document {part.title}" if part.title else "a document")]
        if blob.media_type.startswith("image/"):
            return [self._image(chat.Image(blob=blob, at=part.at))]
        about = [input_text(part.context)] if part.context else []
        return [*about, {"type": "input_file", **self._file(blob, part)}]

    def _file(self, blob: chat.Blob, part: chat.Document) -> Piece:
        if blob.file is not None:
            if part.title is not None:
                self.report.mapped(part.at, "under the name that it has in OpenAI's store")
            return {"file_id": self._own_file(blob.file, "document", part.at)}
        title = {} if part.title is None else {"filename": part.title}
        if blob.url is not None:
            return {"file_url": blob.url, **title}
        # OpenAI wants a name with every file.
        return {"filename": "document.pdf", **title, "file_data": data_url(blob)}

    def _own_file(self, file: str, what: str, at: str) -> str:
        if self.abilities.family != "openai" or not file.startswith("file-"):
            raise chat.CannotCarry(at, f"the {what} is in another vendor's store of files. Send the {what} itself.")
        return file

    def _unseen(self, part: chat.Image | chat.Document, what: str) -> Piece:
        self.report.lost(part.at, "the model cannot see it; it is told that there was one")
        return input_text(f"[{what} that this model cannot see]")


def input_text(text: str) -> Piece:
    """Return *text* as a part of a message of anybody but the model."""
    return {"type": "input_text", "text": text}


def _framed(part: chat.Document, text: str) -> str:
    """Return the *text* of a document so that its beginning and its end show."""
    title = f' title="{part.title}"' if part.title else ""
    about = f"{part.context}\n" if part.context else ""
    return f"{about}<document{title}>\n{text}\n</document>"
