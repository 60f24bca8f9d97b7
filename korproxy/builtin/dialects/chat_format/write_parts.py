"""Parts, written as the content of a request's message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import attrs

from korproxy.api import Abilities, chat
from korproxy.builtin.dialects.chat_format.long_urls import data_url
from korproxy.builtin.dialects.chat_format.read_parts import plain_text

Piece: TypeAlias = dict[str, Any]

_SOUNDS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3"}
_CACHES = "servers of the OpenAI format cache by themselves"


@attrs.frozen
class PartWriter:
    """Writes the parts of one request."""

    abilities: Abilities
    report: chat.Report = attrs.field(repr=False)

    def content(self, parts: Iterable[chat.Part], *, between: str = "\n\n") -> str | list[Piece]:
        """Return *parts* as a message's ``content``.

        Text alone is one string: the lists that OpenAI takes as well are refused by some servers (DeepSeek's was one) and by
        many chat templates.

        Raises:
            CannotCarry: Something has no place here, and without it the request would mean something else.
        """
        pieces = [piece for part in parts for piece in self.pieces(part)]
        if all(each["type"] == "text" for each in pieces):
            return between.join(each["text"] for each in pieces)
        return pieces

    def pieces(self, part: chat.Part) -> Sequence[Piece]:
        """Return *part* as parts of a ``content``: one, or none where there is nothing to say."""
        if not isinstance(part, (chat.Audio, chat.Reasoning, chat.Refusal)):
            self.forget_mark(part.cache)
        match part:
            case chat.Text(text=text) | chat.Refusal(text=text):
                return [_text(text)] if text else []
            case chat.Image():
                return [self._image(part)]
            case chat.Document():
                return self._document(part)
            case chat.Audio():
                return [self._audio(part)]
            case _:
                self.report.lost(part.at, "has no place in this message")
                return []

    def forget_mark(self, mark: chat.CacheMark | None) -> None:
        """Report that *mark* is not sent."""
        if mark is not None:
            self.report.lost(mark.at, _CACHES)

    def _image(self, part: chat.Image) -> Piece:
        if not self.abilities.images:
            return self._unseen(part, "an image")
        if part.blob.file is not None:
            raise chat.CannotCarry(part.at, _other_file("image"))
        if part.blob.url is not None and not self.abilities.image_links:
            what = "this model takes no images by their address"
            raise chat.CannotCarry(part.at, f"{what}. Send the image itself, or set `fetch_images = true` at the provider.")
        image = {"url": data_url(part.blob)}
        return {"type": "image_url", "image_url": image if part.detail is None else {**image, "detail": part.detail}}

    def _document(self, part: chat.Document) -> Sequence[Piece]:
        blob = part.blob
        text = part.text if blob is None else plain_text(blob)
        if text is not None:
            self.report.mapped(part.at, "as text")
            return [_text(_framed(part, text))]
        if blob is None or not self.abilities.documents:
            return [self._unseen(part, f"the document {part.title}" if part.title else "a document")]
        if blob.file is not None:
            return [self._own_file(blob.file, part)]
        if blob.url is not None:
            raise chat.CannotCarry(part.at, "the OpenAI format takes no documents by their address. Send the document itself.")
        if blob.media_type.startswith("image/"):
            return [self._image(chat.Image(blob=blob, at=part.at))]
        # OpenAI wants a name with every file.
        file = {"filename": part.title or "document.pdf", "file_data": data_url(blob)}
        about = [_text(part.context)] if part.context else []
        return [*about, {"type": "file", "file": file}]

    def _own_file(self, file: str, part: chat.Document) -> Piece:
        """Return a document that lies in OpenAI's own store, whose ids begin with ``file-``."""
        if self.abilities.family != "openai" or not file.startswith("file-"):
            raise chat.CannotCarry(part.at, _other_file("document"))
        if part.title is not None or part.context is not None:
            self.report.mapped(part.at, "without what is said about it: the file has a name of its own")
        return {"type": "file", "file": {"file_id": file}}

    def _audio(self, part: chat.Audio) -> Piece:
        kind = _SOUNDS.get(part.blob.media_type)
        if not self.abilities.audio:
            raise chat.CannotCarry(part.at, "this model takes no sound. Send the words as text.")
        if kind is None or part.blob.data is None:
            what = f"the OpenAI format takes sound as WAV and MP3, not as {part.blob.media_type or 'an address'}"
            raise chat.CannotCarry(part.at, f"{what}. Convert it.")
        return {"type": "input_audio", "input_audio": {"data": part.blob.data, "format": kind}}

    def _unseen(self, part: chat.Image | chat.Document, what: str) -> Piece:
        self.report.lost(part.at, "the model cannot see it; it is told that there was one")
        return _text(f"[{what} that this model cannot see]")


def _text(text: str) -> Piece:
    return {"type": "text", "text": text}


def _framed(part: chat.Document, text: str) -> str:
    """Return the *text* of a document so that its beginning and its end show."""
    title = f' title="{part.title}"' if part.title else ""
    about = f"{part.context}\n" if part.context else ""
    return f"{about}<document{title}>\n{text}\n</document>"


def _other_file(what: str) -> str:
    return f"the {what} is in another vendor's store of files. Send the {what} itself."
